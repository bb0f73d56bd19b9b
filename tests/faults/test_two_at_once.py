"""Two runs at once: of a folder the second is told at once, of a file both leave one whole content."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from actuary.durable.files import beside, create_file, replace_file, written_whole
from actuary.durable.folders import staged_output
from actuary.durable.locks import exclusive
from actuary.errors import OutputError
from tests.faults.faults import tree


def test_the_second_run_of_a_folder_is_told_who_is_at_work(tmp_path: Path) -> None:
    with staged_output(tmp_path / "report") as first:
        (first / "a.txt").write_text("first")
        told = rf"another run that writes there \(process {os.getpid()} on"
        with pytest.raises(OutputError, match=told), staged_output(tmp_path / "report"):
            raise AssertionError
    assert tree(tmp_path) == {"report": None, "report/a.txt": b"first"}


def test_runs_of_two_folders_do_not_know_each_other(tmp_path: Path) -> None:
    with staged_output(tmp_path / "one") as one, staged_output(tmp_path / "two") as two:
        (one / "a").write_text("")
        (two / "a").write_text("")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_a_lock_of_a_process_that_died_locks_nobody_out(tmp_path: Path) -> None:
    beside(tmp_path / "report", "lock").write_text("process 1 on elsewhere since 2020-01-01T00:00:00+00:00")
    with staged_output(tmp_path / "report"):
        pass
    assert list(tree(tmp_path)) == ["report"]


def test_leftovers_of_the_dead_are_removed_and_those_of_the_living_are_not(tmp_path: Path) -> None:
    (tmp_path / ".table.csv.partial-dead").write_text("half")
    with written_whole(tmp_path / "table.csv") as slow:
        slow.write_text("slow")
        replace_file(tmp_path / "table.csv", b"quick")
        assert slow.exists()
        assert (tmp_path / "table.csv").read_text() == "quick"
    assert tree(tmp_path) == {"table.csv": b"slow"}


def test_many_threads_replace_one_file(tmp_path: Path) -> None:
    place = tmp_path / "table.csv"
    contents = [bytes([number]) * 5000 for number in range(8)]
    seen: list[bytes] = []

    def write(content: bytes) -> None:
        for _ in range(10):
            replace_file(place, content)
            seen.append(place.read_bytes())

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 80
    assert set(seen) <= set(contents)
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_many_threads_make_one_key(tmp_path: Path) -> None:
    made: list[bytes] = []

    def make(content: bytes) -> None:
        try:
            create_file(tmp_path / "key", content)
        except FileExistsError:
            return
        made.append(content)

    threads = [threading.Thread(target=make, args=(bytes([number]) * 100,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert tree(tmp_path) == {"key": made[0]}


def test_one_thread_at_a_time_holds_a_lock(tmp_path: Path) -> None:
    lock, inside, most, turns = tmp_path / ".lock", 0, 0, 0

    def work() -> None:
        nonlocal inside, most, turns
        for _ in range(200):
            try:
                with exclusive(lock, where="the folder"):
                    inside += 1
                    most, turns = max(most, inside), turns + 1
                    inside -= 1
            except OutputError:
                continue

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert turns > 0
    assert not lock.exists()


def test_a_file_system_without_locks_is_refused_where_one_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl  # noqa: PLC0415

    def unknown(*_: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", unknown)
    with pytest.raises(OutputError, match="a file system without locks"), exclusive(tmp_path / "lock", where="here"):
        raise AssertionError
    # An output needs none: names of stagings never meet, and what others left is left.
    (tmp_path / ".report.partial-other").mkdir()
    with staged_output(tmp_path / "report") as staging:
        (staging / "a").write_text("whole")
    replace_file(tmp_path / "table.csv", b"whole")
    assert sorted(tree(tmp_path)) == [".report.partial-other", "report", "report/a", "table.csv"]


PROCESS = """
import sys
from pathlib import Path
from actuary.durable.folders import staged_output
from actuary.errors import OutputError
out, name, told = Path(sys.argv[1]), sys.argv[2], 0
sys.stdin.readline()
for turn in range(60):
    try:
        with staged_output(out) as staging:
            for number in range(3):
                (staging / f"{number}.txt").write_text(f"{name} {turn}")
            (staging / "manifest.json").write_text(
                '{"outputs": [{"file": "0.txt"}, {"file": "1.txt"}, {"file": "2.txt"}]}')
    except OutputError as error:
        assert "another run" in str(error), error
        told += 1
print(told)
"""


@pytest.mark.slow
def test_processes_that_write_one_folder_leave_one_whole_result(tmp_path: Path, root: Path) -> None:
    out = tmp_path / "report"
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(out), name],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "abc"
    ]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    while any(worker.poll() is None for worker in workers):
        # Whoever reads finds a folder of one run, at any moment.
        try:
            number = os.open(out, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            seen = set()
            for name in ("0.txt", "1.txt", "2.txt"):
                file = os.open(name, os.O_RDONLY, dir_fd=number)
                seen.add(os.read(file, 100))
                os.close(file)
            assert len(seen) == 1
        except FileNotFoundError:
            pass  # an earlier output that was replaced is being removed
        finally:
            os.close(number)
    for worker in workers:
        assert worker.communicate()[0].strip().isdigit()
        assert worker.returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
    assert len({(out / f"{number}.txt").read_text() for number in range(3)}) == 1
