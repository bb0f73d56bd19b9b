"""Call every verb with odd values, and with whole calls of which one file is bent.

``python -m fuzz.cli cli --seconds 600 --seed 1`` gives odd values and odd files, ``bent`` bends files of calls that
succeed. A call ends with a status that it promises, in the time and memory that it may take, and leaves no part of an
output (:mod:`fuzz.server`).
"""

from __future__ import annotations

import argparse
import datetime as dt
import enum
import functools
import hashlib
import os
import random
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa

from actuary.files import read_workbook
from fuzz.base import memory
from fuzz.bends import bend
from fuzz.recipes import RECIPES, write_inputs
from fuzz.seeds import write_seeds
from fuzz.server import Call, load_everything, run_call
from fuzz.tricks import PARQUET, TEXTS, WORKBOOKS, parquet_rows, rows_of

__all__ = ["bent_calls", "calls", "hard_calls", "odd_calls", "odd_files", "prepare", "search", "verbs"]

_TEXTS = (
    "", " ", "-", "--", "..", "/", "\n", "a=b", "=", "=1+1", "national", "shenyang", "nowhere", "全国", "２０２４Ｑ４",
    "2024Q4", "2024Q5", "9999Q1", "0000Q0", "2024", "chs-drg-1.1", "suzhou-2022", "a" * 300, "%s", "{}", "x,y", "a:b",
    "../../etc/passwd", "\udce4", "employee=1e400", "base", "adverse", "H1", "1,5", "nan", "inf", "zh", "0x10",
    "[red]b[/red]",
)  # fmt: skip
_NUMBERS = ("0", "-1", "1", "2", "3", "1e3", "1.5", "nan", "inf", "-0", "", "x", "１", "999999999999999999999")


def odd_files(folder: Path, seeds: Path) -> list[Path]:
    """Write files that are no tables, and take some seeds of the readers, under the suffixes that verbs look at."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        "empty.csv": b"",
        "nul.csv": b"a,b\n\0\0\n",
        "header.csv": b"a,b\n",
        "quote.csv": b'a,b\n"1,2\n',
        "empty.parquet": b"",
        "cut.parquet": b"PAR1\x00\x00PAR1",
        "bad.toml": b"[[[[",
        "deep.toml": b"a=" + b"[" * 5000,
        "odd.toml": b'a = "\xff"',
        "zip.xlsx": b"PK\x03\x04",
        "text.txt": b"x",
        "wide.csv": b",".join(b"c%d" % n for n in range(10_000)) + b"\n",
        "twice.csv": b"case_id,case_id\n1,1\n",
        "bad.json": b"[" * 5000,
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    made = [folder / name for name in contents]
    tables = dict.fromkeys(("cases", "stays", "settlement_list", "series", "lists"), "csv")
    for name, suffix in {**tables, "declarations": "toml", "workbook": "xlsx"}.items():
        for seed in sorted((seeds / name).glob("seed-*"))[:6]:
            target = folder / f"{name}-{seed.name}.{suffix}"
            target.write_bytes(seed.read_bytes()[0 if suffix == "xlsx" else 1 :])
            made.append(target)
    os.mkfifo(folder / "pipe.csv")
    (folder / "folder.csv").mkdir()
    (folder / "loop.csv").symlink_to("loop.csv")
    return [*made, folder / "pipe.csv", folder / "folder.csv", folder / "loop.csv", folder / "nowhere.csv", folder,
            Path("/dev/zero"), Path("/dev/null")]  # fmt: skip


@functools.cache
def _commands() -> tuple[tuple[list[str], Any], ...]:
    import typer.main  # noqa: PLC0415

    from actuary.cli import app  # noqa: PLC0415

    def walk(words: list[str], command: Any) -> Iterator[tuple[list[str], Any]]:
        below = getattr(command, "commands", None)
        if not below:
            yield words, command
            return
        for name, one in below.items():
            yield from walk([*words, name], one)

    return tuple(walk([], typer.main.get_command(app)))


def verbs() -> tuple[str, ...]:
    """Return every verb of the command line, those of groups with their group."""
    return tuple(" ".join(words) for words, _ in _commands())


_ALWAYS = {"data seal": ("--data", "nowhere"), "lab": ("a", "b")}


def _mark(call: Call) -> str:
    """Return the same mark for findings of one kind in one place."""
    places = re.findall(r'File "([^"]+)", line (\d+)', call.said)[-3:]
    kind = re.sub(r"\d+", "", call.finding) if places else f"{call.finding} {call.words[:2]}"
    return hashlib.sha256(repr((kind, places)).encode()).hexdigest()[:12]


def _bent_files(place: Path, call: Call) -> list[Path]:
    """Return the files that a call names, as it was given them."""
    named = [Path(word) for word in call.words if word.startswith(str(place / "in"))]
    return [path for path in named if path.is_file()]


def _value(parameter: Any, files: list[Path], draw: random.Random, out: Path) -> str:
    name, kind = parameter.name or "", parameter.type_descriptor.annotation
    kind = (get_args(kind) or (kind,))[0]
    if name in {"out", "output"} or name.endswith("_out"):
        return str(
            draw.choice((out / f"o{draw.randrange(10**6)}", out / "o.csv", out / "o.parquet", out / "no" / "o.csv"))
        )
    if isinstance(kind, type) and issubclass(kind, enum.Enum) and draw.random() < 0.8:
        return str(draw.choice([one.value for one in kind]))
    if kind is Path or "file" in name or "cases" in name:
        return str(draw.choice(files))
    if kind in {int, float}:
        return draw.choice(_NUMBERS)
    return draw.choice(_TEXTS) if draw.random() < 0.7 else str(draw.choice(files))


def calls(files: list[Path], out: Path, *, seed: int) -> Iterator[list[str]]:
    """Return the words of calls without end: each verb in turn, arguments always, options as the dice fall."""
    draw = random.Random(seed)  # noqa: S311  (the same calls every time)
    commands = _commands()
    while True:
        for words, command in commands:
            said = list(words)
            # What would write into the models and figures that ship gets copies; JupyterLab does not end.
            said += _ALWAYS.get(" ".join(words), ())
            for parameter in command.params:
                if parameter.name == "help":
                    continue
                is_argument = parameter.param_type_name == "argument"
                if not is_argument and not parameter.required and draw.random() < 0.7:
                    continue
                if is_argument:
                    times = draw.choice((1, 1, 1, 2)) if parameter.nargs < 0 else 1
                    said += [_value(parameter, files, draw, out) for _ in range(times)]
                elif getattr(parameter, "is_flag", False):
                    said.append(draw.choice([*parameter.opts, *parameter.secondary_opts]))
                else:
                    said += [parameter.opts[0], _value(parameter, files, draw, out)]
            yield said


def odd_calls(place: Path, *, seed: int) -> Iterator[list[str]]:
    """Return the words of calls without end: each verb in turn, with odd values and odd files."""
    yield from calls(odd_files(place / "odd", place / "seeds"), place / "out", seed=seed)


def bent_calls(place: Path, *, seed: int) -> Iterator[list[str]]:
    """Return the words of calls that succeed, without end; while a call is made one of its files is bent.

    The next call gets the file as it was.
    """
    draw = random.Random(seed)  # noqa: S311  (the same calls every time)
    inputs = place / "in"
    while True:
        for recipe in RECIPES:
            if recipe.slow and draw.random() > _SLOW_SHARE:
                continue
            words = recipe.words.format(**{"in": inputs, "out": place / "out"}).split()
            if not recipe.bent:
                yield words
                continue
            named = inputs / draw.choice(recipe.bent)
            files = sorted(path for path in named.rglob("*") if path.is_file()) if named.is_dir() else [named]
            bent = draw.choice(files)
            kept = (bent, inputs / "book.sqlite", inputs / "data" / "catalog.toml")
            whole = {path: path.read_bytes() for path in kept}
            made = list(_hard(bent, whole[bent])) if draw.random() < _TRICK_SHARE else []
            try:
                content = draw.choice(made)[1]() if made else bend(whole[bent], draw)
            except (pa.ArrowException, ValueError, IndexError):
                content = bend(whole[bent], draw)
            bent.write_bytes(content)
            try:
                yield words
            finally:
                # A call may have added to the ledger, or sealed what it was given.
                for path, content in whole.items():
                    path.write_bytes(content)


def _hard(path: Path, content: bytes) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Yield the hard inputs that may stand in the place of a file, and what makes them."""
    if path.suffix == ".csv":
        rows = rows_of(content)
        yield from ((name, functools.partial(make, rows)) for name, make in TEXTS.items())
        yield "a workbook", functools.partial(WORKBOOKS["sound workbook"], rows)
    elif path.suffix == ".xlsx":
        rows = read_workbook(content, where=path.name)
        yield from ((name, functools.partial(make, rows)) for name, make in WORKBOOKS.items())
    elif path.suffix == ".parquet":
        table = parquet_rows(content)
        yield from ((name, functools.partial(make, table)) for name, make in PARQUET.items())


def hard_calls(place: Path, *, verbs: Sequence[str] = ()) -> Iterator[tuple[Call, str]]:
    """Make the call of every recipe with each hard input in the place of each of its tables.

    Parameters
    ----------
    place : Path
        Folder that :func:`prepare` filled.
    verbs : sequence of str
        Verbs wanted; all when left out.

    Yields
    ------
    tuple of (Call, str)
        How it ended, and which file of which verb was what.
    """
    inputs = place / "in"
    for recipe in RECIPES:
        if recipe.slow or (verbs and recipe.verb not in verbs):
            continue
        words = recipe.words.format(**{"in": inputs, "out": place / "out"}).split()
        for named in recipe.bent:
            path = inputs / named
            if path.is_dir():
                path = max(path.rglob("*.parquet"), default=path)
            if not path.is_file():
                continue
            whole = path.read_bytes()
            for name, make in list(_hard(path, whole)):
                for folder in ("out", "work", "schemes"):
                    shutil.rmtree(place / folder, ignore_errors=True)
                    (place / folder).mkdir()
                try:
                    content = make()
                except (pa.ArrowException, ValueError, IndexError):  # not every table can be all of these
                    continue
                path.write_bytes(content)
                yield run_call(words, place / "work", out=place / "out"), f"{recipe.verb}, {named}: {name}"
            path.write_bytes(whole)


#: How often a hard input is taken that somebody thought of.
_TRICK_SHARE = 0.3
#: How often a call is made that takes minutes in earnest.
_SLOW_SHARE = 0.1
_WAYS: dict[str, Callable[..., Iterator[list[str]]]] = {"cli": odd_calls, "bent": bent_calls}


def prepare(place: Path, *, change: Callable[[Path], None] | None = None) -> None:
    """Load everything, and write the files that calls are given into a folder; see ``write_inputs``."""
    place.mkdir(exist_ok=True)
    os.environ |= {"ACTUARY_SCHEMES": str(place / "schemes"), "ACTUARY_LEDGER": str(place / "ledger.sqlite")}
    load_everything()
    write_seeds(place / "seeds")
    (place / "work").mkdir()
    write_inputs(place / "in", change=change)


def search(target: str, place: Path, *, seed: int, seconds: float, most: int = 10**9, limit: int = 0) -> Iterator[Call]:
    """Make the calls of a target until the time is over.

    Parameters
    ----------
    target : str
        ``cli`` or ``bent``.
    place : Path
        Folder that :func:`prepare` filled.
    seed : int
        Which calls.
    seconds : float
        For how long, by the clock [s].
    most : int
        Calls at most.
    limit : int
        Seconds of the processor that a call may take; those of its verb when 0.
    """
    begun = time.monotonic()
    made = _WAYS[target](place, seed=seed)
    for _ in range(most):
        if time.monotonic() - begun > seconds:
            break
        for folder in ("out", "work", "schemes"):
            shutil.rmtree(place / folder, ignore_errors=True)
            (place / folder).mkdir()
        yield run_call(next(made), place / "work", out=place / "out", limit=limit)
    made.close()


def main() -> int:
    """Call until the time is over; return 1 when something was found."""
    from fuzz.run import OUT, record  # noqa: PLC0415

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", nargs="?", choices=list(_WAYS), default="cli")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--calls", type=int, default=10**9)
    parser.add_argument("--limit", type=int, default=0, help="seconds of the processor that a call may take")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", action="store_true", help="add the run to the results")
    told = parser.parse_args()
    kept = (OUT / "crashes" / told.target).resolve()
    kept.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="actuary-fuzz-", dir=memory()))
    begun, done, worked, found = time.monotonic(), 0, time.process_time(), {}
    try:
        prepare(place)
        for call in search(told.target, place, seed=told.seed, seconds=told.seconds, most=told.calls, limit=told.limit):
            done += 1
            worked += call.seconds
            if call.finding and (mark := _mark(call)) not in found:
                found[mark] = call.finding
                text = f"{call.finding}\nseed {told.seed}, call {done}\n{call.words!r}\n{call.said}"
                (kept / f"{mark}.txt").write_text(text, "utf-8", "replace")
                for bent in _bent_files(place, call):
                    shutil.copy(bent, kept / f"{mark}.{bent.name}")
                print(f"{mark} {call.finding}: {' '.join(call.words)}\n{call.said.strip()[-300:]}", flush=True)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    seconds, worked = round(time.monotonic() - begun, 1), round(worked, 1)
    print(f"{done} calls in {seconds} s, {worked} s of work, {len(found)} findings")
    if told.count:
        record({"target": told.target, "day": dt.date.today().isoformat(), "seconds": seconds, "cpu_seconds": worked,
                "executions": done, "status": int(bool(found)), "findings": sorted(found)})  # fmt: skip
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
