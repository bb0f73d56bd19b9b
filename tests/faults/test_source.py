"""Every place of the package that writes is known: it goes through `actuary.durable`, or says here why it need not."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

#: Calls that make, change or remove a file, by their last name.
WRITES = {
    *("write_bytes", "write_text", "to_csv", "to_parquet", "to_excel", "to_feather", "to_netcdf", "to_zarr", "to_json"),
    *("write_table", "write_csv", "write_dataset", "write_feather", "ParquetWriter", "OSFile", "FileSystemDataset"),
    *("savefig", "savez", "savez_compressed", "save", "tofile", "savetxt", "Workbook", "ZipFile", "dump"),
    *("mkdir", "makedirs", "touch", "unlink", "rmdir", "rmtree", "copytree", "copyfile", "copy", "copy2", "move"),
    *("symlink_to", "hardlink_to", "link", "symlink", "rename", "remove", "removedirs", "truncate", "ftruncate"),
    *("mkdtemp", "mkstemp", "TemporaryDirectory", "NamedTemporaryFile", "TemporaryFile", "connect", "memmap"),
    *("pwrite", "writev", "sendfile", "output_stream", "extractall", "urlretrieve"),
}
#: Last names that mean something else unless these words stand before them.
ONLY_OF = {
    "save": {"np", "numpy"},
    "copy": {"shutil"},
    "move": {"shutil"},
    "link": {"os"},
    "symlink": {"os"},
    "remove": {"os"},
    "connect": {"sqlite3"},
    "dump": {"json", "pickle", "marshal"},
    "Workbook": {"xlsxwriter", "openpyxl"},
    "truncate": {"file", "stream", "os"},
}
#: Calls that return their text where they are given no place.
TEXT_WITHOUT_PLACE = {"to_csv", "to_json", "to_excel", "to_parquet"}

STAGED = "writes into a folder that staged_output gave it: whole with the folder"
WHOLE = "writes into the file that written_whole gave it"
MEMORY = "writes into memory; the bytes go to replace_file, a staged folder or a cache"
TEMPORARY = "a folder of its own for temporary files, removed afterwards; nothing reads it as a result"
PLACE = "makes the folder or tidies up; the file is replace_file's or written_whole's"
LEDGER = "SQLite's own transactions: tests/faults/test_ledger.py"

DECLARED: dict[tuple[str, str], str] = {
    ("alerts/audit/files.py", "_write_manifest"): STAGED,
    ("alerts/audit/files.py", "write_estimate"): STAGED,
    ("alerts/audit/files.py", "write_sampling"): STAGED,
    ("alerts/ledger/attachments.py", "store_attachment"): PLACE,
    ("alerts/ledger/store.py", "_connect"): LEDGER,
    ("alerts/ledger/store.py", "_create"): LEDGER,
    ("alerts/outlook_draws.py", "store_outlook"): MEMORY,
    ("alerts/sheets.py", "xlsx_bytes"): MEMORY,
    ("cli/case_indicators.py", "_kept_beside"): TEMPORARY,
    ("cli/check.py", "_write_tables"): MEMORY,
    ("cli/personal.py", "replace"): PLACE,
    ("cli/lab.py", "own_kernel"): TEMPORARY,
    ("cli/lab.py", "seed_notebooks"): PLACE,
    ("drg/group_files.py", "__call__"): WHOLE,
    ("drg/group_files.py", "_write_csv"): WHOLE,
    ("drg/group_files.py", "_writer"): WHOLE,
    ("drg/scheme.py", "import_scheme"): STAGED,
    ("forecast/kept_draws.py", "store_kept"): MEMORY,
    ("forecast/posterior_cache.py", "store_posterior"): MEMORY,
    ("forecast/result.py", "csv_bytes"): MEMORY,
    ("fund/model/city_folder.py", "_copy"): TEMPORARY,
    ("fund/model/city_folder.py", "open_city_folder"): TEMPORARY,
    ("fund/model/face.py", "_borrow_basis"): TEMPORARY,
    ("fund/model/sensitivity.py", "run_sensitivity"): TEMPORARY,
    ("payment/clearing_files.py", "write_clearing"): STAGED,
    ("payment/comparison_files.py", "_write_json"): STAGED,
    ("payment/comparison_files.py", "write_comparison"): STAGED,
    ("payment/policy_copy.py", "write_policy_copy"): STAGED,
    ("payment/policy_schema.py", "write_payment_schema"): PLACE,
    ("payment/settlement_files.py", "_write_csv"): STAGED,
    ("payment/settlement_files.py", "_write_manifest"): STAGED,
    ("payment/settlement_files.py", "write_settled_cases"): STAGED,
    ("payment/settlement_files.py", "write_settlement_tables"): STAGED,
    ("payment/weight_files.py", "write_computed_policy"): "a policy is tried out in a folder that is removed",
    ("policy/schema.py", "write_schemas"): PLACE,
    ("report/fan.py", "fan_png"): MEMORY,
    ("report/figures.py", "_to_svg"): MEMORY,
    ("report/notebook.py", "execute_notebook"): TEMPORARY,
    ("report/panels/fund.py", "__init__"): TEMPORARY,
    ("report/panels/fund.py", "run"): TEMPORARY,
    ("report/panels/fund.py", "save"): STAGED,
    ("report/panels/payment.py", "save"): STAGED,
    ("report/panels/thresholds.py", "save"): STAGED,
    ("report/render_excel.py", "render_excel"): MEMORY,
    ("report/word_package.py", "pack_document"): MEMORY,
    ("tables/personal_files.py", "_write"): WHOLE,
    ("workflow/anomalies.py", "write_findings"): STAGED,
    ("workflow/publication.py", "publish_settlement"): STAGED,
    ("workflow/cities.py", "init_city"): STAGED,
    ("workflow/cities.py", "project_model_files"): STAGED,
    ("workflow/credit.py", "write_credit"): STAGED,
    ("workflow/fund_forecast.py", "write_fund_forecast"): STAGED,
    ("workflow/manifest.py", "write_manifest"): STAGED,
    ("workflow/populations.py", "project_population_files"): STAGED,
    ("workflow/quarterly.py", "_build"): STAGED,
    ("workflow/several.py", "_pages"): PLACE,
    ("workflow/synthetic.py", "_write_policy"): STAGED,
    ("workflow/synthetic.py", "write_synthetic_city"): STAGED,
}


#: Packages that keep their work in a journal of their own: each part is staged, sealed by checksums and renamed.
JOURNALS = ("workflow/bulk/",)


def _opens_to_write(call: ast.Call) -> bool:
    modes: list[ast.expr] = [word.value for word in call.keywords if word.arg == "mode"]
    of_a_path = isinstance(call.func, ast.Attribute) and call.func.attr == "open"
    modes += call.args[:1] if of_a_path else call.args[1:2]
    return any(isinstance(mode, ast.Constant) and set(str(mode.value)) & set("wax+") for mode in modes)


def _takes_a_place(call: ast.Call, before: str) -> bool:
    """Tell `replace` and `rename` of a path from those of texts, dataclasses and frames."""
    if not before or len(call.args) != 1 or call.keywords:
        return False
    return not isinstance(call.args[0], ast.Constant | ast.JoinedStr)


def _writes(call: ast.Call) -> bool:
    before = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    special = {
        "open": lambda: before == "os" or _opens_to_write(call),
        "fdopen": lambda: _opens_to_write(call),
        "ZipFile": lambda: _opens_to_write(call),
        "replace": lambda: _takes_a_place(call, before),
        "rename": lambda: _takes_a_place(call, before),
        "write_table": lambda: bool(before),  # that of the terminal has no name before it, and calls replace_file
        **dict.fromkeys(TEXT_WITHOUT_PLACE, lambda: bool(call.args)),
    }
    if name in special:
        return special[name]()
    return name in WRITES and (name not in ONLY_OF or before in ONLY_OF[name])


def writers(tree: ast.AST, function: str = "") -> Iterator[tuple[str, str, int]]:
    """Yield function, call and line of everything in a module that writes."""
    for node in ast.iter_child_nodes(tree):
        inner = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else function
        if isinstance(node, ast.Call) and _writes(node):
            yield function, ast.unparse(node)[:80], node.lineno
        yield from writers(node, inner)


def test_every_writer_is_known(root: Path) -> None:
    package = root / "actuary"
    found = defaultdict(list)
    for path in sorted(package.rglob("*.py")):
        module = path.relative_to(package).as_posix()
        if not module.startswith(("durable/", *JOURNALS)):
            for function, call, line in writers(ast.parse(path.read_text(encoding="utf-8"))):
                found[module, function].append(f"line {line}: {call}")
    new = [
        f"{module}, {function}: {calls[0]}"
        for (module, function), calls in found.items()
        if (module, function) not in DECLARED
    ]
    assert not new, "write through actuary.durable, or declare here why not:\n" + "\n".join(new)
    assert not set(DECLARED) - set(found), "declared, but writes nothing any more"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("path.open('wb')", True),
        ("open(place, mode='a')", True),
        ("path.open()", False),
        ("text.replace('a', 'b')", False),
        ("part.replace(place)", True),
        ("frame.to_csv(index=False)", False),
        ("frame.to_csv(place)", True),
        ("os.open(place, flags)", True),
        ("frame.copy()", False),
        ("shutil.copy(a, b)", True),
        ("ZipFile(place)", False),
        ("zipfile.ZipFile(place, 'w')", True),
    ],
)
def test_what_writes_is_recognised(source: str, *, expected: bool) -> None:
    assert bool(list(writers(ast.parse(source)))) == expected


def test_loops_are_compiled_through_the_checked_cache(root: Path) -> None:
    for path in sorted((root / "actuary").rglob("*.py")):
        if path.name not in {"jit.py", "compiled_cache.py"}:
            lines = path.read_text(encoding="utf-8").splitlines()
            assert "import numba" not in lines, f"{path.name}: take njit of actuary.kernels.jit"
