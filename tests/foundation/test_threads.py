"""Threads that do not fight: as many as there are cores, one of BLAS in each."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import threadpoolctl

from actuary import threads
from actuary.errors import UnknownNameError
from actuary.threads import available_cores, one_blas_thread, threads_to_use, worker_threads


def blas_threads() -> set[int]:
    np.eye(2) @ np.eye(2)
    return {one["num_threads"] for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"}


@pytest.mark.parametrize(
    ("text", "cores"), [("200000 100000", 2), ("max 100000", None), ("50000 100000", 1), ("", None)]
)
def test_a_container_has_the_cores_of_its_quota(tmp_path: Path, text: str, cores: int | None) -> None:
    (tmp_path / "cpu.max").write_text(text, encoding="ascii")
    assert threads._quota(tmp_path) == cores


def test_a_quota_in_the_older_form(tmp_path: Path) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("350000\n", encoding="ascii")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n", encoding="ascii")
    assert threads._quota(tmp_path) == 3
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("-1\n", encoding="ascii")
    assert threads._quota(tmp_path) is None


def test_a_variable_makes_it_fewer_and_never_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACTUARY_THREADS", raising=False)
    cores = available_cores()
    monkeypatch.setenv("ACTUARY_THREADS", "1")
    assert threads_to_use(None) == 1
    monkeypatch.setenv("ACTUARY_THREADS", "10000")
    assert threads_to_use(None) == cores
    monkeypatch.setenv("ACTUARY_THREADS", "two")
    with pytest.raises(UnknownNameError, match="ACTUARY_THREADS: found 'two'; expected a whole number from 1"):
        available_cores()
    with pytest.raises(UnknownNameError, match="--threads"):
        threads_to_use(0)


def test_blas_is_held_at_one_thread_until_the_last_block_ends() -> None:
    before = blas_threads()
    begun, end, seen = threading.Event(), threading.Event(), []

    def other() -> None:
        with worker_threads(2) as pool:
            begun.set()
            end.wait(10)
            seen.extend(pool.map(lambda _: blas_threads(), range(2)))

    with one_blas_thread():
        thread = threading.Thread(target=other)
        thread.start()
        assert begun.wait(10)
        assert blas_threads() == {1}
    assert blas_threads() == {1}, "the other block still runs"
    end.set()
    thread.join()
    assert seen == [{1}, {1}]
    assert blas_threads() == before


def test_an_error_in_the_block_lifts_the_limit() -> None:
    before = blas_threads()
    with pytest.raises(RuntimeError), worker_threads(1):
        raise RuntimeError
    assert blas_threads() == before
