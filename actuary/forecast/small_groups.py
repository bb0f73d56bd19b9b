r"""Weights of groups with few cases: group means drawn towards their family by how much they can be believed.

The log of the cost of a case is

.. math:: \log y = \mu + m_{mdc} + a_{adrg} + t_{tier} + d_{drg} + h_{hospital} + e

with normal effects whose spreads are found by restricted maximum likelihood (as expectation-maximisation), and a
variance of e for every group that is itself drawn towards the common one. The mean cost of a group is the exponential
of its effects over its hospitals, times the mean of exp(e): this factor is taken from the cases, not from the normal
curve, and drawn towards that of the family, so that a group with many cases keeps its own mean.
"""

from __future__ import annotations

import hashlib
import html
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuary.dims import CI_PROB
from actuary.errors import Problem, TableError, raise_all
from actuary.forecast.delay_spec import SmallGroupSpec, load_small_group_spec
from actuary.policy import fingerprint

__all__ = ["ShrunkWeights", "shrink_group_means"]

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]

_NEEDED = ("drg", "adrg", "mdc", "hospital", "cost")
_STEPS = 200
_SETTLED = 1e-4
_SHOWN = 8


@dataclass(frozen=True, eq=False, repr=False)
class ShrunkWeights:
    """Hold weights of groups with their intervals.

    Parameters
    ----------
    table : DataFrame
        One row a group: drg, adrg, mdc, cases, raw_mean, shrunk_mean with low and high [unit of the costs], weight,
        weight_low, weight_high, belief (share of the group's own effect that is kept, 0 to 1).
    spreads : dict
        Standard deviations of the effects [log]: mdc, adrg, tier, drg, hospital, case.
    left_out : int
        Cases without a cost above 0.
    ci_prob : float
        Probability of the intervals.
    unit : str
        Unit of the costs.
    synthetic : bool
        Whether the cases are made up.
    declared : str
        Fingerprint of the declaration the means rest on.
    """

    table: pd.DataFrame
    spreads: dict[str, float]
    left_out: int
    ci_prob: float = CI_PROB
    unit: str = ""
    synthetic: bool = False
    declared: str = ""

    @property
    def basis(self) -> str:
        """What the weights are."""
        return "mean cost of a group over the mean of all cases; the cases' total weight is their number"

    @property
    def fingerprint(self) -> str:
        """Hash of the table, the declaration it rests on and the probability of its intervals."""
        said = f"{self.declared}\n{self.ci_prob!r}\n{self.table.to_csv(index=False)}"
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def to_frame(self) -> pd.DataFrame:
        """Return the table."""
        return self.table.copy()

    def summary(self) -> pd.DataFrame:
        """Return the spreads of the effects, the widest first: effect, sd_log."""
        ordered = sorted(self.spreads.items(), key=lambda item: -item[1])
        return pd.DataFrame(ordered, columns=["effect", "sd_log"])

    def future_means(self, cases: pd.Series) -> pd.DataFrame:
        """Return intervals for the mean cost of so many further cases of every group.

        Parameters
        ----------
        cases : Series
            Number of further cases by drg.

        Returns
        -------
        DataFrame
            drg, mean, low, high [unit of the costs] of the groups that are asked for.
        """
        rows = self.table[self.table["drg"].isin(cases.index)]
        count = cases.reindex(rows["drg"]).to_numpy(float)
        chance = np.log1p(rows["case_cv"].to_numpy() ** 2 / count)
        sd = np.sqrt(rows["sd_log"].to_numpy() ** 2 + chance)
        mean = rows["shrunk_mean"].to_numpy()
        far = NormalDist().inv_cdf((1 + self.ci_prob) / 2) * sd
        # The mean of few cases leans to the right: its middle lies below its mean.
        middle = mean * np.exp(-chance / 2)
        columns = {
            "drg": rows["drg"].to_numpy(),
            "mean": mean,
            "low": middle * np.exp(-far),
            "high": middle * np.exp(far),
        }
        return pd.DataFrame(columns)

    def __repr__(self) -> str:
        """Return one line: groups, cases, spreads."""
        cases = int(self.table["cases"].sum())
        return f"ShrunkWeights({len(self.table)} groups, {cases:,} cases, case spread {self.spreads['case']:.2f})"

    def _repr_html_(self) -> str:
        mark = "<p><b>synthetic</b></p>" if self.synthetic else ""
        said = html.escape(f"{self!r}; {self.basis}; {self.fingerprint}")
        return f"<p>{said}</p>{mark}{self.table.head(20).to_html(index=False, float_format='{:,.4g}'.format)}"


def _checked(cases: pd.DataFrame, where: str) -> tuple[pd.DataFrame, int]:
    """Return the cases with a cost above 0, and how many have none; raise what cannot be read."""
    missing = [name for name in _NEEDED if name not in cases]
    found = ", ".join(map(str, cases.columns)) or "no columns"
    raise_all([Problem(f"{where}, column {name}", f"columns {found}", "that column") for name in missing], TableError)
    names = [*_NEEDED, *(["tier"] if "tier" in cases else [])]
    rows = cases[names].reset_index(drop=True)
    problems = []
    for name in names:
        if name != "cost":
            empty = int(rows[name].isna().sum())
            if empty:
                problems.append(Problem(f"{where}, column {name}", f"{empty} empty cells", "a name in every row"))
            rows[name] = rows[name].astype(str)
    for inner, outer in (("drg", "adrg"), ("adrg", "mdc")):
        parents = rows.groupby(inner)[outer].nunique()
        problems += [
            Problem(f"{where}, {inner} {name}", f"{parents[name]} values of {outer}", f"one {outer}")
            for name in parents.index[parents > 1][:_SHOWN]
        ]
    cost = pd.to_numeric(rows["cost"], errors="coerce").astype(float)
    good = np.isfinite(cost) & (cost > 0)
    if not problems and good.sum() < 2:
        problems.append(Problem(f"{where}, column cost", f"{int(good.sum())} costs above 0", "2 cases or more"))
    raise_all(problems, TableError)
    return rows.assign(cost=cost)[good].reset_index(drop=True), int((~good).sum())


@dataclass(eq=False)
class _Effects:
    """Effects in one vector: the mean, then the levels of every factor."""

    names: list[str]
    codes: list[IntArray]
    sizes: list[int]
    found: FloatArray
    covariance: FloatArray
    spreads: dict[str, float]

    def slot(self, position: int) -> slice:
        """Return where the levels of a factor lie."""
        begin = 1 + sum(self.sizes[:position])
        return slice(begin, begin + self.sizes[position])

    def fitted(self) -> FloatArray:
        """Return the fitted log cost of every case."""
        parts = [self.found[self.slot(p)][codes] for p, codes in enumerate(self.codes)]
        fitted: FloatArray = self.found[0] + np.sum(parts, axis=0)
        return fitted


def _moments(effects: _Effects, logs: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the weighted cross products of the effects, and of the effects with the log costs."""
    from scipy.sparse import csr_array  # noqa: PLC0415  (only those who fit load it)

    starts = np.cumsum([1, *effects.sizes[:-1]])
    columns = np.column_stack(
        [np.zeros(logs.size, dtype=int), *(b + c for b, c in zip(starts, effects.codes, strict=True))]
    )
    rows = np.repeat(np.arange(logs.size), columns.shape[1])
    shape = (logs.size, effects.found.size)
    design = csr_array((np.ones(rows.size), (rows, columns.ravel())), shape=shape)
    products = (design.T @ (design * weight[:, None])).toarray()
    return products, design.T @ (weight * logs)


def _fit(effects: _Effects, logs: FloatArray, weight: FloatArray, spec: SmallGroupSpec) -> None:
    """Find effects and spreads; weight is relative to the common variance of a case."""
    products, pull = _moments(effects, logs, weight)
    square = float(np.sum(weight * logs**2))
    for _ in range(_STEPS):
        prior = np.zeros(effects.found.size)
        for position, name in enumerate(effects.names):
            prior[effects.slot(position)] = 1 / effects.spreads[name] ** 2
        case = effects.spreads["case"] ** 2
        effects.covariance = np.linalg.inv(products / case + np.diag(prior))
        effects.found = effects.covariance @ pull / case
        before = dict(effects.spreads)
        for position, name in enumerate(effects.names):
            slot = effects.slot(position)
            squares = effects.found[slot] ** 2 + np.diag(effects.covariance)[slot]
            # The prior keeps factors with one or two levels from running to nothing.
            held = spec.spread_worth * spec.spread_prior**2
            effects.spreads[name] = float(
                np.sqrt((held + squares.sum()) / (spec.spread_worth + effects.sizes[position]))
            )
        left = square - 2 * effects.found @ pull + effects.found @ products @ effects.found
        doubt = float(np.sum(products * effects.covariance))
        effects.spreads["case"] = float(np.sqrt((left + doubt) / logs.size))
        if max(abs(np.log(effects.spreads[name] / before[name])) for name in before) < _SETTLED:
            break


def _smearing(
    residual: FloatArray, group: IntArray, family: IntArray, counts: FloatArray, spec: SmallGroupSpec
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the log of the mean of exp(residual) by group, its standard deviation, and the spread of a case.

    Own factors are drawn towards the family's, and the families' towards the common one.
    """
    ratio = np.exp(residual)
    overall = float(ratio.mean())
    cv_all = float(ratio.std() / overall)

    def means(codes: IntArray, towards: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        count = np.bincount(codes)
        mean = np.bincount(codes, ratio) / count
        second = np.bincount(codes, (ratio - mean[codes]) ** 2)
        relative = second / mean**2
        cv2 = (relative + spec.variance_worth * cv_all**2) / (count + spec.variance_worth)
        chance = cv2 / count
        apart = np.log(mean) - towards
        # Method of moments for the true spread of the factors, over groups by the inverse of their chance.
        trust = 1 / (chance + spec.smear_doubt)
        between = max(1e-6, float(np.sum(trust * (apart**2 - chance)) / np.sum(trust)))
        keep = between / (between + chance)
        return towards + keep * apart, np.sqrt(keep * chance), np.sqrt(cv2)

    families, _, _ = means(family, np.full(int(family.max()) + 1, np.log(overall)))
    parent = np.zeros(counts.size, dtype=int)
    parent[group] = family
    return means(group, families[parent])


def _hospital_mix(
    effects: _Effects, group: IntArray, family: IntArray, counts: FloatArray, worth: float
) -> tuple[FloatArray, float]:
    """Return the log of the mean hospital factor of every group, its own mix beside that of the family.

    The second is how widely the factor varies between the cases of a family, as a share of it, squared.
    """
    factor = np.exp(effects.found[effects.slot(effects.names.index("hospital"))])[
        effects.codes[effects.names.index("hospital")]
    ]
    parent = np.zeros(counts.size, dtype=int)
    parent[group] = family
    usual = np.bincount(family, factor) / np.bincount(family)
    varied = float(np.mean((factor / usual[family] - 1) ** 2))
    wide = usual[parent]
    mix: FloatArray = np.log((np.bincount(group, factor) + worth * wide) / (counts + worth))
    return mix, varied


def shrink_group_means(
    cases: pd.DataFrame,
    *,
    ci_prob: float = CI_PROB,
    where: str = "cases",
    unit: str = "",
    synthetic: bool = False,
    spec: SmallGroupSpec | None = None,
) -> ShrunkWeights:
    """Estimate the mean cost and the weight of groups, small ones with the help of their family.

    Parameters
    ----------
    cases : DataFrame
        Columns ``drg, adrg, mdc, hospital, cost`` and, where groups of one severity resemble each other over
        families, ``tier``. One row a case; cases without a cost above 0 are counted and left out.
    ci_prob : float
        Probability of the intervals [share].
    where : str
        What messages call the cases.
    unit : str
        Unit of the costs.
    synthetic : bool
        Whether the cases are made up.
    spec : SmallGroupSpec, optional
        Priors and constants; models/forecast/small_groups.toml when left out.

    Returns
    -------
    ShrunkWeights
        One row a group.

    Raises
    ------
    TableError
        With every problem of the columns: missing ones, empty names, a group in two families, no cost above 0.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> rows = pd.DataFrame({"drg": np.repeat(["AA1", "AA3", "AB1"], [200, 150, 3]), "mdc": "A", "hospital": "h"})
    >>> rows["adrg"] = rows["drg"].str[:2]
    >>> rows["cost"] = np.exp(9 + 0.5 * rng.standard_normal(len(rows)))
    >>> found = shrink_group_means(rows)
    >>> bool(np.isclose((found.table["weight"] * found.table["cases"]).sum(), 353))
    True
    """
    spec = spec or load_small_group_spec()
    rows, left_out = _checked(cases, where)
    names = ["mdc", "adrg", *(["tier"] if "tier" in rows else []), "drg", "hospital"]
    levels = [pd.factorize(rows[name], sort=True) for name in names]
    codes = [np.asarray(level[0], dtype=np.int64) for level in levels]
    sizes = [len(level[1]) for level in levels]
    logs = np.log(rows["cost"].to_numpy())
    total = 1 + sum(sizes)
    spreads = dict.fromkeys(names, spec.first_spread) | {"case": max(float(logs.std()), 0.05)}
    effects = _Effects(names, codes, sizes, np.zeros(total), np.zeros((total, total)), spreads)
    _fit(effects, logs, np.ones(logs.size), spec)
    group, family = codes[names.index("drg")], codes[names.index("adrg")]
    counts = np.bincount(group).astype(float)
    squares = np.bincount(group, (logs - effects.fitted()) ** 2)
    common = effects.spreads["case"] ** 2
    variance = (squares + spec.variance_worth * common) / (counts + spec.variance_worth)
    _fit(effects, logs, (common / variance)[group], spec)

    smear, smear_sd, case_cv = _smearing(logs - effects.fitted(), group, family, counts, spec)
    first = np.unique(group, return_index=True)[1]
    combine = np.zeros((counts.size, total))
    combine[:, 0] = 1.0
    for position, name in enumerate(names):
        if name != "hospital":
            combine[np.arange(counts.size), effects.slot(position).start + codes[position][first]] = 1.0
    centre = combine @ effects.found
    doubt = ((combine @ effects.covariance) * combine).sum(axis=1)
    mix, varied = _hospital_mix(effects, group, family, counts, spec.mix_worth)
    sd = np.sqrt(doubt + smear_sd**2 + varied / (counts + spec.mix_worth))
    mean = np.exp(centre + mix + smear)
    own = effects.spreads["drg"] ** 2
    table = rows.loc[first, ["drg", "adrg", "mdc"]].reset_index(drop=True)
    table["cases"] = counts.astype(int)
    table["raw_mean"] = np.bincount(group, rows["cost"].to_numpy()) / counts
    far = np.exp(NormalDist().inv_cdf((1 + ci_prob) / 2) * sd)
    table["shrunk_mean"], table["low"], table["high"] = mean, mean / far, mean * far
    whole = float(np.sum(mean * counts) / counts.sum())
    for name, of in (("weight", "shrunk_mean"), ("weight_low", "low"), ("weight_high", "high")):
        table[name] = table[of] / whole
    table["belief"] = own / (own + variance / counts)
    table["sd_log"], table["case_cv"] = sd, np.sqrt(case_cv**2 + varied)
    return ShrunkWeights(table, dict(effects.spreads), left_out, ci_prob, unit, synthetic, fingerprint(spec))
