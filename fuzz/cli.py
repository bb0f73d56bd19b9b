"""Call every verb with odd values and odd files: it ends with a status that it promises, and never with a traceback.

``python -m fuzz.cli --seconds 600 --seed 1``. Each call runs in a process of its own, with a limit on time and memory.
"""

from __future__ import annotations

import argparse
import enum
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

__all__ = ["Call", "calls", "odd_files", "run_call"]

#: 0 done, 1 a check found problems, 2 wrong input, 3 a report lacks parts, 4 some of several not written, 130 stopped.
STATUSES = frozenset({0, 1, 2, 3, 4, 130})
#: Seconds and bytes that a call may take; verbs that draw or compile take some of both in earnest.
CALL_SECONDS, CALL_BYTES = 120, 12 * 2**30

_TEXTS = (
    "", " ", "-", "--", "..", "/", "\n", "a=b", "=", "=1+1", "national", "shenyang", "nowhere", "全国", "２０２４Ｑ４",
    "2024Q4", "2024Q5", "9999Q1", "0000Q0", "2024", "chs-drg-1.1", "suzhou-2022", "a" * 300, "%s", "{}", "x,y", "a:b",
    "../../etc/passwd", "\udce4", "employee=1e400", "base", "adverse", "H1", "1,5", "nan", "inf", "zh", "0x10",
    "[red]b[/red]",
)  # fmt: skip
_NUMBERS = ("0", "-1", "1", "2", "3", "1e3", "1.5", "nan", "inf", "-0", "", "x", "１", "999999999999999999999")


class Call:
    """Hold what is called and how it ended."""

    def __init__(self, words: list[str], status: int, said: str, seconds: float) -> None:
        self.words, self.status, self.said, self.seconds = words, status, said, seconds

    @property
    def finding(self) -> str:
        """Return what is wrong with it, or nothing."""
        if "Traceback (most recent call last)" in self.said:
            return "a traceback"
        return "" if self.late or self.status in STATUSES else f"status {self.status}"

    @property
    def late(self) -> bool:
        """Return whether it was stopped by the limit: some verbs work for minutes in earnest."""
        return self.status == 128 + signal.SIGALRM


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


def _commands() -> list[tuple[list[str], Any]]:
    import typer.main  # noqa: PLC0415

    from actuary.cli import app  # noqa: PLC0415

    def walk(words: list[str], command: Any) -> Iterator[tuple[list[str], Any]]:
        below = getattr(command, "commands", None)
        if not below:
            yield words, command
            return
        for name, one in below.items():
            yield from walk([*words, name], one)

    return list(walk([], typer.main.get_command(app)))


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


def run_call(words: list[str], log: Path, *, limit: int = CALL_SECONDS) -> Call:
    """Call the command line in a process of its own, for so many seconds at most."""
    begun = time.monotonic()
    child = os.fork()
    if not child:
        _in_child(words, log, limit)
    _, ended = os.waitpid(child, 0)
    status = 128 + os.WTERMSIG(ended) if os.WIFSIGNALED(ended) else os.WEXITSTATUS(ended)
    return Call(words, status, log.read_text(encoding="utf-8", errors="replace"), time.monotonic() - begun)


def _in_child(words: list[str], log: Path, limit: int) -> None:
    import traceback  # noqa: PLC0415

    status = 1
    try:
        stream = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for number in (1, 2):
            os.dup2(stream, number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        resource.setrlimit(resource.RLIMIT_AS, (CALL_BYTES, CALL_BYTES))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(limit)
        sys.argv = ["actuary", *words]
        from actuary.cli import main  # noqa: PLC0415

        main()
        status = 0
    except SystemExit as done:
        status = done.code if isinstance(done.code, int) else 0 if done.code is None else 1
    except BaseException:
        traceback.print_exc()
        status = 70
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)


def main() -> int:
    """Call until the time is over; return 1 when something was found."""
    from fuzz.run import OUT, record  # noqa: PLC0415

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--calls", type=int, default=10**9)
    parser.add_argument("--limit", type=int, default=CALL_SECONDS, help="seconds of a call")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", action="store_true", help="add the run to the results")
    told = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="actuary-fuzz-cli-"))
    kept = OUT / "crashes" / "cli"
    kept.mkdir(parents=True, exist_ok=True)
    # Whoever forks has loaded as little as the command line itself.
    subprocess.run([sys.executable, "-m", "fuzz.seeds", str(place / "seeds")], check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    (place / "out").mkdir()
    begun, done, found = time.monotonic(), 0, []
    for number, words in enumerate(calls(odd_files(place / "files", place / "seeds"), place / "out", seed=told.seed)):
        if number >= told.calls or time.monotonic() - begun > told.seconds:
            break
        call = run_call(words, place / "log", limit=told.limit)
        done += 1
        if call.finding:
            (kept / f"{told.seed}-{number}.txt").write_text(
                f"{call.finding}\n{words!r}\n{call.said}", "utf-8", "replace"
            )
            found.append(f"{told.seed}-{number}")
            print(call.finding, words, call.said.strip()[-300:], flush=True)
        if call.late:
            print(f"{call.seconds:.0f} s", words, flush=True)
    shutil.rmtree(place, ignore_errors=True)
    seconds = round(time.monotonic() - begun, 1)
    print(f"{done} calls in {seconds} s, {len(found)} findings")
    if told.count:
        import datetime as dt  # noqa: PLC0415

        record({"target": "cli", "day": dt.date.today().isoformat(), "seconds": seconds, "executions": done,
                "status": int(bool(found)), "findings": found})  # fmt: skip
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
