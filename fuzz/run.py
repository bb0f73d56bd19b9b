"""Run a target under atheris for some seconds, keep what it finds under output/fuzz, and count what was run.

``python -m fuzz.run TARGET --seconds 600``; ``all`` runs every target for its part of the seconds. Runs are counted in
``fuzz/results.json``, from which ``tools/write_fuzz_table.py`` writes the table of docs/hard-inputs.md.
"""

from __future__ import annotations

import argparse
import datetime as dt
import fcntl
import hashlib
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from fuzz.base import PLACE, memory

OUT = Path("output") / "fuzz"
RESULTS = Path("fuzz") / "results.json"

#: Seconds that one input may take, bytes of memory [MB] and bytes of an input: what a reader may need for a small file.
INPUT_SECONDS, MEMORY_MB, INPUT_BYTES = 20, 3000, 32_768
#: Share of the inputs of which bytes are changed, whatever they are.
_BLIND = 0.5

_DONE = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
#: What stands beside a finding, and inputs that took long while everything was still being loaded.
_NO_FINDING = re.compile(r"\.txt$|^slow-unit-")
_PULSE = re.compile(r"^#(\d+)\s", re.MULTILINE)


def _child(name: str, arguments: list[str]) -> None:
    """Fuzz in this process; atheris ends it."""
    import atheris  # noqa: PLC0415  (there only for those who fuzz)

    # Loops that numba compiles cannot be instrumented; what calls them is.
    with atheris.instrument_imports(include=["actuary"], exclude=["actuary.kernels"]):
        from fuzz.targets import UNCHOSEN, run_target  # noqa: PLC0415
    from fuzz.bends import bend  # noqa: PLC0415

    seen: set[str] = set()
    crashes = OUT / "crashes" / name

    def one(content: bytes) -> None:
        # A finding is kept once and the search goes on; inputs that hang or fill the memory end the process.
        try:
            run_target(name, content)
        except Exception as found:
            told = traceback.format_exception(found)
            places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(found.__traceback__)]
            mark = hashlib.sha256(f"{type(found).__name__} {places[-3:]}".encode()).hexdigest()[:12]
            if mark not in seen:
                seen.add(mark)
                (crashes / f"{mark}.input").write_bytes(content)
                (crashes / f"{mark}.txt").write_text("".join(told), encoding="utf-8", errors="replace")

    def bent(content: bytes, most: int, seed: int) -> bytes:
        # Half of the inputs are bent as their format allows, the others as the search likes.
        draw = random.Random(seed)  # noqa: S311
        if draw.random() < _BLIND:
            return bytes(atheris.Mutate(content, most))
        chosen = 0 if name in UNCHOSEN else 1
        return (content[:chosen] + bend(content[chosen:], draw))[:most]

    # What the first input loads and compiles is not its own time.
    for seed in sorted((OUT / "seeds" / name).iterdir()):
        one(seed.read_bytes())
    atheris.Setup([sys.argv[0], *arguments], one, custom_mutator=bent)
    atheris.Fuzz()


def run(name: str, seconds: int) -> dict[str, object]:
    """Fuzz one target in a process of its own and return what was counted."""
    corpus, crashes = OUT / "corpus" / name, OUT / "crashes" / name
    for folder in (corpus, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    log = OUT / f"{name}.log"
    options = [f"-max_total_time={seconds}", f"-timeout={INPUT_SECONDS}", f"-rss_limit_mb={MEMORY_MB}",
               f"-max_len={INPUT_BYTES}", f"-artifact_prefix={crashes}/", "-print_final_stats=1"]  # fmt: skip
    command = [sys.executable, "-m", "fuzz.run", name, "--child", *options, str(corpus), str(OUT / "seeds" / name)]
    begun, worked = time.monotonic(), _work()
    before = set(crashes.iterdir())
    with log.open("wb") as stream, tempfile.TemporaryDirectory(prefix="actuary-fuzz-", dir=memory()) as place:
        told = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), PLACE: place}
        status = subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT, check=False, env=told).returncode  # noqa: S603
    text = log.read_text(encoding="utf-8", errors="replace")
    counted = [*map(int, _DONE.findall(text)), *map(int, _PULSE.findall(text))]
    return {
        "target": name,
        "day": dt.date.today().isoformat(),
        "seconds": round(time.monotonic() - begun, 1),
        "cpu_seconds": round(_work() - worked, 1),
        "executions": max(counted, default=0),
        "status": status,
        "findings": sorted(path.name for path in set(crashes.iterdir()) - before if not _NO_FINDING.search(path.name)),
    }


def _work() -> float:
    """Return the seconds of the processor that processes which have ended took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def record(done: dict[str, object]) -> None:
    """Add a run to the results; several runs may end at once."""
    OUT.mkdir(parents=True, exist_ok=True)
    with (OUT / "results.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else []
        partial = RESULTS.with_name(f".results.{os.getpid()}")
        partial.write_text(json.dumps([*kept, done], indent=1) + "\n", encoding="utf-8")
        partial.replace(RESULTS)


def main() -> int:
    """Run the targets that were asked for; return 1 when something was found."""
    from fuzz.seeds import write_seeds  # noqa: PLC0415
    from fuzz.targets import TARGETS  # noqa: PLC0415

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=[*TARGETS, "all"])
    parser.add_argument("--seconds", type=int, default=60)
    told = parser.parse_args()
    write_seeds(OUT / "seeds")
    names = list(TARGETS) if told.target == "all" else [told.target]
    found = False
    for name in names:
        done = run(name, max(1, told.seconds // len(names)))
        record(done)
        print(f"{name}: {done['executions']:,} executions in {done['seconds']} s", *done["findings"], flush=True)
        found = found or bool(done["findings"])
    return int(found)


if __name__ == "__main__":
    if "--child" in sys.argv[2:3]:
        _child(sys.argv[1], sys.argv[3:])
    sys.exit(main())
