"""Clear what was settled: the hospitals of a settlement, their scores and prepayments, and the alliances they form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actuary.errors import ActuaryError, Problem, raise_all, unknown_name
from actuary.payment.alliance import Alliance, AllianceSettlement, read_alliances, settle_alliance
from actuary.payment.clearing import ClearingRules, HospitalYear, clear_year, clearing_rules
from actuary.payment.clearing_inputs import HospitalPool, read_figures
from actuary.payment.clearing_result import Clearing
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.exact import yuan_to_fen
from actuary.payment.point_value import COMMON
from actuary.policy.fingerprints import fingerprint

if TYPE_CHECKING:
    from actuary.payment.settlement import Settlement

__all__ = ["ClearedYear", "ClearingFiles", "SettledPools", "clear_pools", "clear_settlement", "pools_of_settlement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearingFiles:
    """Name the files with what a clearing needs beside the settlement.

    Parameters
    ----------
    scores, prepaid, charged, deductions : path, optional
        CSV files with a figure for each hospital, see :func:`~actuary.payment.clearing_inputs.read_figures`.
    alliances : path, optional
        TOML file, see :func:`~actuary.payment.alliance.read_alliances`.
    """

    scores: Path | str | None = None
    prepaid: Path | str | None = None
    charged: Path | str | None = None
    deductions: Path | str | None = None
    alliances: Path | str | None = None


@dataclass(frozen=True)
class SettledPools:
    """Hold what a settlement made due, hospital by hospital.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    hospitals : tuple of HospitalYear
        Due, points and, where every case brings it, the charge of each hospital and pool.
    budgets_fen : mapping of str to int
        Budget of each pool that has one [fen].
    fingerprint : str
        Of the settlement.
    synthetic : bool
        Whether its cases are made up.
    """

    policy: PaymentPolicy
    hospitals: tuple[HospitalYear, ...]
    budgets_fen: Mapping[str, int]
    fingerprint: str
    synthetic: bool


@dataclass(frozen=True)
class ClearedYear:
    """Hold the clearing of a settlement.

    Parameters
    ----------
    policy_id : str
        The policy.
    clearing : Clearing
        Hospitals and books.
    alliances : tuple of AllianceSettlement
        Pools of alliances.
    notes : tuple of str
        What a reader should know.
    """

    policy_id: str
    clearing: Clearing
    alliances: tuple[AllianceSettlement, ...]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        """Return policy and summary."""
        return f"ClearedYear({self.policy_id!r}, {len(self.alliances)} alliances)\n{self.clearing.summary()}"

    def _repr_html_(self) -> str:
        return self.clearing._repr_html_()


def pools_of_settlement(settlement: Settlement) -> SettledPools:
    """Return what a settlement made due, hospital by hospital.

    Parameters
    ----------
    settlement : Settlement
        The settlement.
    """
    frame = settlement.totals(by=("hospital", "insurance"))
    budgets = {row.insurance: row.amount_fen for row in settlement.books if row.item == "budget"}
    charged = settlement.table.numbers.get("fund_charged")
    complete = charged is not None and bool((charged[settlement.paid] >= 0).all())
    hospitals = hospital_years(frame.to_dict("records"), budgets, charged=complete)
    return SettledPools(settlement.policy, hospitals, budgets, settlement.fingerprint, settlement.synthetic)


def hospital_years(
    rows: Sequence[Mapping[Any, Any]], budgets_fen: Mapping[str, int], *, charged: bool
) -> tuple[HospitalYear, ...]:
    """Add rows by hospital and insurance up to the pools that pay them.

    Parameters
    ----------
    rows : sequence of mapping
        hospital, insurance, points, fund_fen and, with `charged`, fund_charged_fen; a row without hospital or
        insurance holds rejected cases, for which nothing is due.
    budgets_fen : mapping of str to int
        Budgets; an insurance without one of its own belongs to the common pool, where there is one.
    charged : bool
        Whether the charge of every case is known.
    """
    years: dict[HospitalPool, HospitalYear] = {}
    for row in rows:
        hospital, insurance = row["hospital"], row["insurance"]
        if not isinstance(hospital, str) or not isinstance(insurance, str):
            continue
        common = insurance not in budgets_fen and COMMON in budgets_fen
        key = (hospital, COMMON if common else insurance)
        held = years.get(key, HospitalYear(*key, payable_fen=0, units=Decimal(0), charged_fen=0 if charged else None))
        years[key] = replace(
            held,
            payable_fen=held.payable_fen + int(row["fund_fen"]),
            units=Decimal(str(held.units)) + Decimal(str(row.get("points", 0))),
            charged_fen=None if held.charged_fen is None else held.charged_fen + int(row["fund_charged_fen"]),
        )
    return tuple(years.values())


def clear_settlement(settlement: Settlement, files: ClearingFiles | None = None) -> ClearedYear:
    """Clear the year of a settlement.

    Parameters
    ----------
    settlement : Settlement
        What :func:`~actuary.payment.settle.settle_cases` returned.
    files : ClearingFiles, optional
        Scores, prepayments, charges, deductions and alliances.

    Returns
    -------
    ClearedYear
        Payment and balance of every hospital, and books that close.

    Raises
    ------
    ActuaryError
        When the policy needs scores or charges that are not given, or a file names a stranger.

    Examples
    --------
    >>> import pandas as pd
    >>> from actuary.payment.settle import settle_cases
    >>> stays = pd.DataFrame(
    ...     {"case_id": ["a"], "hospital": ["H1"], "tier": ["3"], "insurance": ["employee"],
    ...      "drg": ["BR25"], "total_cost": ["9000.00"]}
    ... )
    >>> cleared = clear_settlement(settle_cases(stays, "suzhou-2022"))
    >>> cleared.clearing.hospitals[0].payment_fen, cleared.clearing.closes
    (1200436, True)
    """
    return clear_pools(pools_of_settlement(settlement), files)


def clear_pools(pools: SettledPools, files: ClearingFiles | None = None) -> ClearedYear:
    """Clear what was made due; see :func:`clear_settlement`.

    Parameters
    ----------
    pools : SettledPools
        What is due.
    files : ClearingFiles, optional
        Scores, prepayments, charges, deductions and alliances.

    Raises
    ------
    ActuaryError
        As :func:`clear_settlement`.
    """
    given = files or ClearingFiles()
    rules = clearing_rules(pools.policy)
    hospitals, notes = _with_figures(pools, given)
    raise_all(_missing(hospitals, rules))
    alliances = read_alliances(given.alliances) if given.alliances is not None else ()
    _check_alliances(alliances, hospitals)
    parts = {
        "settlement": pools.fingerprint,
        "policy": pools.policy.fingerprint,
        "hospitals": [[str(value) for value in _values(row)] for row in hospitals],
        "alliances": [alliance.model_dump_json() for alliance in alliances],
    }
    clearing = clear_year(
        hospitals, rules, budgets_fen=pools.budgets_fen, fingerprint=fingerprint(parts), synthetic=pools.synthetic
    )
    paid = {(row.hospital, row.insurance): row.payment_fen for row in clearing.hospitals}
    settled = tuple(
        settle_alliance(
            alliance,
            {name: amount for (name, insurance), amount in paid.items() if insurance == alliance.insurance},
            mode=rules.mode,
        )
        for alliance in alliances
    )
    return ClearedYear(pools.policy.id, clearing, settled, notes)


def _values(row: HospitalYear) -> tuple[object, ...]:
    return (
        row.hospital,
        row.insurance,
        row.payable_fen,
        row.charged_fen,
        row.deduction_fen,
        row.review_fen,
        row.score,
        row.prepaid_fen,
    )


def _with_figures(pools: SettledPools, files: ClearingFiles) -> tuple[list[HospitalYear], tuple[str, ...]]:
    known = [(row.hospital, row.insurance) for row in pools.hospitals]
    read: dict[str, dict[HospitalPool, Decimal]] = {}
    problems: list[Problem] = []
    sources = {
        "score": files.scores,
        "prepaid": files.prepaid,
        "charged": files.charged,
        "deduction": files.deductions,
    }
    for kind, path in sources.items():
        if path is not None:
            try:
                read[kind] = read_figures(path, kind, known=known)  # type: ignore[arg-type]
            except ActuaryError as error:
                problems += error.problems
    raise_all(problems)
    notes = []
    absent = [name for name in known if "prepaid" in read and name not in read["prepaid"]]
    if absent:
        notes.append(f"no prepayment is given for {len(absent)} of {len(known)} hospitals and pools: they count 0")
    if "prepaid" not in read:
        notes.append("no prepayments are given: the balance is the whole payment")
    rows = []
    for row in pools.hospitals:
        key = (row.hospital, row.insurance)
        charge = read.get("charged", {}).get(key)
        rows.append(
            replace(
                row,
                score=read.get("score", {}).get(key),
                prepaid_fen=yuan_to_fen(read.get("prepaid", {}).get(key, Decimal(0))),
                deduction_fen=yuan_to_fen(read.get("deduction", {}).get(key, Decimal(0))),
                charged_fen=row.charged_fen if charge is None else yuan_to_fen(charge),
            )
        )
    return rows, tuple(notes)


def _missing(hospitals: Sequence[HospitalYear], rules: ClearingRules) -> list[Problem]:
    """Name what the policy needs and nobody has given; nothing is assumed in its place."""
    problems = []
    unscored = sorted({row.hospital for row in hospitals if row.score is None})
    if rules.deposit and rules.deposit_return and unscored:
        problems.append(
            Problem(
                "scores",
                f"no score of {_listed(unscored)}",
                "a score of every hospital, because the policy returns the deposit by score",
                "give a CSV file with the columns hospital, score (--scores)",
            )
        )
    uncharged = sorted({row.hospital for row in hospitals if row.charged_fen is None})
    if rules.bands and uncharged:
        problems.append(
            Problem(
                "charged",
                f"no charges item by item of {_listed(uncharged)}",
                "what the fund would have paid item by item, because the policy has bands of surplus and overspend",
                "give a CSV file with the columns hospital, insurance, charged_yuan (--charged)",
            )
        )
    return problems


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" … {len(names)} in all" if len(names) > 5 else "")


def _check_alliances(alliances: Sequence[Alliance], hospitals: Sequence[HospitalYear]) -> None:
    problems: list[Problem] = []
    for alliance in alliances:
        place = f"alliance {alliance.name}"
        insurances = {row.insurance for row in hospitals}
        if alliance.insurance not in insurances:
            problems.append(unknown_name(f"{place}, insurance", alliance.insurance, insurances, what="pool"))
            continue
        members = {row.hospital for row in hospitals if row.insurance == alliance.insurance}
        problems += [
            unknown_name(f"{place}, member", member.hospital, members, what="hospital of the settlement")
            for member in alliance.member
            if member.hospital not in members and not alliance.inside_yuan
        ]
    raise_all(problems)
