"""The pages and the reference: links lead somewhere, every public name is documented in full."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

import actuary

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.MULTILINE | re.DOTALL)


def _prose(page: Path) -> str:
    return re.sub(r"`[^`\n]*`", "`", _FENCED.sub("", page.read_text(encoding="utf-8")))


def _pages(root: Path) -> list[Path]:
    places = ("*.md", "docs/**/*.md", "models/**/*.md", "data/**/*.md")
    return sorted({page for place in places for page in root.glob(place)})


def _anchors(page: Path) -> set[str]:
    """Return the names under which the headings of a page can be linked to."""
    headings = re.findall(r"^#+ (.+)$", _FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_every_link_between_pages_leads_somewhere(root: Path) -> None:
    wrong, seen = [], 0
    for page in _pages(root):
        for target in _LINK.findall(_prose(page)):
            name, _, anchor = target.partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            seen += 1
            found = page if not name else root / name[1:] if name.startswith("/") else page.parent / name
            if not found.exists() or (anchor and anchor not in _anchors(found)):
                wrong.append(f"{page.relative_to(root)}: {target}")
    assert wrong == []
    assert seen > 50


def test_every_public_name_stands_once_in_the_reference(root: Path) -> None:
    page = (root / "docs" / "reference.md").read_text(encoding="utf-8")
    listed = re.findall(r"^   (\w+)$", page, re.MULTILINE)
    # The package of forecasts can be called by its own name; the page says so in words.
    assert sorted([*listed, "forecast"]) == sorted(actuary.__all__), "list every public name in docs/reference.md"
    assert "`actuary.forecast(rows" in page


def test_both_indexes_name_the_tour_in_their_language(root: Path) -> None:
    assert "/docs/tour.md" in (root / "docs" / "index.md").read_text(encoding="utf-8")
    assert "/docs/tour.zh.md" in (root / "docs" / "index.zh.md").read_text(encoding="utf-8")


#: What a public docstring must have; the codes are those of numpydoc.validation.
_REQUIRED = {
    "GL02", "GL06", "GL07", "GL08",  # layout, sections known and in order, a docstring at all
    "SS01", "SS02", "SS03", "SS05",  # a summary of one imperative sentence
    "PR01", "PR02", "PR03", "PR04", "PR07", "PR10",  # every parameter, its type, its meaning
    "RT01", "EX01",  # what is returned, an example
}  # fmt: skip


#: Functions that answer whatever they are given, or whose arguments were checked where they were made.
_NEVER_RAISE = {
    "explain_case",
    "indicators_of_cases",
    "list_payment_policies",
    "progress_bar",
    "run_population_paths",
    "what_if",
}


def _public() -> list[str]:
    return [name for name in actuary.__all__ if not isinstance(getattr(actuary, name), types.ModuleType)]


@pytest.mark.slow
def test_every_public_docstring_is_complete() -> None:
    from numpydoc.validate import validate  # noqa: PLC0415  (loads Sphinx)

    wrong = [
        f"{name}: {code} {what}"
        for name in _public()
        for code, what in validate(f"actuary.{name}")["errors"]
        if code in _REQUIRED
    ]
    assert wrong == []


@pytest.mark.slow
def test_functions_that_raise_say_so_and_numbers_carry_a_unit() -> None:
    from numpydoc.docscrape import get_doc_object  # noqa: PLC0415  (loads Sphinx)

    wrong = []
    for name in _public():
        documented = get_doc_object(getattr(actuary, name))
        raises = not isinstance(getattr(actuary, name), type) and name not in _NEVER_RAISE
        if raises and not documented["Raises"]:
            wrong.append(f"{name}: no Raises")
        for parameter in documented["Parameters"]:
            text = " ".join(parameter.desc)
            if re.search(r"\bfloat\b", parameter.type) and not re.search(r"\[[^\]]+\]", text):
                wrong.append(f"{name}, {parameter.name} ({parameter.type}): no unit in [ ]")
    assert wrong == []


@pytest.mark.slow
def test_what_functions_answer_stands_on_the_page_of_results(root: Path) -> None:
    listed = set(re.findall(r"^   (actuary[\w.]+)$", (root / "docs" / "results.md").read_text("utf-8"), re.MULTILINE))
    missing = []
    for name in _public():
        function = getattr(actuary, name)
        if isinstance(function, type):
            continue
        home = sys.modules[function.__module__]
        for word in re.findall(r"\w+", str(inspect.signature(function).return_annotation)):
            found = getattr(home, word, None)
            if isinstance(found, type) and found.__module__.startswith("actuary.") and word not in actuary.__all__:
                path = f"{found.__module__}.{word}"
                missing += [f"{name}: {path}"] if path not in listed else []
    assert missing == [], "list them in docs/results.md"


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_loads_nothing(root: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    command = [sys.executable, "tools/build_docs.py", "--notebooks", "off", "--out", str(site)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    names = ("actuary.settle_cases", "actuary.payment.settlement.Settlement")
    pages = ("index", "GLOSSARY", "docs/tour", "docs/tour.zh", *(f"docs/generated/{name}" for name in names))
    for page in pages:
        assert (site / f"{page}.html").is_file()
    notebooks = {path.stem for path in (root / "notebooks").glob("*.ipynb")}
    assert notebooks == {path.stem for path in (site / "notebooks").glob("*.html")}
    style = (site / "_static" / "site.css").read_text(encoding="utf-8")
    assert "data:font/woff;base64," in style


def test_what_a_page_would_load_from_elsewhere_is_found(root: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(root / "tools"))
    from build_docs import loaded_from_elsewhere  # noqa: PLC0415  (a tool, not a package)

    host = "https" + "://example.org"
    (tmp_path / "plain.html").write_text(f'<a href="{host}/page">elsewhere</a><img src="here.png">', encoding="utf-8")
    assert loaded_from_elsewhere(tmp_path) == []
    (tmp_path / "loads.html").write_text(f'<script async src="{host}/x.js"></script>', encoding="utf-8")
    (tmp_path / "loads.css").write_text(f"@font-face {{ src: url({host}/x.woff) }}", encoding="utf-8")
    assert len(loaded_from_elsewhere(tmp_path)) == 2


def test_chinese_lines_are_joined_and_code_is_left(root: Path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(root / "tools"))
    from build_docs import join_chinese  # noqa: PLC0415  (a tool, not a package)

    assert join_chinese("一，\n二\n三 a\nb\n四") == "一，二三 a\nb\n四"
    fenced = "甲\n\n```text\n乙\n丙\n```\n\n丁\n戊"
    assert join_chinese(fenced) == "甲\n\n```text\n乙\n丙\n```\n\n丁戊"


def test_the_glossary_has_one_row_a_term(root: Path) -> None:
    rows = re.findall(r"^\| (.+?) \|(.*)\|$", (root / "GLOSSARY.md").read_text(encoding="utf-8"), re.MULTILINE)
    terms = [term for term, _ in rows]
    assert [term for term in set(terms) if terms.count(term) > 1] == []
    assert {rest.count("|") for _, rest in rows} == {3}
    assert len(terms) > 150
