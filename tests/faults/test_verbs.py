"""Every verb that writes, on a disk that is full and in a folder that is read-only: one sentence, nothing changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from actuary.cli import app
from tests.faults.faults import full_disk, tree

pytestmark = pytest.mark.slow

CASES = """case_id,hospital,tier,insurance,drg,total_cost
a,H1,3,employee,BR25,9000.00
b,H1,3,employee,BR25,-1
c,H2,3,employee,BR23,100
"""

#: The verb, and where it writes: {cases} and {folder} are filled in, {out} is the place.
VERBS: dict[str, str] = {
    "synth": "synth --cases 300 --out {out}",
    "group to parquet": "group {stays} --out {out}.parquet",
    "settle": "settle {cases} --policy suzhou-2022 --out {out}",
    "check": "check {stays} --out {out}.csv",
    "weights": "weights {folder}/cases.parquet --policy {folder}/policy.toml --out {out}.csv",
    "standards": "standards --policy suzhou-2022 --out {out}.csv",
    "project": "project --out {out}.csv",
    "init": "init mycity --out {out}",
    "anomalies": "anomalies {folder}/cases.parquet --out {out}",
    "cases export": "cases export --ledger {ledger} --out {out}.csv",
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    from actuary.workflow.case_ledger import open_ledger  # noqa: PLC0415
    from tests.faults.test_ledger import signals  # noqa: PLC0415

    place = tmp_path_factory.mktemp("inputs")
    done = CliRunner().invoke(app, ["synth", "--cases", "300", "--out", str(place / "city")])
    assert done.exit_code == 0, done.output
    (place / "cases.csv").write_text(CASES)
    open_ledger(place / "cases.sqlite").record(signals(0, 3), who="office")
    city = place / "city"
    return {
        "cases": place / "cases.csv",
        "stays": city / "cases.parquet",
        "folder": city,
        "ledger": place / "cases.sqlite",
    }


@pytest.fixture
def run(inputs: dict[str, Path], tmp_path: Path) -> Callable[[str], tuple[int, str]]:
    def invoke(name: str) -> tuple[int, str]:
        words = [word.format(**inputs, out=tmp_path / "out") for word in VERBS[name].split()]
        done = CliRunner().invoke(app, words)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.output
        return done.exit_code, done.output

    return invoke


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_writes_whole_or_not_at_all(
    name: str, run: Callable[[str], tuple[int, str]], tmp_path: Path, inputs: dict[str, Path]
) -> None:
    before = {path: path.read_bytes() for path in inputs.values() if path.is_file()}
    with full_disk(10):
        status, told = run(name)
    assert status == 2, told
    assert "File too large" in told
    assert tree(tmp_path) == {}

    tmp_path.chmod(0o555)
    try:
        status, told = run(name)
    finally:
        tmp_path.chmod(0o755)
    assert status == 2, told
    assert "read-only" in told
    assert tree(tmp_path) == {}

    status, told = run(name)
    assert status in (0, 1, 3), told
    written = tree(tmp_path)
    assert written
    assert not [path for path in written if path.startswith(".")]
    largest = max(len(content or b"") for content in written.values())
    with full_disk(largest // 2):
        status, told = run(name)
    assert status == 2, told
    assert tree(tmp_path) == written
    assert {path: path.read_bytes() for path in before} == before
