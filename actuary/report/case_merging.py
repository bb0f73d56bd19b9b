"""Hospitals and tiers with few cases, told together so that nothing printed rests on fewer than declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actuary.tables.small_cells import protect_list

if TYPE_CHECKING:
    from actuary.payment.case_cells import Coded
    from actuary.payment.cases import CaseTable
    from actuary.report.case_limits import CaseLimits

__all__ = ["OTHERS", "told_together"]

#: Name of those told together; the report puts it into words.
OTHERS = "*"


def told_together(table: CaseTable, inside: NDArray[np.bool_], limits: CaseLimits) -> tuple[Coded, Coded]:
    """Return tier and hospital of every case: small tiers as one, small hospitals of a tier as one.

    Parameters
    ----------
    table : CaseTable
        The cases.
    inside : bool array, shape (case,)
        Which of them count.
    limits : CaseLimits
        Least cases of a tier or hospital that stands alone; hospitals that a published list would leave blank, so that
        the total of their tier does not give the small ones away, are told together.
    """
    from actuary.payment.case_cells import Coded  # noqa: PLC0415

    hospital, tier = table.coded["hospital"], table.coded["tier"]
    groups = [([place], int(((tier.codes == place) & inside).sum())) for place in range(-1, len(tier.names))]
    groups = sorted((one for one in groups if one[1]), key=lambda one: (one[1], one[0]))
    while len(groups) > 1 and groups[0][1] < limits.least:
        (first, few), (second, more) = groups[:2]
        groups = sorted([([*first, *second], few + more), *groups[2:]], key=lambda one: (one[1], one[0]))
    names = tuple(
        "+".join(sorted(tier.names[place] if place >= 0 else "?" for place in places)) for places, _ in groups
    )
    place_of = {place: number for number, (places, _) in enumerate(groups) for place in places}
    merged = np.array([place_of.get(place, -1) for place in [*range(len(tier.names)), -1]], np.int32)
    tiers = Coded(merged[tier.codes], names)
    key = tiers.codes.astype(np.int64) * (len(hospital.names) + 1) + np.where(
        hospital.codes < 0, len(hospital.names), hospital.codes
    )
    labels: list[str] = []
    of_key: dict[int, int] = {}
    present, counts = np.unique(key[inside], return_counts=True)
    for number, name in enumerate(names):
        mine = [
            (int(n), int(k)) for k, n in zip(present, counts, strict=True) if k // (len(hospital.names) + 1) == number
        ]
        unnamed = np.array([k % (len(hospital.names) + 1) == len(hospital.names) for _, k in mine], dtype=bool)
        cases = np.array([n for n, _ in mine], dtype=np.int64)
        blank, _ = protect_list(cases, least_cases=limits.least, least_width=limits.width, hidden=unnamed)
        small = [k for (_, k), hidden in zip(mine, blank, strict=True) if hidden]
        rest = sorted(pair for pair in mine if pair[1] not in small)
        if small:
            of_key |= dict.fromkeys(small, len(labels))
            labels.append(f"{OTHERS}{name}")
        for _, k in rest:
            of_key[k] = len(labels)
            code = hospital.names[k % (len(hospital.names) + 1)]
            labels.append(code if code not in labels else f"{code} ({name})")
    every, back = np.unique(key, return_inverse=True)
    codes = np.array([of_key.get(int(k), -1) for k in every], np.int32)[back.reshape(-1)]
    return tiers, Coded(codes, tuple(labels))
