"""The public face is comfortable: names complete, results show themselves, docstrings state units."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import subprocess
import sys
import typing
from collections.abc import Iterator
from typing import Any

import pytest

import actuary

#: Values and lists that print well as they are.
_PLAIN = {"Any", "str", "DataFrame", "Dataset", "Quarter", "ActuaryError"}
#: A record of nothing else prints well as it is.
_SCALARS = {"str", "int", "float", "bool", "float | None", "int | None", "str | None", "Path"}
#: What measures nothing: names, rules as declared, and records.
_WITHOUT_UNIT = {
    "ActuaryError",
    "CaseLedger",
    "Quarter",
    "check_inputs",
    "check_personal",
    "forecast",
    "group_file",
    "list_payment_policies",
    "load_basis",
    "load_model",
    "load_payment_policy",
    "load_policy_book",
    "load_scenario",
    "load_scheme",
    "personal_door",
    "replace_personal",
}


def _names(function: Any) -> dict[str, Any]:
    """Return what annotations of a function may name, those that are imported for the type checker included."""
    module = sys.modules[function.__module__]
    names = dict(vars(module))
    tree = ast.parse(inspect.getsource(module))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for one in ast.walk(node):
                if isinstance(one, ast.ImportFrom):
                    source = importlib.import_module(str(one.module))
                    names |= {part.asname or part.name: getattr(source, part.name) for part in one.names}
                if isinstance(one, ast.Import):
                    names |= {part.asname or part.name: importlib.import_module(part.name) for part in one.names}
    return names


def _classes(annotation: Any) -> Iterator[type]:
    parts = typing.get_args(annotation)
    if parts:
        for part in parts:
            yield from _classes(part)
    elif isinstance(annotation, type):
        yield annotation


def _results(name: str) -> list[type]:
    found = getattr(actuary, name)
    if inspect.isclass(found):
        return [found]
    if inspect.ismodule(found):
        return []
    annotation = inspect.signature(found).return_annotation
    if isinstance(annotation, str):
        annotation = eval(annotation, _names(found))  # noqa: S307 (our own annotations)
    return [one for one in _classes(annotation) if one.__name__ not in _PLAIN and one.__module__ != "builtins"]


def shows_itself(kind: type) -> bool:
    """Say whether a class has a page for notebooks, or a line of its own instead of the listing of all its fields."""
    if hasattr(kind, "_repr_html_"):
        return True
    if dataclasses.is_dataclass(kind) and all(
        str(one.type) in _SCALARS or "Literal" in str(one.type) for one in dataclasses.fields(kind)
    ):
        return True
    return kind.__repr__ is not object.__repr__ and not hasattr(kind.__repr__, "__wrapped__")


@pytest.mark.slow
@pytest.mark.parametrize("name", actuary.__all__)
def test_every_result_shows_itself(name: str) -> None:
    assert [one.__qualname__ for one in _results(name) if not shows_itself(one)] == []


@pytest.mark.slow
def test_tables_of_results_with_a_summary_carry_units() -> None:
    run = actuary.load_model("national").project(to="2026Q4")
    assert "[100m_yuan]" in run._repr_html_() or "100m_yuan" in run._repr_html_()
    assert {"value", "unit"} <= set(actuary.indicators_of_city("national", "2024Q4").columns)
    assert "unit" in actuary.facts("national", until="2020Q4").columns


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(actuary.__all__) - _WITHOUT_UNIT))
def test_docstrings_say_what_is_measured_in_which_unit(name: str) -> None:
    found = getattr(actuary, name)
    text = inspect.getdoc(found) or ""
    # What a function gives back may state the units in its own docstring.
    texts = [text, *(inspect.getdoc(one) or "" for one in _results(name))]
    assert any("[" in one or "yuan" in one or "unit" in one for one in texts), f"{name} states no unit"
    assert text.partition("\n")[0].endswith("."), "a docstring begins with a sentence"


@pytest.mark.slow
@pytest.mark.parametrize("name", [one for one in actuary.__all__ if inspect.isfunction(getattr(actuary, one, None))])
def test_every_argument_is_explained(name: str) -> None:
    function = getattr(actuary, name)
    text = inspect.getdoc(function) or ""
    if "Parameters and errors are those of" in text:
        return
    missing = [one for one in inspect.signature(function).parameters if one not in text]
    assert missing == []


@pytest.mark.slow
def test_names_complete_without_loading_what_they_name() -> None:
    program = (
        "import sys, actuary, rlcompleter; "
        "names = set(dir(actuary)); "
        "assert set(actuary.__all__) <= names, set(actuary.__all__) - names; "
        "heavy = {'pandas', 'numpy', 'numba', 'xarray', 'pymc', 'ipywidgets', 'matplotlib'} & set(sys.modules); "
        "assert not heavy, heavy; "
        "assert set(actuary._HOMES) | {'forecast'} == set(actuary.__all__)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="panel_founds"):
        _ = actuary.panel_founds
