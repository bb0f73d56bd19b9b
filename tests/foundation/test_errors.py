"""Errors gather, count and name what was meant."""

from __future__ import annotations

import pickle

import pytest

from actuary.errors import ActuaryError, Problem, TableError, UnknownNameError, nearest_name, raise_all, unknown_name
from actuary.seeds import stream


def test_all_problems_come_in_one_message() -> None:
    problems = [Problem(f"row {n}", "x", "y") for n in range(3)]
    with pytest.raises(TableError) as caught:
        raise_all(problems, TableError)
    assert caught.value.problems == tuple(problems)
    assert str(caught.value).splitlines() == [
        "3 problems:",
        *(f"  row {n}: found x; expected y" for n in range(3)),
    ]
    assert isinstance(caught.value, ActuaryError)


def test_an_error_comes_from_another_process_with_every_problem() -> None:
    error = TableError([Problem(f"row {n}", "x", "y") for n in range(3)])
    there = pickle.loads(pickle.dumps(error))  # noqa: S301  (our own bytes)
    assert type(there) is TableError
    assert there.problems == error.problems
    assert str(there) == str(error)


def test_one_problem_is_one_line() -> None:
    assert "\n" not in str(UnknownNameError(unknown_name("--city", "anyan", ["anyang"], what="city")))


def test_a_far_name_gets_no_guess() -> None:
    assert nearest_name("qqqq", ["shenyang", "anyang"]) is None
    assert not unknown_name("--city", "qqqq", ["shenyang"]).mend


def test_long_lists_are_cut_with_their_count() -> None:
    assert "20 in all" in str(unknown_name("key", "zzz", [f"name_{n:02d}" for n in range(20)]))


def test_streams_do_not_depend_on_the_order_of_asking() -> None:
    first = [stream(7, name).integers(1 << 30) for name in ("a", "b")]
    second = [stream(7, name).integers(1 << 30) for name in ("b", "a")]
    assert first == second[::-1]
    assert stream(8, "a").integers(1 << 30) != first[0]
