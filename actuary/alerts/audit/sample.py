"""Draw the claims that are reviewed a second time, provider by provider and year by year."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actuary.alerts.audit.rules import AuditDesign, AuditPlan
from actuary.alerts.audit.strata import draw_from_strata, lay_strata
from actuary.errors import ActuaryError, Problem, raise_all, unknown_name
from actuary.payment.case_columns import MISSING
from actuary.payment.cases import CaseTable
from actuary.payment.declared_settlement import Audit
from actuary.payment.methods.audit_sample import required_sample
from actuary.policy.fingerprints import fingerprint
from actuary.seeds import stream

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FILLED", "AuditSampling", "draw_audit"]

#: Columns that reviewers fill in.
FILLED: tuple[str, ...] = ("result", "error_yuan", "error_kind", "note")


@dataclass(frozen=True, slots=True)
class AuditSampling:
    """Hold which claims were drawn, and from what.

    Parameters
    ----------
    population : DataFrame
        One row a claim that could be drawn: hospital, year, case_id, stratum (0: taken for certain), amount_fen,
        drawn (place in the list of its provider from 1; 0: not drawn), and insurance (empty where not known).
    providers : DataFrame
        One row a provider and year: claims, those of the first review, amount, spend, amount demanded, claims and
        amount drawn, reached.
    left_out : mapping of str to int
        Claims that could not be drawn, by reason.
    seed : int
        Root seed of the draw.
    probability : float
        Probability of intervals.
    fingerprint : str
        Of rule, design, seed and claims.
    synthetic : bool
        Whether the claims are made up.
    """

    population: pd.DataFrame
    providers: pd.DataFrame
    left_out: Mapping[str, int]
    seed: int
    probability: float
    fingerprint: str
    synthetic: bool = False

    def __repr__(self) -> str:
        """Return the summary."""
        return f"AuditSampling(seed {self.seed}, {len(self.providers)} providers)\n{self.summary()}"

    def _repr_html_(self) -> str:
        table: str = self.providers.to_html(index=False, max_rows=20)
        return f"<p>{'<br>'.join(escape(line) for line in self.summary().splitlines())}</p>{table}"

    def to_frame(self) -> pd.DataFrame:
        """Return one row a provider and year [fen]."""
        return self.providers.copy()

    def review_list(self) -> pd.DataFrame:
        """Return the list for the reviewers: one row a claim drawn [yuan], and empty columns to fill in."""
        drawn = self.population[self.population["drawn"] > 0].sort_values(["hospital", "year", "drawn"])
        shown = drawn[["hospital", "year", "drawn", "case_id", "stratum"]].reset_index(drop=True)
        shown["amount_yuan"] = (drawn["amount_fen"] / 100).to_numpy()
        return shown.rename(columns={"drawn": "number"}).assign(**dict.fromkeys(FILLED, ""))

    def summary(self) -> str:
        """Return the draw in one line."""
        found = self.providers
        short = int((~found["reached"]).sum())
        late = f"; {short} providers have too few claims and are reviewed as a whole" if short else ""
        drawn, claims = int(found["drawn_claims"].sum()), int(found["claims"].sum())
        money, demanded = found["drawn_fen"].sum() / 100, found["required_fen"].sum() / 100
        return (
            f"{drawn:,} of {claims:,} claims of {len(found):,} providers and years, "
            f"{money:,.2f} yuan drawn, {demanded:,.2f} demanded{late}"
        )


def draw_audit(
    cases: CaseTable,
    plan: AuditPlan,
    *,
    rule: Audit,
    seed: int,
    by: Sequence[str] = (),
    year: int | None = None,
    spend_fen: Mapping[str, int] | None = None,
) -> AuditSampling:
    """Draw a sample of the claims of every provider and year until the amount that the rule demands is reached.

    Claims that cannot be paid, or whose amount is missing or not above 0, are left out and counted. The draw depends on
    the seed and the claims, not on their order in the table.

    Parameters
    ----------
    cases : CaseTable
        The claims that passed the first review.
    plan : AuditPlan
        How claims are drawn.
    rule : Audit
        How much is drawn.
    seed : int
        Root seed.
    by : sequence of str
        Columns of words that part the claims into strata, such as ``insurance``, ``tier`` or ``department``.
    year : int, optional
        One year of discharge; every year in the table where left out. Needed where the table has no dates.
    spend_fen : mapping of str to int, optional
        Pooled spending of a provider in the year [fen], where it is more than that of these claims.

    Raises
    ------
    ActuaryError
        When the table lacks a column that is needed, or no claim can be drawn.
    """
    design = plan.design
    _check_columns(cases, design, by)
    years = _years(cases, year)
    amounts = cases.amount(design.amount)
    fit, left_out = _fit_claims(cases, amounts, years, year)
    if not fit.any():
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in left_out.items()) or "no rows"
        raise ActuaryError(Problem(cases.source, f"no claim that can be drawn ({reasons})", "claims to review"))
    names = np.asarray(cases.case_id.to_pylist(), dtype=object)
    insurances = np.array([*cases.insurance_names, ""], dtype=object)[cases.insurance_code]
    kinds = _kinds(cases, by)
    rows, lines = [], []
    present = np.unique(cases.hospital_code[fit]).tolist()
    for hospital in sorted(present, key=lambda code: cases.hospital_names[code]):
        label = cases.hospital_names[hospital]
        for one_year in np.unique(years[fit & (cases.hospital_code == hospital)]).tolist():
            places = np.flatnonzero(fit & (cases.hospital_code == hospital) & (years == one_year))
            places = places[np.argsort(names[places].astype(str), kind="stable")]
            own = int(amounts[places].sum())
            spend = max(own, (spend_fen or {}).get(label, 0))
            required = required_sample(spend, rule.sample)
            strata, drawn = _draw(
                amounts[places], kinds[places], required=required, design=design, seed=seed, name=f"{label}/{one_year}"
            )
            rows.append((label, one_year, names[places], strata, amounts[places], drawn, insurances[places]))
            chosen = drawn > 0
            lines.append(
                {
                    "hospital": label,
                    "year": one_year,
                    "claims": len(places),
                    "first_review_claims": math.ceil((rule.first_review or 0) * len(places)),
                    "amount_fen": own,
                    "spend_fen": spend,
                    "required_fen": required,
                    "certain_claims": int((strata == 0).sum()),
                    "drawn_claims": int(chosen.sum()),
                    "drawn_fen": int(amounts[places][chosen].sum()),
                }
            )
    return _finish(rows, lines, left_out, seed=seed, design=design, rule=rule, cases=cases)


def _draw(
    amounts: NDArray[np.int64],
    kinds: NDArray[np.int64],
    *,
    required: int,
    design: AuditDesign,
    seed: int,
    name: str,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the stratum of every claim and its place in the list of the provider, 0 where it was not drawn."""
    strata = lay_strata(amounts, kinds, required_fen=required, design=design)
    rngs = {stratum: stream(seed, f"audit/{name}/{stratum}") for stratum in np.unique(strata[strata > 0]).tolist()}
    chosen = draw_from_strata(amounts, strata, required_fen=required, least=design.min_claims, rngs=rngs)
    drawn = np.zeros(len(amounts), np.int64)
    drawn[chosen] = np.arange(1, len(chosen) + 1)
    return strata, drawn


def _check_columns(cases: CaseTable, design: AuditDesign, by: Sequence[str]) -> None:
    problems = []
    if not cases.has(design.amount):
        mend = "add the column, or choose another amount with --amount"
        problems.append(Problem(cases.source, f"no column {design.amount!r}", "the amount of every claim", mend))
    problems += [
        unknown_name("--by", name, cases.coded, what="column of words") for name in by if name not in cases.coded
    ]
    raise_all(problems)


def _years(cases: CaseTable, year: int | None) -> NDArray[np.int64]:
    """Return the year of discharge of every claim, 0 where it is not known."""
    if "discharge_date" in cases.numbers:
        days = cases.numbers["discharge_date"]
        known = days != MISSING
        found = np.where(known, days, 0).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
        return np.where(known, found, 0)
    if "month" in cases.coded:
        coded = cases.coded["month"]
        labels = [int(name[:4]) if name[:4].isascii() and name[:4].isdigit() else 0 for name in coded.names]
        return np.array([*labels, 0], np.int64)[coded.codes]
    if year is None:
        found_columns, expected = "neither discharge_date nor month", "the year of the claims"
        raise ActuaryError(Problem(cases.source, found_columns, expected, "add a column, or give --year"))
    return np.full(len(cases), year, np.int64)


def _fit_claims(
    cases: CaseTable, amounts: NDArray[np.int64], years: NDArray[np.int64], year: int | None
) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """Return which claims can be drawn, and why the others cannot: the first reason that holds is counted."""
    fit = np.ones(len(cases), bool)
    left_out = {}
    for reason, bad in (
        ("of another year", (years != year) & (years != 0) if year is not None else np.zeros(len(cases), bool)),
        ("that cannot be paid", ~cases.valid),
        ("without a hospital", cases.hospital_code < 0),
        ("without a date", years == 0),
        ("without an amount above 0", amounts <= 0),
    ):
        if count := int((bad & fit).sum()):
            left_out[reason] = count
        fit &= ~bad
    return fit, left_out


def _kinds(cases: CaseTable, by: Sequence[str]) -> NDArray[np.int64]:
    kinds = np.zeros(len(cases), np.int64)
    for name in by:
        coded = cases.coded[name]
        # By name and not by code: codes follow the order of the table.
        ranks = np.argsort(np.argsort(np.array([*coded.names, ""], dtype=str), kind="stable"), kind="stable")
        kinds = kinds * (len(coded.names) + 1) + ranks[coded.codes]
    return kinds


def _finish(
    rows: list[tuple[str, int, NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]],
    lines: list[dict[str, object]],
    left_out: Mapping[str, int],
    *,
    seed: int,
    design: AuditDesign,
    rule: Audit,
    cases: CaseTable,
) -> AuditSampling:
    import pandas as pd  # noqa: PLC0415  (only where claims are drawn)

    population = pd.DataFrame(
        {
            "hospital": np.concatenate([np.full(len(row[2]), row[0], object) for row in rows]),
            "year": np.concatenate([np.full(len(row[2]), row[1]) for row in rows]),
            **{
                name: np.concatenate([row[place] for row in rows])
                for place, name in ((2, "case_id"), (3, "stratum"), (4, "amount_fen"), (5, "drawn"), (6, "insurance"))
            },
        }
    )
    providers = pd.DataFrame(lines)
    providers["reached"] = providers["drawn_fen"] >= providers["required_fen"]
    claims = population.drop(columns="insurance")
    said = {
        "design": {name: str(value) for name, value in design.model_dump().items()},
        "rule": [str(one) for one in rule.sample],
        "seed": seed,
        "claims": str(int(pd.util.hash_pandas_object(claims.astype({"case_id": str}), index=False).sum())),
    }
    return AuditSampling(
        population, providers, left_out, seed, float(design.probability), fingerprint(said), cases.synthetic
    )
