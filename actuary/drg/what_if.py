"""What another order of the codes, or one code less, would have made of a case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from actuary.drg.case_values import CaseValues, read_case
from actuary.drg.cases import Case, Result
from actuary.drg.panel_words import answer_text, word
from actuary.drg.regroup import group_values
from actuary.drg.scheme import Scheme
from actuary.tables.sheets import DrawnAsSheet, Row, Section, Sheet

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Alternative", "WhatIf", "alternatives_section", "find_alternatives", "move_to_front", "what_if"]


@dataclass(frozen=True, slots=True)
class Alternative:
    """Hold one change of the order of codes, or one code dropped, and the group it would give.

    Parameters
    ----------
    change : str
        ``as_principal``, ``as_main``, ``drop_dx`` or ``drop_px``.
    code : str
        The code that moves to the front, or is dropped.
    result : Result
        The answer the case would get.
    differs : bool
        Whether that is another status or group than the case has.
    """

    change: str
    code: str
    result: Result
    differs: bool


@dataclass(frozen=True, kw_only=True)
class WhatIf(DrawnAsSheet):
    """Hold the alternatives of one case; it draws itself in a notebook.

    Parameters
    ----------
    scheme : str
        Name of the scheme.
    base : Result
        The answer for the case as recorded.
    alternatives : tuple of Alternative
        Diagnoses as principal, procedures as main, then codes dropped; in the order of the case.
    """

    scheme: str
    base: Result
    alternatives: tuple[Alternative, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "scheme": self.scheme,
            "base": asdict(self.base),
            "alternatives": [asdict(a) for a in self.alternatives],
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row an alternative: ``change, code, status, mdc, adrg, drg, reason, differs``."""
        import pandas as pd  # noqa: PLC0415  (one case needs no frames)

        columns = ["change", "code", "status", "mdc", "adrg", "drg", "reason", "differs"]
        rows = [
            (
                a.change,
                a.code,
                str(a.result.status),
                a.result.mdc,
                a.result.adrg,
                a.result.drg,
                str(a.result.reason),
                a.differs,
            )
            for a in self.alternatives
        ]
        return pd.DataFrame(rows, columns=columns)

    def to_sheet(self, lang: str = "zh") -> Sheet:
        """Return the sheet in Chinese (``zh``) or English (``en``)."""
        return Sheet(
            title=word("what_if", lang),
            headline=f"{word('base', lang)}: {answer_text(self.base, lang)}",
            lines=(self.scheme,),
            sections=(alternatives_section(self.alternatives, lang, title=""),),
            lang=lang,
        )


def move_to_front(codes: Sequence[str], place: int) -> tuple[str, ...]:
    """Return the codes with the one at `place` first and the others in their order.

    Examples
    --------
    >>> move_to_front(("a", "b", "c"), 2)
    ('c', 'a', 'b')
    """
    return (codes[place], *codes[:place], *codes[place + 1 :])


def _without(codes: Sequence[str], code: str) -> tuple[str, ...]:
    return tuple(other for other in codes if other != code)


def _changes(values: CaseValues) -> Iterator[tuple[str, str, CaseValues]]:
    for place, code in enumerate(values.dx):
        if code not in values.dx[:place] and place > 0:
            yield "as_principal", code, replace(values, dx=move_to_front(values.dx, place))
    for place, code in enumerate(values.px):
        if code not in values.px[:place] and place > 0:
            yield "as_main", code, replace(values, px=move_to_front(values.px, place))
    for code in dict.fromkeys(values.dx):
        yield "drop_dx", code, replace(values, dx=_without(values.dx, code))
    for code in dict.fromkeys(values.px):
        yield "drop_px", code, replace(values, px=_without(values.px, code))


def find_alternatives(values: CaseValues, scheme: Scheme) -> tuple[Alternative, ...]:
    """Group every alternative of a converted case, in one batch."""
    changes = list(_changes(values))
    base, *results = group_values([values, *(changed for _, _, changed in changes)], scheme)
    return tuple(
        Alternative(change, code, result, (result.status, result.drg) != (base.status, base.drg))
        for (change, code, _), result in zip(changes, results, strict=True)
    )


def what_if(case: Case, scheme: Scheme) -> WhatIf:
    """Try each diagnosis as principal, each procedure as main, and the case without each of its codes.

    A dropped code is dropped wherever it stands; the next diagnosis is then the principal one.

    Parameters
    ----------
    case : Case
        One stay.
    scheme : Scheme
        The scheme as it is to be read.

    Returns
    -------
    WhatIf
        The group of the case as it is, and that of every alternative.

    Examples
    --------
    >>> from actuary.drg.scheme import load_scheme
    >>> case = Case(sex=1, age_years=60, dx=["I63.900", "J96.000"], px=[])
    >>> [(a.change, a.code, a.result.drg) for a in what_if(case, load_scheme("chs-drg-1.1")).alternatives]
    [('as_principal', 'J96.000', 'ER35'), ('drop_dx', 'I63.900', 'ER35'), ('drop_dx', 'J96.000', 'BR25')]
    """
    values = read_case(case)
    return WhatIf(
        scheme=scheme.name,
        base=group_values([values], scheme)[0],
        alternatives=find_alternatives(values, scheme),
    )


def alternatives_section(alternatives: Sequence[Alternative], lang: str, *, title: str) -> Section:
    """Return the table of alternatives; those that change nothing are folded away."""
    rows = [
        Row(
            (
                f"{word(a.change, lang)} {a.code}",
                answer_text(a.result, lang) if a.differs else f"{a.result.drg} ({word('same', lang)})",
            ),
            "" if a.differs else "dim",
        )
        for a in alternatives
    ]
    folded = tuple(row for row in rows if row.mark)
    return Section(
        title=title,
        columns=(word("change", lang), word("would_give", lang)),
        rows=tuple(row for row in rows if not row.mark),
        folded=folded,
        folded_title=word("folded_same", lang).format(n=len(folded)),
    )
