"""What PyTensor lets numba compile for a sampler is kept under checksums too: damage is found, compiled anew, said."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

RUN = """
import warnings
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    import actuary.kernels.jit
    import numpy as np, pytensor, pytensor.tensor as pt
    from pytensor.link.numba.cache import NUMBA_CACHE_PATH
    x = pt.vector("x")
    square = pytensor.function([x], (x * x).sum() + 1, mode="NUMBA")
    tangent = pytensor.function([x], pt.tanh(x).sum() + 1, mode="NUMBA")
    print(NUMBA_CACHE_PATH, float(square(np.array([1.0, 2.0]))), round(float(tangent(np.array([0.5]))), 6), sep="|")
print(*(one.message for one in told), sep="|")
"""
EXPECTED = ["6.0", "1.462117"]


def run(root: Path, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=root,
        env={**os.environ, "PYTENSOR_FLAGS": f"base_compiledir={folder}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer, told = done.stdout.splitlines()
    place, *values = answer.split("|")
    assert Path(place) == folder / "numba"
    assert values == EXPECTED
    return told


def middle(content: bytes) -> bytes:
    at = len(content) // 2
    return content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :]


HARM: dict[str, Callable[[Path], object]] = {
    "one byte altered": lambda path: path.write_bytes(middle(path.read_bytes())),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "empty": lambda path: path.write_bytes(b""),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


def test_every_model_is_compiled_in_the_one_place(root: Path) -> None:
    package = root / "actuary"
    found = [path for path in package.rglob("*.py") if "nutpie.compile" in path.read_text(encoding="utf-8")]
    assert found == [package / "forecast" / "compiled_models.py"]


@pytest.mark.slow
def test_a_model_is_compiled_without_c_and_through_the_checked_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    import nutpie  # noqa: PLC0415  (seconds)
    import pytensor  # noqa: PLC0415  (seconds)
    from numba.core import caching  # noqa: PLC0415

    from actuary.forecast.compiled_models import compile_model  # noqa: PLC0415  (seconds)

    before, seen = pytensor.config.cxx, []
    monkeypatch.setattr(nutpie, "compile_pymc_model", lambda *_, **__: seen.append(pytensor.config.cxx))
    compile_model(object())
    assert seen == [""], "PyTensor would load C from its folder without a look"
    assert pytensor.config.cxx == before
    assert caching.IndexDataCacheFile.__module__ == "actuary.kernels.compiled_cache"


@pytest.mark.slow
def test_no_damage_gives_another_answer_or_a_crash(tmp_path: Path, root: Path) -> None:
    whole = tmp_path / "whole"
    assert run(root, whole) == ""
    kept = sorted((whole / "numba").iterdir())
    assert {path.suffix for path in kept} == {".nbi", ".nbc"}
    assert {path.name.rpartition(".py")[2].split(".")[1] for path in kept} == {"named"}, "through the checked cache"
    # An index that is damaged hides the forms that it names: one after the other.
    for ending in (".nbc", ".nbi"):
        shutil.copytree(whole, folder := tmp_path / ending)
        harmed = sorted(path for path in (folder / "numba").iterdir() if path.suffix == ending)
        assert len(harmed) >= len(HARM)
        for path, damage in zip(harmed, itertools.cycle(HARM.values()), strict=False):
            damage(path)
        told = run(root, folder)
        assert "a compiled loop kept on disk was damaged or not whole: compiled anew" in told
        assert "compiled loops kept on disk cannot be read (Is a directory): they are compiled anew" in told
    # Each whole, but under the name of the other: the two functions take and give the same.
    one, other = sorted((whole / "numba").glob("string.numba_funcified*.nbc"))
    contents = one.read_bytes(), other.read_bytes()
    one.write_bytes(contents[1])
    other.write_bytes(contents[0])
    assert "a compiled loop kept on disk was damaged" in run(root, whole)
