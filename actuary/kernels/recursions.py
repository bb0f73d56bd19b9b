"""The recursions of a fund: compound growth, the balance rolled forward with and without interest, four quarters."""

from __future__ import annotations

from actuary.kernels.jit import FloatArray, gufunc

__all__ = ["accrue", "compound", "roll_forward", "trailing_sum"]


@gufunc(["void(float64, float64[:], float64[:])"], "(),(n)->(n)")
def compound(opening: float, factor: FloatArray, out: FloatArray) -> None:
    r"""Grow an opening value by a factor each period.

    .. math:: v_t = v_{t-1} \, f_t, \qquad v_0 = \text{opening}

    Parameters
    ----------
    opening : array, shape (...)
        Value before the first period, in any unit.
    factor : array, shape (..., n)
        Growth factor of each period; 1 keeps the value. Finite factors overflow only beyond 1e308.

    Returns
    -------
    array, shape (..., n)
        Value at the end of each period, in the unit of `opening`.

    Examples
    --------
    >>> compound(100.0, [1.1, 1.0, 0.5]).round(9).tolist()
    [110.0, 110.0, 55.0]
    """
    value = opening
    for period in range(factor.size):
        value = value * factor[period]
        out[period] = value


@gufunc(
    ["void(float64, float64[:], float64[:], float64[:], float64[:])"],
    "(),(n),(n),(n)->(n)",
)
def roll_forward(
    opening: float, income: FloatArray, expenditure: FloatArray, adjustment: FloatArray, out: FloatArray
) -> None:
    r"""Roll a fund balance forward.

    .. math:: B_t = B_{t-1} + I_t - E_t + A_t

    A balance may become negative: that is a shortfall, and it is shown as one. A missing flow makes its period and
    every later one missing.

    Parameters
    ----------
    opening : array, shape (...)
        Balance before the first period [yuan].
    income, expenditure : array, shape (..., n)
        Flows of each period [yuan].
    adjustment : array, shape (..., n)
        Prior-year adjustments and rounding booked in each period [yuan].

    Returns
    -------
    array, shape (..., n)
        Balance at the end of each period [yuan]. Amounts below 2**53 fen stay exact when they are whole fen or yuan.

    Examples
    --------
    >>> roll_forward(10.0, [5.0, 5.0], [7.0, 9.0], [0.0, 0.0]).tolist()
    [8.0, 4.0]
    """
    balance = opening
    for period in range(income.size):
        balance = balance + income[period] - expenditure[period] + adjustment[period]
        out[period] = balance


@gufunc(["void(float64[:], int64, float64[:])"], "(n),()->(n)")
def trailing_sum(values: FloatArray, window: int, out: FloatArray) -> None:
    """Add up the last periods, the current one included.

    Parameters
    ----------
    values : array, shape (..., n)
        Flow of each period.
    window : int
        How many periods are added; four quarters make a year.

    Returns
    -------
    array, shape (..., n)
        The sum, missing where fewer than `window` periods are known. Each sum is added afresh, oldest first, so that no
        rounding is carried along.

    Examples
    --------
    >>> trailing_sum([1.0, 2.0, 3.0, 4.0, 5.0], 4).tolist()
    [nan, nan, nan, 10.0, 14.0]
    """
    for period in range(values.size):
        if period + 1 < window:
            out[period] = float("nan")
        else:
            total = 0.0
            for back in range(window - 1, -1, -1):
                total += values[period - back]
            out[period] = total


@gufunc(["void(float64, float64[:], float64[:], float64[:])"], "(),(n),(n)->(n)")
def accrue(opening: float, interest: FloatArray, net: FloatArray, out: FloatArray) -> None:
    r"""Roll a balance forward that earns interest on what it held when the period began.

    .. math:: B_t = B_{t-1} + i_t \max(B_{t-1}, 0) + F_t

    A shortfall bears no interest: nobody lends to the fund here, and what it would cost is no rule.

    Parameters
    ----------
    opening : array, shape (...)
        Balance before the first period [yuan].
    interest : array, shape (..., n)
        Rate of each period, not of a year [share].
    net : array, shape (..., n)
        Income without interest less spending [yuan].

    Returns
    -------
    array, shape (..., n)
        Balance at the end of each period [yuan].

    Examples
    --------
    >>> accrue(100.0, [0.01, 0.01, 0.01], [9.0, -200.0, 1.0]).round(9).tolist()
    [110.0, -88.9, -87.9]
    """
    balance = opening
    for period in range(interest.size):
        balance = balance + interest[period] * max(balance, 0.0) + net[period]
        out[period] = balance
