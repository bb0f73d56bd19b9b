"""Why a case is paid what it is paid: every step with its numbers and the rule's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actuary.errors import UnknownNameError, unknown_name
from actuary.payment.cases import CaseTable
from actuary.payment.statuses import PaymentReason, PaymentStatus
from actuary.payment.trace_steps import TraceStep, steps_of
from actuary.payment.trace_words import title
from actuary.tables.sheets import DrawnAsSheet, Row, Section, Sheet

if TYPE_CHECKING:
    from actuary.payment.settlement import Settlement

__all__ = ["PaymentTrace", "TraceStep", "find_row", "trace_case"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PaymentTrace(DrawnAsSheet):
    """Hold the steps that led to what a case is paid.

    Parameters
    ----------
    case_id : str
        The case.
    policy : str
        Name of the policy.
    fingerprint : str
        Hash of the policy.
    settlement : str
        Hash of the settlement: policy, cases and budgets.
    status : PaymentStatus
        What became of the case.
    reason : PaymentReason
        Why.
    steps : tuple of TraceStep
        The steps in their order.
    synthetic : bool
        Whether the case is made up.
    """

    case_id: str
    policy: str
    fingerprint: str
    status: PaymentStatus
    reason: PaymentReason
    steps: tuple[TraceStep, ...]
    synthetic: bool = False
    settlement: str = ""

    def step(self, name: str) -> TraceStep:
        """Return a step by its name.

        Raises
        ------
        UnknownNameError
            When the case did not come to that step.
        """
        for one in self.steps:
            if one.name == name:
                return one
        raise UnknownNameError(unknown_name("step", name, [one.name for one in self.steps], what="step"))

    def to_dict(self) -> dict[str, Any]:
        """Return names, numbers (as texts, every digit) and sentences."""
        return {
            "case_id": self.case_id,
            "policy": self.policy,
            "policy_fingerprint": self.fingerprint,
            "settlement_fingerprint": self.settlement,
            "status": self.status.value,
            "reason": self.reason.value,
            "synthetic": self.synthetic,
            "steps": [
                {
                    "name": step.name,
                    "zh": step.zh,
                    "en": step.en,
                    "numbers": {key: None if value is None else str(value) for key, value in step.numbers.items()},
                }
                for step in self.steps
            ],
        }

    def to_sheet(self, lang: str = "zh") -> Sheet:
        """Return the sheet in Chinese (``zh``) or English (``en``)."""
        colon = "：" if lang == "zh" else ": "
        rows = tuple(Row((title(step.name, lang), step.text(lang))) for step in self.steps)
        prints = [("policy", self.fingerprint), ("settlement", self.settlement)]
        if lang == "zh":
            prints = [("政策指纹", self.fingerprint), ("结算指纹", self.settlement)]
        said = ", ".join(f"{name} {hashed[:12]}" for name, hashed in prints if hashed)
        made_up = ("合成数据" if lang == "zh" else "synthetic data",) if self.synthetic else ()
        return Sheet(
            title=f"{'支付说明' if lang == 'zh' else 'Payment explained'} · {self.case_id}",
            headline=f"{self.status.text(lang)}{colon}{self.reason.text(lang)}",
            lines=(f"{'政策' if lang == 'zh' else 'policy'}{colon}{self.policy} ({said})", *made_up),
            sections=(Section(title="", rows=rows),),
            lang=lang,
        )

    def to_text(self, lang: str = "zh") -> str:
        """Return the steps as lines of text."""
        sheet = self.to_sheet(lang)
        steps = [f"{title(step.name, lang)}{'：' if lang == 'zh' else ': '}{step.text(lang)}" for step in self.steps]
        return "\n".join([sheet.title, sheet.headline, *sheet.lines, *steps])

    def __repr__(self) -> str:
        """Return the steps in English."""
        return self.to_text("en")


def find_row(cases: CaseTable, case_id: str) -> int:
    """Return the row of a case; of several rows of one name the first that is not wrong.

    Raises
    ------
    UnknownNameError
        When there is no such case; the message names the nearest one.
    """
    import pyarrow.compute as pc  # noqa: PLC0415  (only where one case is looked for)

    rows: list[int] = pc.indices_nonzero(pc.equal(cases.case_id, case_id)).to_pylist()
    if not rows:
        known = cases.case_id.slice(0, 10_000).to_pylist()
        raise UnknownNameError(unknown_name("case_id", case_id, [name for name in known if name], what="case"))
    return next((row for row in rows if cases.reason[row] == PaymentReason.REGULAR.number), rows[0])


def trace_case(settlement: Settlement, case_id: str) -> PaymentTrace:
    """Explain what one case of a settlement is paid.

    Parameters
    ----------
    settlement : Settlement
        The settlement.
    case_id : str
        Name of the case; of several rows of one name the first that is not wrong is explained.

    Returns
    -------
    PaymentTrace
        The steps.

    Raises
    ------
    UnknownNameError
        When there is no such case; the message names the nearest one.
    """
    row = find_row(settlement.table, case_id)
    reason = list(PaymentReason)[settlement.reason[row]]
    return PaymentTrace(
        case_id=str(settlement.table.case_id[row]),
        policy=settlement.policy.id,
        fingerprint=settlement.policy.fingerprint,
        settlement=settlement.fingerprint,
        status=reason.status,
        reason=reason,
        steps=tuple(steps_of(settlement, row)),
        synthetic=settlement.synthetic,
    )
