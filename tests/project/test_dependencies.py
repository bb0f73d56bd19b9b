"""Dependencies: each with a reason and an allowed licence, none unused, none unnamed, extras out of reach."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from email.message import Message
from importlib import metadata
from pathlib import Path

import pytest

from tools import write_dependencies as page

ALLOWED = ("MIT", "BSD-3-Clause", "Apache-2.0", "Apache-2.0 WITH LLVM-exception")


class Package(metadata.Distribution):
    """A distribution that says what a test wants."""

    def __init__(self, **fields: str) -> None:
        self.fields = fields

    def read_text(self, filename: str) -> str | None:
        about = Message()
        about["Name"] = "other"
        for name, value in self.fields.items():
            about[name.replace("_", "-")] = value
        return about.as_string() if filename == "METADATA" else None

    def locate_file(self, path: object) -> Path:
        return Path(str(path))


@pytest.mark.slow
def test_every_dependency_has_a_reason_a_use_and_an_allowed_licence() -> None:
    assert page.problems() == []


@pytest.mark.slow
def test_the_page_is_up_to_date() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.page()


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("MIT", []),
        ("MIT AND BSD-3-Clause", []),
        ("GPL-3.0-only OR MIT", []),
        ("(MIT OR GPL-2.0-only) AND Apache-2.0 WITH LLVM-exception", []),
        ("GPL-3.0-only", ["GPL-3.0-only"]),
        ("MIT AND LGPL-3.0-or-later", ["LGPL-3.0-or-later"]),
        ("Apache-2.0 WITH other-exception", ["Apache-2.0 WITH other-exception"]),
        ("", ["no licence named"]),
    ],
)
def test_licences_are_read_part_by_part(expression: str, wrong: list[str]) -> None:
    assert page.refused(expression, ALLOWED) == wrong


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"License_Expression": "MIT", "License": "GPL"}, "MIT"),
        ({"License": "New BSD"}, "BSD-3-Clause"),
        ({"License": "The text of some licence\n\nwith clauses"}, ""),
        ({"License": "UNKNOWN"}, "UNKNOWN"),
        ({"Classifier": "License :: OSI Approved :: MIT License"}, "MIT"),
        ({"Classifier": "Programming Language :: Python"}, ""),
        ({}, ""),
    ],
)
def test_a_licence_is_what_a_package_names(fields: dict[str, str], expected: str) -> None:
    written = {"New BSD": "BSD-3-Clause", "MIT License": "MIT"}
    found = page.licence_of(Package(**fields), written, {})
    assert found == expected
    assert bool(page.refused(found, ALLOWED)) == (expected in {"", "UNKNOWN"})


#: Runs what is given with some packages out of reach, as if they were not installed.
BLOCKED = """
import sys
from importlib.machinery import PathFinder
blocked = set(sys.argv.pop(1).split(","))
class WithoutThem(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in blocked else PathFinder.find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(PathFinder)] = WithoutThem
"""

HELP = """
import importlib, pkgutil
import actuary
from typer.main import get_command
from typer.testing import CliRunner
from actuary.cli import app

for name in actuary.__all__:
    getattr(actuary, name)

def verbs(command, words=()):
    yield words
    for name, inner in getattr(command, "commands", {}).items():
        yield from verbs(inner, (*words, name))

asked = list(verbs(get_command(app)))
for words in asked:
    done = CliRunner().invoke(app, [*words, "--help"])
    assert done.exit_code == 0, (words, done.output)
for module in pkgutil.walk_packages(actuary.__path__, "actuary."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
loaded = blocked & {name.partition(".")[0] for name in sys.modules}
assert not loaded, loaded
print(len(asked))
"""


def optional_modules(root: Path) -> set[str]:
    """Return the top modules of every package that only an extra brings."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = page.closure(page.declared()[0])
    extras = {page.canonicalize_name(one.name) for ones in page.declared()[1].values() for one in ones} - {
        page.canonicalize_name(project["name"])
    }
    only = set(page.closure([one for ones in page.declared()[1].values() for one in ones])) - set(needed)
    assert extras <= only | set(needed)
    return {
        module
        for module, names in metadata.packages_distributions().items()
        if {page.canonicalize_name(name) for name in names} <= only and not module.startswith("_")
    }


@pytest.mark.slow
def test_everything_imports_and_every_verb_helps_without_the_extras(root: Path) -> None:
    blocked = optional_modules(root)
    assert {"distributed", "sphinx", "atheris", "hypothesis", "duckdb"} <= blocked
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED + HELP, ",".join(blocked)], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) > 40


@pytest.mark.slow
def test_a_missing_extra_is_named(root: Path, tmp_path: Path) -> None:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    (tmp_path / "cases").mkdir()
    texts = {name: ["1"] for name in ("case_id", "dx", "px", "sex")}
    numbers = {name: [1] for name in ("age_days", "age_years", "birth_weight_g")}
    pq.write_table(pa.table({**texts, **numbers}), tmp_path / "cases" / "a.parquet")
    code = BLOCKED + "from actuary.cli import app; app()"
    words = ["group", "cases", "--engine", "distributed", "--scheduler", "tcp://127.0.0.1:1", "--out", "out"]
    done = subprocess.run(
        [sys.executable, "-c", code, "distributed,dask", *words],
        cwd=tmp_path,
        env={"PYTHONPATH": str(root), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "actuary[distributed]" in done.stderr
    assert "Traceback" not in done.stderr
