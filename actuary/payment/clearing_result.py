"""The result of a clearing: a row for each hospital, the books, and whether they close."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from actuary.payment.exact import as_decimal, fen_to_yuan

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BOOK_LINES", "BookLine", "Clearing", "HospitalClearing", "write_books"]

#: Lines of the books in their order, with their Chinese and English names.
BOOK_LINES: Final[Mapping[str, tuple[str, str]]] = {
    "budget": ("年度预算", "budget of the year"),
    "payable": ("按费率应付（未给出预算）", "due by rate (no budget was given)"),
    "payments": ("应拨付合计", "payments to hospitals"),
    "deposit_kept": ("保证金扣留", "deposit not returned"),
    "adjusting_unspent": ("调剂金结余", "unspent adjusting fund"),
    "rounding_residual": ("尾差", "rounding residual"),
    "reserve": ("与风险金轧差", "booked against the reserve"),
    "adjusting_opened": ("其中：计提调剂金", "of it: adjusting fund set aside"),
    "adjusting_returned": ("其中：审核扣减与按段退回", "of it: deductions and what bands return"),
    "adjusting_used": ("其中：调剂金使用", "of it: adjusting fund used"),
    "claims_unserved": ("未获分担", "claims that the adjusting fund could not serve"),
    "deposit_withheld": ("其中：预留保证金", "of it: deposit withheld in the year"),
    "deposit_returned": ("其中：返还保证金", "of it: deposit returned by score"),
    "prepaid": ("已预付", "prepaid in the year"),
    "to_pay": ("应补拨", "still to be paid"),
    "to_recover": ("应收回", "to be recovered"),
}

#: What the first line is spent on: these add up to it.
_USES = ("payments", "deposit_kept", "adjusting_unspent", "rounding_residual", "reserve")


@dataclass(frozen=True, slots=True)
class BookLine:
    """Hold one line of the books of an insurance.

    Parameters
    ----------
    insurance : str
        Whose books they are.
    line : str
        Key in :data:`BOOK_LINES`.
    amount_fen : int
        Amount [fen].
    """

    insurance: str
    line: str
    amount_fen: int

    def text(self, lang: str = "zh") -> str:
        """Return the name of the line in Chinese (``zh``) or English (``en``)."""
        return BOOK_LINES[self.line][0 if lang == "zh" else 1]


@dataclass(frozen=True, slots=True)
class HospitalClearing:
    """Hold the clearing of one hospital and insurance; every amount in fen.

    Parameters
    ----------
    hospital, insurance : str
        Whose clearing it is.
    payable_fen : int
        Due by points or rate.
    residual_fen : int
        Part of the residual handed to it.
    deduction_fen : int
        Taken off after audit.
    due_fen : int
        The three together.
    charged_fen : int or None
        What the fund would have paid item by item.
    ratio : Fraction or None
        Charged over due.
    band : str
        Rule of the band that held.
    band_returned_fen : int
        What the band takes back.
    overspend_claim_fen, review_claim_fen : int
        Claims on the adjusting fund.
    adjusting_fen : int
        What the fund paid of them.
    score : Decimal or None
        Score of the assessment.
    deposit_fen, deposit_returned_fen, deposit_kept_fen : int
        Deposit withheld, returned, not returned.
    payment_fen : int
        Payment of the year.
    prepaid_fen : int
        Paid in the year.
    balance_fen : int
        Still to be paid; negative: to be recovered.
    """

    hospital: str
    insurance: str
    payable_fen: int
    residual_fen: int
    deduction_fen: int
    due_fen: int
    charged_fen: int | None
    ratio: Fraction | None
    band: str
    band_returned_fen: int
    overspend_claim_fen: int
    review_claim_fen: int
    adjusting_fen: int
    score: Decimal | None
    deposit_fen: int
    deposit_returned_fen: int
    deposit_kept_fen: int
    payment_fen: int
    prepaid_fen: int
    balance_fen: int

    def in_yuan(self) -> dict[str, object]:
        """Return the row with amounts in yuan, two decimals, and the ratio with six."""
        row: dict[str, object] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name.endswith("_fen"):
                row[f"{field.name.removesuffix('_fen')}_yuan"] = None if value is None else fen_to_yuan(value)
            elif field.name == "ratio":
                row["ratio"] = None if value is None else round(as_decimal(value), 6)
            else:
                row[field.name] = value
        return row


@dataclass(frozen=True)
class Clearing:
    """Hold a cleared year.

    Parameters
    ----------
    hospitals : tuple of HospitalClearing
        A row for each hospital and insurance that was given, in the same order.
    books : tuple of BookLine
        The books of every insurance [fen].
    fingerprint : str
        Of everything that went in.
    synthetic : bool
        Whether any of it was made up.
    """

    hospitals: tuple[HospitalClearing, ...]
    books: tuple[BookLine, ...]
    fingerprint: str = ""
    synthetic: bool = False

    @property
    def insurances(self) -> tuple[str, ...]:
        """Insurances in the order of the books."""
        return tuple(dict.fromkeys(line.insurance for line in self.books))

    def amount(self, insurance: str, line: str) -> int:
        """Return the amount of a line of the books [fen]; 0 where the books have no such line."""
        return sum(entry.amount_fen for entry in self.books if (entry.insurance, entry.line) == (insurance, line))

    def difference_fen(self, insurance: str) -> int:
        """Return by how much the books of an insurance fail to close [fen]: 0 unless something is lost."""
        start = self.amount(insurance, "budget") + self.amount(insurance, "payable")
        return start - sum(self.amount(insurance, line) for line in _USES)

    @property
    def closes(self) -> bool:
        """Whether the books of every insurance close to the fen."""
        return all(self.difference_fen(insurance) == 0 for insurance in self.insurances)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each hospital and insurance, amounts in yuan."""
        import pandas as pd  # noqa: PLC0415  (only when a table is wanted)

        return pd.DataFrame([row.in_yuan() for row in self.hospitals])

    def books_frame(self, lang: str = "zh") -> pd.DataFrame:
        """Return the books, a row for each line, amounts in yuan."""
        import pandas as pd  # noqa: PLC0415  (only when a table is wanted)

        return pd.DataFrame(
            [
                {
                    "insurance": entry.insurance,
                    "line": entry.line,
                    "text": entry.text(lang),
                    "amount_yuan": fen_to_yuan(entry.amount_fen),
                }
                for entry in self.books
            ],
            columns=["insurance", "line", "text", "amount_yuan"],
        )

    def summary(self) -> str:
        """Say in a line for each insurance what was paid and whether the books close."""
        return "\n".join(
            f"{insurance}: payments {fen_to_yuan(self.amount(insurance, 'payments')):,} yuan, "
            + ("the books close" if self.difference_fen(insurance) == 0 else "the books do NOT close")
            + (" (synthetic)" if self.synthetic else "")
            for insurance in self.insurances
        )

    def _repr_html_(self) -> str:
        return str(self.books_frame().to_html(index=False))


def write_books(  # every argument is one figure of the clearing
    insurance: str,
    rows: Sequence[HospitalClearing],
    *,
    budget_fen: int | None,
    opened_fen: int,
    gap_fen: int,
    floating: bool,
    limited: bool,
) -> list[BookLine]:
    """Write the books of one insurance from its cleared hospitals.

    Parameters
    ----------
    insurance : str
        Whose books they are.
    rows : sequence of HospitalClearing
        Its hospitals.
    budget_fen : int or None
        Budget of the year [fen]; None where none was given.
    opened_fen : int
        Adjusting fund set aside [fen].
    gap_fen : int
        Budget less adjusting fund less what is payable, as far as it was not handed out [fen].
    floating : bool
        Whether that gap is a rounding residual or the reserve's.
    limited : bool
        Whether claims are limited by an adjusting fund; if not, the reserve bears them and takes what is returned.

    Returns
    -------
    list of BookLine
        The lines, in order.
    """
    returned = sum(row.deduction_fen + row.band_returned_fen for row in rows)
    used = sum(row.adjusting_fen for row in rows)
    claims = sum(row.overspend_claim_fen + row.review_claim_fen for row in rows)
    unspent = opened_fen + returned - used if limited else 0
    gap = gap_fen if limited else gap_fen + returned - used
    first = ("payable", sum(row.payable_fen for row in rows)) if budget_fen is None else ("budget", budget_fen)
    amounts = [
        first,
        ("payments", sum(row.payment_fen for row in rows)),
        ("deposit_kept", sum(row.deposit_kept_fen for row in rows)),
        ("adjusting_unspent", unspent),
        ("rounding_residual" if floating else "reserve", gap),
        ("adjusting_opened", opened_fen),
        ("adjusting_returned", returned),
        ("adjusting_used", used),
        ("claims_unserved", claims - used),
        ("deposit_withheld", sum(row.deposit_fen for row in rows)),
        ("deposit_returned", sum(row.deposit_returned_fen for row in rows)),
        ("prepaid", sum(row.prepaid_fen for row in rows)),
        ("to_pay", sum(max(row.balance_fen, 0) for row in rows)),
        ("to_recover", sum(max(-row.balance_fen, 0) for row in rows)),
    ]
    return [BookLine(insurance, line, amount) for line, amount in amounts]
