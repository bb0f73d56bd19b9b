"""Every reader of the package is reached by a target of the fuzzer or by a call of a verb; what is not is named."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

import actuary
from fuzz.cover import COVERED, NO_FILE, by_targets, readers


def test_every_reader_is_fuzzed() -> None:
    covered = json.loads(COVERED.read_text(encoding="utf-8"))
    known = set(readers())
    assert len(known) > 100
    assert {name.rpartition(":")[2] for name in known} >= {
        name for name in actuary.__all__ if name.startswith(("read_", "load_"))
    }
    lacking = [name for name in known - set(NO_FILE) if not any(covered.get(name, {}).values())]
    assert not lacking, "give it a target in fuzz/targets.py or a call in fuzz/recipes.py, then: python -m fuzz.cover"
    assert not set(covered) - known, "it is gone: python -m fuzz.cover"


def test_the_page_is_up_to_date(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["write_fuzz_table.py", "--check"])
    with pytest.raises(SystemExit) as done:
        runpy.run_path(str(root / "tools" / "write_fuzz_table.py"), run_name="__main__")
    assert done.value.code == 0, "python tools/write_fuzz_table.py"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lists", "given", "read_back", "side_tables"])
def test_what_is_kept_of_the_reach_of_a_target_is_measured(name: str) -> None:
    covered = json.loads(COVERED.read_text(encoding="utf-8"))
    kept = {reader for reader, reached in covered.items() if name in reached["targets"]}
    found = by_targets([name])[name] & set(readers()) - set(NO_FILE)
    # What an earlier test has loaded is not loaded again.
    assert found <= kept
    assert len(found) > len(kept) / 2
