"""Verbs called with odd values, odd files and bent files end as they promise: no traceback, no half output, in time."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzz.cli import search, verbs
from fuzz.recipes import RECIPES
from fuzz.server import CALL_BYTES, Call


def _call(status: int, said: str = "", **more: int) -> Call:
    return Call(["group"], status, said, 1.0, 1.0, **more)  # type: ignore[arg-type]


def test_what_is_no_taught_refusal_is_a_finding() -> None:
    # Without this the search would find nothing, however much went wrong: verbs say a program error in a sentence.
    assert _call(1, "actuary: a program error, KeyError").finding == "a program error"
    assert _call(2, "actuary: found too little memory; expected room").finding
    assert _call(152).finding.startswith("more than")
    assert _call(142).finding.startswith("waits")
    assert _call(139).finding == "status 139"
    assert _call(0, bytes=CALL_BYTES + 1).finding.endswith("MiB held")
    assert _call(2, "no").finding.startswith("refused without")
    assert not _call(2, "t.csv: found 1; expected 2").finding
    assert Call(["group"], 2, "; expected ", 1.0, 1.0, left=("o.csv",)).finding.startswith("left behind")


def test_every_verb_has_a_call_that_succeeds() -> None:
    assert {recipe.verb for recipe in RECIPES} == set(verbs())


@pytest.mark.slow
@pytest.mark.parametrize("target", ["cli", "bent"])
def test_odd_values_and_bent_files_end_in_a_sentence(target: str, planted: Path) -> None:
    # One seed, so that the same calls are made every time; others are made by `make fuzz TARGET=cli` and `bent`.
    found = [(call.finding, call.words, call.said) for call in search(target, planted, seed=7, seconds=600, most=12)]
    assert found
    assert not [one for one in found if one[0]], found
