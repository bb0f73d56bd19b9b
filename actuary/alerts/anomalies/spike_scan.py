"""Search for spikes: categories of one quarter in which a hospital uses more of something than it and its peers do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from actuary.alerts.anomalies.peers import sum_by

__all__ = ["SpikeScan", "scan_spikes"]

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class SpikeScan:
    """Hold what a scan found.

    Parameters
    ----------
    log_evidence : float array, shape (hospitals,)
        Logarithm of the Bayes factor of a spike somewhere against none; minus infinity without cases.
    cell_of_case : int array, shape (cases,)
        Cell of each case: hospital, category and quarter.
    hospital, category, quarter : int array, shape (cells,)
        What each cell is.
    excess : float array, shape (cells,)
        Rise of the log odds above the hospital's own level.
    sd : float array, shape (cells,)
        Its spread where there is no spike.
    cases, information : float array, shape (cells,)
        Cases, and the sum of `w` over them.
    posterior : float array, shape (cells,)
        Probability of a spike in the cell, given that its hospital may have one.
    """

    log_evidence: FloatArray
    cell_of_case: IntArray
    hospital: IntArray
    category: IntArray
    quarter: IntArray
    excess: FloatArray
    sd: FloatArray
    cases: FloatArray
    information: FloatArray
    posterior: FloatArray


def _log_bayes(gap: FloatArray, sd: FloatArray, scale: float) -> FloatArray:
    """Return the log Bayes factor of a half-normal rise of this scale against none."""
    wide = np.sqrt(sd**2 + scale**2)
    lean = gap * scale / (sd * wide)
    found = stats.norm.logpdf(gap, 0, wide) - stats.norm.logpdf(gap, 0, sd) + np.log(2) + special.log_ndtr(lean)
    return np.asarray(found, np.float64)


def _shrunken(total: FloatArray, weight: FloatArray, sampling: FloatArray, ok: NDArray[np.bool_]) -> FloatArray:
    """Return means drawn to zero as far as their spread is no more than sampling, but by no more than one spread.

    The limit keeps the level of the few that really differ from the others, whose spread says that nobody does.
    """
    mean = total / np.maximum(weight, _LEAST)
    between = 0.0
    if ok.sum() >= 3:
        spread = float(1.4826 * np.median(np.abs(mean[ok] - np.median(mean[ok]))))
        between = max(spread**2 - float(np.median(sampling[ok])), 0.0)
    keep = between / np.maximum(between + sampling, 1e-300)
    limit = np.sqrt(sampling)
    return np.where(weight > 0, mean - np.clip((1 - keep) * mean, -limit, limit), 0.0)


def scan_spikes(  # noqa: PLR0913  (what a case is, and what is looked for)
    residual: FloatArray,
    hospital: IntArray,
    *,
    information: FloatArray,
    category: IntArray,
    quarter: IntArray,
    hospitals: int,
    scale: float,
    share_of_categories: float,
    least_cases: float,
) -> SpikeScan:
    r"""Weigh for each hospital the evidence of a rise in some categories of one quarter.

    With :math:`r_i = s_i - e_i` the share used above what is expected and :math:`w_i = e_i(1-e_i)`, the log odds of
    use rise in a cell by :math:`\sum r_i / \sum w_i`, with variance :math:`d_c / \sum w_i`. Taken off is the level of
    the hospital in the other quarters of the category, and in all, each shrunken. With :math:`B_{cq}` the Bayes factor
    of a half-normal rise in one cell,

    .. math:: B_h = \frac1Q \sum_q \prod_c (1-\varepsilon + \varepsilon B_{cq})

    A hospital without spikes has :math:`E[B_h] = 1`, so that :math:`P(B_h \ge 1/\alpha) \le \alpha`.

    Parameters
    ----------
    residual : float array, shape (cases,)
        Share used above what peers use in the same group.
    information : float array, shape (cases,)
        `w`, above 0.
    hospital, category, quarter : int array, shape (cases,)
        Where a case lies, all from 0.
    hospitals : int
        How many hospitals there are.
    scale : float
        Size of the rises that are looked for [log odds].
    share_of_categories : float
        Share of the categories of a quarter that a spike touches, `epsilon`.
    least_cases : float
        Cells with fewer cases take no part.

    Returns
    -------
    SpikeScan
        Evidence by hospital and cell.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> hospital, quarter = np.repeat(np.arange(10), 400), np.tile(np.repeat(np.arange(4), 100), 10)
    >>> use = 0.3 + rng.normal(0, 0.05, 4000) + np.where((hospital == 3) & (quarter == 2), 0.1, 0.0)
    >>> found = scan_spikes(use - 0.3, hospital, information=np.full(4000, 0.21), category=np.zeros(4000, int),
    ...                     quarter=quarter, hospitals=10, scale=0.4, share_of_categories=0.1, least_cases=5)
    >>> int(found.log_evidence.argmax()), bool(np.delete(found.log_evidence, 3).max() < 3)
    (3, True)
    """
    quarters, categories = int(quarter.max()) + 1, int(category.max()) + 1
    size = hospitals * categories * quarters
    cell = (hospital * categories + category) * quarters + quarter
    shape = (hospitals, categories, quarters)
    count = sum_by(cell, None, size=size).reshape(shape)
    weight = sum_by(cell, information, size=size).reshape(shape)
    total = sum_by(cell, residual, size=size).reshape(shape)
    dispersion = _dispersion(residual, information, cell, category=category, categories=categories)
    variance = np.broadcast_to(dispersion[None, :, None], shape)
    # Own level, leaving the cell out: of the whole hospital first, then of the category in its other quarters.
    whole_n, whole_w, whole = count.sum(axis=(1, 2)), weight.sum(axis=(1, 2)), total.sum(axis=(1, 2))
    usual = float((variance * count).sum() / max(count.sum(), 1.0))
    own = _shrunken(whole, whole_w, usual / np.maximum(whole_w, _LEAST), whole_n >= least_cases)
    centred = total - own[:, None, None] * weight
    others_n = count.sum(axis=2, keepdims=True) - count
    others_w = weight.sum(axis=2, keepdims=True) - weight
    others = centred.sum(axis=2, keepdims=True) - centred
    sampling = variance / np.maximum(others_w, _LEAST)
    category_level = _shrunken(others, others_w, sampling, others_n >= 4 * least_cases)
    taken = count >= least_cases
    safe = np.maximum(weight, _LEAST)
    gap = centred / safe - category_level
    sd = np.sqrt(variance / safe)
    if taken.sum() >= 20:
        # Honest cells vary a little more than their cases say; the spread of most of them tells how much.
        ratio = float(1.4826 * np.median(np.abs(gap[taken] / sd[taken] - np.median(gap[taken] / sd[taken]))))
        sd = sd * max(ratio, 1.0)
    bayes = np.where(taken, _log_bayes(gap, sd, scale), 0.0)
    mixed = np.where(taken, np.logaddexp(np.log1p(-share_of_categories), np.log(share_of_categories) + bayes), 0.0)
    by_quarter = mixed.sum(axis=1)
    evidence = special.logsumexp(by_quarter, axis=1) - np.log(quarters)
    which = special.softmax(by_quarter, axis=1)[:, None, :]
    inside = special.expit(np.log(share_of_categories / (1 - share_of_categories)) + bayes)
    posterior = np.where(taken, which * inside, 0.0)
    places = np.unravel_index(np.arange(size), shape)
    return SpikeScan(
        log_evidence=np.where(whole_n > 0, evidence, -np.inf),
        cell_of_case=cell,
        hospital=places[0], category=places[1], quarter=places[2],
        excess=gap.ravel(), sd=sd.ravel(), cases=count.ravel(), information=weight.ravel(),
        posterior=posterior.ravel(),
    )  # fmt: skip


def _dispersion(
    residual: FloatArray, information: FloatArray, cell: IntArray, *, category: IntArray, categories: int
) -> FloatArray:
    """Return by category how many times `w` the variance of a case is; near that of all where cases are few."""
    size = int(cell.max()) + 1
    weight = np.maximum(sum_by(cell, information, size=size), _LEAST)
    level = sum_by(cell, residual, size=size) / weight
    squares = (residual - level[cell] * information) ** 2 / np.maximum(information, _LEAST)
    # A cell of one case says nothing about the spread within it.
    count = sum_by(cell, None, size=size)
    freedom = np.where(count > 1, 1 - 1 / np.maximum(count, 1.0), 0.0)[cell]
    used = np.where(freedom > 0, squares, 0.0)
    overall = float(used.sum() / max(freedom.sum(), 1.0))
    found = (sum_by(category, used, size=categories) + 30 * overall) / (sum_by(category, freedom, size=categories) + 30)
    return np.asarray(np.maximum(found, _LEAST), np.float64)


#: Below this a sum of `w` counts as none.
_LEAST = 1e-9
