"""How an audit draws: which policy says how much, into which strata, and what a reviewer may find."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from pathlib import Path

from pydantic import Field

from actuary.errors import ActuaryError, DeclarationError, Problem, raise_all, unknown_name
from actuary.paths import models_root
from actuary.payment.case_columns import COLUMNS, Kind
from actuary.payment.declared_settlement import Audit
from actuary.payment.policy_files import load_payment_policy
from actuary.policy.shapes import Shape, Text, check_source, fit
from actuary.policy.toml_files import read_sources, read_toml

__all__ = ["AUDIT_FILE", "AuditDesign", "AuditPlan", "audit_of_policy", "load_audit_plan"]

#: Where the declaration lies under models/.
AUDIT_FILE = "alerts/audit.toml"


class _Header(Shape):
    name_zh: Text
    name_en: Text
    policy: Text


class AuditDesign(Shape):
    """Say how claims are drawn.

    Attributes
    ----------
    amount : str
        Column of the cases by whose amounts one draws.
    certainty_share : Decimal
        The largest claims are reviewed for certain, up to this part of the amount demanded.
    bands : int
        Bands of equal amount among the other claims.
    min_claims : int
        Claims drawn from every stratum, if it has as many.
    probability : Decimal
        Probability of the interval.
    source : str
        Source, or judgement.
    """

    amount: Text
    certainty_share: Decimal = Field(ge=0, lt=1)
    bands: int = Field(ge=1, le=20)
    min_claims: int = Field(ge=2)
    probability: Decimal = Field(gt=0, lt=1)
    source: str
    reason_zh: Text | None = None
    reason_en: Text | None = None


class _ErrorKind(Shape):
    name: Text
    name_zh: Text


class AuditPlan(Shape):
    """Hold the declaration of audits.

    Attributes
    ----------
    audit : table
        Names, and the payment policy whose rule holds where none is named.
    design : AuditDesign
        How claims are drawn.
    error_kind : tuple
        What a reviewer may find.
    """

    audit: _Header
    design: AuditDesign
    error_kind: tuple[_ErrorKind, ...] = Field(min_length=1)

    @cached_property
    def kinds(self) -> dict[str, str]:
        """Name of every kind of error, by its Chinese and its English name."""
        return {
            **{kind.name_zh: kind.name for kind in self.error_kind},
            **{one.name: one.name for one in self.error_kind},
        }


def load_audit_plan(root: Path | None = None) -> AuditPlan:
    """Load the declaration of audits.

    Parameters
    ----------
    root : Path, optional
        Root of the models.

    Raises
    ------
    DeclarationError
        With every problem of the file.

    Examples
    --------
    >>> load_audit_plan().design.amount
    'fund_charged'
    """
    base = root or models_root()
    file, problems = read_toml(base / AUDIT_FILE, root=base, exact=True)
    if file is None:
        raise DeclarationError(problems)
    plan, problems = fit(AuditPlan, file.data, file=file)
    if plan is None:
        raise DeclarationError(problems)
    sources, problems = read_sources(file.path.parent, root=base)
    where = file.where("design.source")
    problems += check_source(plan.design.source, where=where, sources=sources, label=file.label)
    money = [name for name, column in COLUMNS.items() if column.kind is Kind.MONEY]
    if plan.design.amount not in money:
        problems.append(unknown_name(file.where("design.amount"), plan.design.amount, money, what="column of money"))
    names = [kind.name for kind in plan.error_kind]
    problems += [
        Problem(file.where("error_kind"), f"{name!r} again", "every kind once")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    raise_all(problems, DeclarationError)
    return plan


def audit_of_policy(policy: str | Path, *, root: Path | None = None) -> Audit:
    """Return what a payment policy says of reviews.

    Parameters
    ----------
    policy : str or Path
        Name or file of a payment policy; what else it leaves open does not matter here.
    root : Path, optional
        Root of the models.

    Raises
    ------
    ActuaryError
        When there is no such policy, or it says nothing of a sample.

    Examples
    --------
    >>> [rule.min_amount for rule in audit_of_policy("shenyang-2021").sample]
    [Decimal('5000000'), None]
    """
    loaded = load_payment_policy(policy, root=root, partial_ok=True)
    if loaded.audit is None or not loaded.audit.sample:
        mend = "name a policy that has one with --policy, or declare audit.sample in a file that extends it"
        raise ActuaryError(Problem(f"policy {loaded.id}, audit.sample", "nothing", "how much is drawn", mend))
    return loaded.audit
