"""The targets of the fuzzer under hypothesis: seeds, and what hypothesis makes of them."""

from __future__ import annotations

import csv
import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.bends import bend
from fuzz.seeds import seeds_of
from fuzz.targets import TARGETS, UNCHOSEN, run_target

#: Targets that load compiled loops or all declarations.
_HEAVY = {"cases", "stays", "declarations", "settlement_list", "facts", "audit", "read_back", "ledger", "sealed"}


def _holds(name: str, times: int) -> None:
    # A target raises what it finds; every seed as it is comes first.
    kinds, chosen = set(), 0 if name in UNCHOSEN else 1
    for number, seed in enumerate(seeds_of(name)):
        kinds.add(run_target(name, seed))
        draw = random.Random(number)  # noqa: S311  (the same inputs every time)
        for _ in range(times):
            kinds.add(run_target(name, seed[:chosen] + bend(seed[chosen:], draw)))
    assert "read" in kinds, "no input of this target is read at all"


@pytest.mark.parametrize("name", sorted(set(TARGETS) - _HEAVY))
def test_bent_files_are_read_or_refused(name: str) -> None:
    _holds(name, 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(TARGETS))
def test_many_bent_files_are_read_or_refused(name: str) -> None:
    _holds(name, 5 if name in _HEAVY else 20)


_CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=12)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 15), st.lists(st.lists(_CELLS, min_size=3, max_size=3), min_size=1, max_size=5))
def test_what_is_written_is_read_back_in_every_encoding_and_dialect(which: int, rows: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["a", "b", "名"], *rows])
    run_target("delimited", bytes([which]) + out.getvalue().encode("utf-8-sig"))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(max_size=20).map(lambda text: text.replace("\x1e", "")), min_size=1, max_size=5))
def test_every_text_leaves_without_a_formula_and_comes_back(texts: list[str]) -> None:
    run_target("exports", "\x1e".join(texts).encode("utf-8", "replace"))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for name in ("delimited", "lists", "series", "people", "workbook", "documents", "scheme_tables"):
        run_target(name, content)
