"""The targets of the fuzzer under hypothesis: seeds, and what hypothesis makes of them."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.seeds import write_seeds
from fuzz.targets import TARGETS, run_target

#: Targets that load compiled loops or all declarations.
_HEAVY = {"cases", "stays", "declarations", "settlement_list"}


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seeds")
    write_seeds(folder)
    return folder


def _bent(seed: bytes, draw: random.Random) -> bytes:
    """Change a seed as a copy that went wrong would be: bytes lost, doubled, changed, put elsewhere."""
    content = bytearray(seed)
    for _ in range(draw.randint(1, 6)):
        place = draw.randint(0, len(content))
        end = min(len(content), place + draw.choice((1, 1, 2, 8, 64)))
        match draw.randint(0, 3):
            case 0:
                del content[place:end]
            case 1:
                content[place:place] = content[place:end]
            case 2:
                content[place:end] = draw.randbytes(end - place)
            case _:
                content[place:place] = draw.choice(
                    (b'"', b",", b"\n", b"\r", b"\0", b"=", b"'", b"\xff\xfe", b"\xef\xbb\xbf", "，".encode(), b"1e400",
                     b"[[[", b"-", b"\xd6\xd0", b"99999999999999999999999")
                )  # fmt: skip
    return bytes(content)


def _holds(name: str, folder: Path, times: int) -> None:
    # A target raises what it finds; every seed as it is comes first.
    kinds = set()
    for number, path in enumerate(sorted((folder / name).iterdir())):
        seed = path.read_bytes()
        kinds.add(run_target(name, seed))
        draw = random.Random(number)  # noqa: S311  (the same inputs every time)
        for _ in range(times):
            kinds.add(run_target(name, _bent(seed, draw)))
    assert "read" in kinds, "no input of this target is read at all"


@pytest.mark.parametrize("name", sorted(set(TARGETS) - _HEAVY))
def test_bent_files_are_read_or_refused(name: str, seeds: Path) -> None:
    _holds(name, seeds, 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(TARGETS))
def test_many_bent_files_are_read_or_refused(name: str, seeds: Path) -> None:
    _holds(name, seeds, 20)


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
