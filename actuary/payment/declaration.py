"""The shape of a payment policy: what its TOML file may hold, and the policy with its tables as the layer uses it.

The sections mirror the file key by key; :func:`actuary.payment.policy_files.load_payment_policy` reads one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field

from actuary.payment.coefficient_tables import CoefficientTable
from actuary.payment.declared_classes import (
    BedDay,
    CaseClass,
    DaySurgery,
    Incomplete,
    Ratio,
    Readmission,
    Review,
)
from actuary.payment.declared_prices import Budget, Coefficient, Price, Rounding, Weights
from actuary.payment.declared_settlement import Audit, Procurement, Settlement
from actuary.payment.declared_substitutes import Dip, Substitute, VolumeCap
from actuary.payment.weight_tables import WeightTable
from actuary.policy.shapes import Shape, Text

__all__ = ["PaymentPolicy", "PolicyFile", "PolicyHeader", "PolicyInput", "Provenance", "Validity"]


class Validity(Shape):
    """Say from which day to which a policy is in force, both inclusive.

    Attributes
    ----------
    first_day : date or None
        Key ``from``; None: the source does not say.
    last_day : date or None
        Key ``to``; None: no end is known.
    """

    model_config = ConfigDict(populate_by_name=False)

    first_day: dt.date | None = Field(default=None, alias="from")
    last_day: dt.date | None = Field(default=None, alias="to")


class Provenance(Shape):
    """Say where numbers come from.

    Attributes
    ----------
    field : str
        Key path (``price.rate``), a key that stands anywhere in a path (``rate``), or ``*`` for every number.
    source : str
        Id in sources.md (S1), a title, or judgement.
    tag : str or None
        S read in the source, D derived from published tables, M recalled and not checked, judgement chosen by us.
    note : str or None
        What a reader should know.
    """

    field: Text
    source: Text
    tag: Literal["S", "D", "M", "judgement"] | None = None
    note: Text | None = None


class PolicyHeader(Shape):
    """Hold the table ``[policy]``.

    Attributes
    ----------
    id : str
        Name of the policy, such as suzhou-2022.
    version : int
        Key ``schema``: version of this shape, 1.
    valid : Validity
        Days it is in force; left out where the source does not say.
    family : str
        rate, points or dip.
    provenance : tuple of Provenance
        Where its numbers come from.
    name_zh, name_en, note_zh, note_en : str or None
        Name and remarks for readers.
    """

    id: Text
    version: Literal[1] = Field(alias="schema")
    valid: Validity = Field(default_factory=Validity)
    family: Literal["rate", "points", "dip"]
    provenance: tuple[Provenance, ...] = Field(min_length=1)
    name_zh: Text | None = None
    name_en: Text | None = None
    note_zh: Text | None = None
    note_en: Text | None = None


class PolicyInput(Shape):
    """Name something that is not published and that the user must give.

    Attributes
    ----------
    key : str
        Key path in the policy file, such as ``price.rate``.
    what_zh, what_en : str
        What it is.
    """

    key: Text
    what_zh: Text
    what_en: Text


class PolicyFile(Shape):
    """Hold a payment policy file, section by section."""

    policy: PolicyHeader
    rounding: Rounding
    weights: Weights
    price: Price | None = None
    coefficient: Coefficient = Field(default_factory=Coefficient)
    ratio: Ratio | None = None
    classes: tuple[CaseClass, ...] = Field(default=(), alias="class")
    incomplete: Incomplete | None = None
    readmission: Readmission | None = None
    bed_day: BedDay | None = None
    day_surgery: DaySurgery | None = None
    review: Review | None = None
    dip: Dip | None = None
    substitute: Substitute = Field(default_factory=Substitute)
    volume_cap: VolumeCap | None = None
    settlement: Settlement = Field(default_factory=Settlement)
    budget: Budget | None = None
    audit: Audit | None = None
    procurement: Procurement | None = None
    required_inputs: tuple[PolicyInput, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class PaymentPolicy:
    """Hold a payment policy with its tables: everything needed to price a case.

    Parameters
    ----------
    declared : PolicyFile
        What the file says, checked.
    weight_table : WeightTable
        Group, weight and mark; empty where the policy has no table.
    coefficient_table : CoefficientTable
        Coefficients by group and tier or hospital; empty where there is none.
    group_means : WeightTable or None
        Mean cost by group and tier of hospitals, where ratios are taken against hospitals of one tier.
    source_path : Path
        The file.
    fingerprint : str
        SHA-256 of all that was resolved, tables included.
    unsourced : tuple of str
        Key paths of numbers whose source the file does not name; they count as judgement.
    required_inputs : tuple of PolicyInput
        What is still missing; the policy is partial while there is any.
    data : mapping
        The resolved file as read; Decimal numbers.
    files : mapping of str to Path
        The tables that were read, by key path.
    """

    declared: PolicyFile
    weight_table: WeightTable
    coefficient_table: CoefficientTable
    group_means: WeightTable | None
    source_path: Path
    fingerprint: str
    unsourced: tuple[str, ...] = ()
    required_inputs: tuple[PolicyInput, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Return id, family and size."""
        state = ", partial" if self.partial else ""
        return f"PaymentPolicy({self.id!r}, {self.family}, {len(self.weight_table)} weights{state})"

    @property
    def id(self) -> str:
        """Name of the policy, such as suzhou-2022."""
        return self.declared.policy.id

    @property
    def family(self) -> Literal["rate", "points", "dip"]:
        """Rate, points or dip."""
        return self.declared.policy.family

    @property
    def valid(self) -> Validity:
        """Days it is in force."""
        return self.declared.policy.valid

    @property
    def provenance(self) -> tuple[Provenance, ...]:
        """Where its numbers come from."""
        return self.declared.policy.provenance

    @property
    def partial(self) -> bool:
        """Whether inputs are missing that the user must give."""
        return bool(self.required_inputs)

    @property
    def rounding(self) -> Rounding:
        """Decimals of each quantity."""
        return self.declared.rounding

    @property
    def weights(self) -> Weights:
        """Weights and how they are computed."""
        return self.declared.weights

    @property
    def price(self) -> Price:
        """What a weight, point or score is worth; a partial policy may have none, and reading it then fails."""
        if self.declared.price is None:
            raise AttributeError(f"{self.id} declares no price: it is partial")
        return self.declared.price

    @property
    def coefficient(self) -> Coefficient:
        """By what a weight is multiplied besides."""
        return self.declared.coefficient

    @property
    def ratio(self) -> Ratio | None:
        """What a case's cost is compared with; None where no class depends on it."""
        return self.declared.ratio

    @property
    def classes(self) -> tuple[CaseClass, ...]:
        """Case classes."""
        return self.declared.classes

    @property
    def incomplete(self) -> Incomplete | None:
        """Incomplete stays."""
        return self.declared.incomplete

    @property
    def readmission(self) -> Readmission | None:
        """Second stays within some days."""
        return self.declared.readmission

    @property
    def bed_day(self) -> BedDay | None:
        """Stays paid by the day."""
        return self.declared.bed_day

    @property
    def day_surgery(self) -> DaySurgery | None:
        """Day surgery."""
        return self.declared.day_surgery

    @property
    def review(self) -> Review | None:
        """Cases reviewed one by one."""
        return self.declared.review

    @property
    def dip(self) -> Dip | None:
        """What only DIP has."""
        return self.declared.dip

    @property
    def substitute(self) -> Substitute:
        """Cross-references between groups."""
        return self.declared.substitute

    @property
    def volume_cap(self) -> VolumeCap | None:
        """Most cases a year by group."""
        return self.declared.volume_cap

    @property
    def settlement(self) -> Settlement:
        """Settlement in the year and clearing at its end."""
        return self.declared.settlement

    @property
    def budget(self) -> Budget | None:
        """Parts of the income that become the pool's budget."""
        return self.declared.budget

    @property
    def audit(self) -> Audit | None:
        """Review of claims."""
        return self.declared.audit

    @property
    def procurement(self) -> Procurement | None:
        """Savings of procurement."""
        return self.declared.procurement

    @property
    def fund_formula(self) -> Literal["subtract", "by_ratio", "fund"]:
        """How the fund's part of a standard follows: as declared, else from what points represent."""
        stated = self.settlement.fund_payable
        return stated or ("fund" if self.price.represents == "fund" else "subtract")
