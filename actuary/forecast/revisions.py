"""How far last figures lie from first ones, measured line by line from figures published twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuary.forecast.fund_spec import RevisionSpec

__all__ = ["Revisions", "measure_revisions", "revision_pairs"]

type FloatArray = NDArray[np.float64]

#: Bases of last figures, and of first ones, of flows of money.
_LAST, _FIRST = "bulletin", "flash"
_FLOWS = ("income", "expenditure")
#: A normal law has a median absolute deviation of this share of its standard deviation.
_MAD = 0.6745


def revision_pairs(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what was published first and last for the same flow of the same year.

    Parameters
    ----------
    rows : DataFrame
        Fact rows of a region, as :func:`actuary.tables.facts` returns them. Figures from memory are left out.

    Returns
    -------
    DataFrame
        scheme, indicator, period, first, last [yuan], revision (last over first less one).

    Examples
    --------
    >>> from actuary.tables import facts
    >>> pairs = revision_pairs(facts("national", observed=True))
    >>> row = pairs[(pairs.scheme == "all") & (pairs.indicator == "income") & (pairs.period == "2024")]
    >>> round(100 * row.revision.item(), 2)
    0.3
    """
    is_flow = rows["indicator"].str.endswith(_FLOWS)
    whole = rows["period"].str.fullmatch(r"\d{4}") & rows["scope"].eq("") & rows["group"].eq("")
    used = rows[is_flow & whole & rows["confidence"].ne("recalled") & rows["basis"].isin([_FIRST, _LAST])]
    key = ["scheme", "indicator", "period"]
    both = [
        used[used["basis"].eq(basis)].drop_duplicates(key)[[*key, "value"]].rename(columns={"value": name})
        for basis, name in ((_FIRST, "first"), (_LAST, "last"))
    ]
    pairs = both[0].merge(both[1], on=key).sort_values(key, ignore_index=True)
    return pairs.assign(revision=pairs["last"] / pairs["first"] - 1)


@dataclass(frozen=True, eq=False)
class Revisions:
    """Hold how far the last figure of a line will lie from its first one.

    Parameters
    ----------
    table : DataFrame
        One row a line: scheme, indicator, pairs, mean, spread (of the next revision, standard deviation of its law
        where it has one), degrees (of freedom of Student's law).
    mean, spread, worth : float
        The same pooled over all lines, and how many pairs that is worth for a line with none of its own.
    """

    table: pd.DataFrame
    mean: float
    spread: float
    worth: float

    def law(self, scheme: str, indicator: str) -> tuple[float, float, float]:
        """Return location, scale and degrees of freedom of the next revision of a line."""
        mine = self.table[(self.table["scheme"] == scheme) & (self.table["indicator"] == indicator)]
        if mine.empty:
            scale = self.spread * np.sqrt((self.worth + 1) / self.worth)
            return self.mean, float(scale), self.worth
        row = mine.iloc[0]
        return float(row["mean"]), float(row["scale"]), float(row["degrees"])

    def draw(self, scheme: str, indicator: str, *, size: int, rng: np.random.Generator) -> FloatArray:
        """Draw revisions of a line, shape (size,), above -0.5.

        Parameters
        ----------
        scheme, indicator : str
            The line; one without pairs of its own takes the pooled law.
        size : int
            How many.
        rng : numpy.random.Generator
            Where the randomness is from.
        """
        location, scale, degrees = self.law(scheme, indicator)
        found: FloatArray = location + scale * rng.standard_t(degrees, size=size)
        return np.clip(found, -0.5, 1.0)


def measure_revisions(pairs: pd.DataFrame, spec: RevisionSpec) -> Revisions:
    r"""Measure revisions line by line, each drawn towards all lines as far as it has few pairs of its own.

    A line's revisions are normal with unknown mean and spread under the conjugate prior that is centred at the median
    and the median absolute deviation of all pairs and worth so many of them; the next one then follows Student's law.

    Parameters
    ----------
    pairs : DataFrame
        See :func:`revision_pairs`.
    spec : RevisionSpec
        The declaration.

    Examples
    --------
    >>> from actuary.forecast.fund_spec import load_fund_spec
    >>> from actuary.tables import facts
    >>> found = measure_revisions(revision_pairs(facts("national", observed=True)), load_fund_spec().revision)
    >>> found.law("maternity", "expenditure")[1] > 3 * found.law("resident", "income")[1]
    True
    """
    every = pairs["revision"].to_numpy(dtype=np.float64)
    if not every.size:
        columns = ["scheme", "indicator", "pairs", "mean", "scale", "degrees"]
        return Revisions(pd.DataFrame(columns=columns), 0.0, 0.01, spec.worth)
    centre = float(np.median(every))
    spread = max(float(np.median(np.abs(every - centre))) / _MAD, 1e-4)
    worth = spec.worth
    rows = []
    for (scheme, indicator), group in pairs.groupby(["scheme", "indicator"], sort=True):
        r = group["revision"].to_numpy(dtype=np.float64)
        n, k = r.size, worth + r.size
        mean = (worth * centre + r.sum()) / k
        squares = worth * spread**2 + ((r - r.mean()) ** 2).sum() + worth * n * (r.mean() - centre) ** 2 / k
        degrees = worth + n
        scale = np.sqrt(squares / degrees * (k + 1) / k)
        rows.append((scheme, indicator, n, mean, scale, degrees))
    table = pd.DataFrame(rows, columns=["scheme", "indicator", "pairs", "mean", "scale", "degrees"])
    return Revisions(table, centre, spread, worth)
