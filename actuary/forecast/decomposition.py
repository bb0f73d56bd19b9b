"""Split the change of a product (people x use x price x share) among its factors, without a rest."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actuary.errors import ActuaryError, Problem, raise_all

__all__ = ["decompose_change"]

type FloatArray = NDArray[np.float64]


def _log_mean(a: FloatArray, b: FloatArray) -> FloatArray:
    ratio = np.log(b / a)
    near = np.abs(ratio) < 1e-9
    mean: FloatArray = np.where(near, (a + b) / 2, (b - a) / np.where(near, 1.0, ratio))
    return mean


def decompose_change(before: Mapping[str, ArrayLike], after: Mapping[str, ArrayLike]) -> dict[str, FloatArray]:
    r"""Return what each factor of a product contributed to its change.

    .. math:: \Delta_k = L(y_0, y_1) \ln (x_{1k} / x_{0k}), \qquad L(a, b) = (b - a) / \ln (b / a), \qquad
              \sum_k \Delta_k = y_1 - y_0

    The logarithmic mean divides the joint part of a change between its factors, so that nothing is left over and the
    order of the factors does not matter (Ang 2005, logarithmic mean Divisia index).

    Parameters
    ----------
    before, after : mapping of str to array
        Factors of the product, such as ``{"admissions": …, "cost_per_stay": …}``: the same names in both, positive
        values of one shape, or draws of it.

    Returns
    -------
    dict of str to array
        Contribution of each factor, in the unit of the product.

    Raises
    ------
    ActuaryError
        When the names differ or a factor is not positive.

    Examples
    --------
    >>> found = decompose_change({"volume": 100.0, "price": 10.0}, {"volume": 110.0, "price": 10.0})
    >>> {name: round(float(value), 6) for name, value in found.items()}
    {'volume': 100.0, 'price': 0.0}
    """
    problems = []
    if set(before) != set(after):
        problems.append(Problem("factors", f"{sorted(before)} before, {sorted(after)} after", "the same of both"))
    x0 = {name: np.asarray(value, dtype=np.float64) for name, value in before.items()}
    x1 = {name: np.asarray(value, dtype=np.float64) for name, value in after.items()}
    for when, factors in (("before", x0), ("after", x1)):
        problems += [
            Problem(f"factor {name}, {when}", f"{float(np.nanmin(value)):g}", "above zero everywhere")
            for name, value in factors.items()
            if not (value > 0).all()
        ]
    raise_all(problems, ActuaryError)
    y0, y1 = (np.prod(np.broadcast_arrays(*factors.values()), axis=0) for factors in (x0, x1))
    weight = _log_mean(y0, y1)
    return {name: weight * np.log(x1[name] / x0[name]) for name in x0}
