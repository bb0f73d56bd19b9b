"""Rules that look at all cases of a year: readmissions, yearly numbers of cases, quotas of special reviews.

A table that holds all cases answers them by itself. For a part of the cases somebody who knows the others answers them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from actuary.payment.case_cells import Coded
from actuary.payment.cases import CaseTable
from actuary.payment.declared_classes import Readmission
from actuary.payment.readmission import earlier_stays
from actuary.payment.review import Reviewed, check_review_quota
from actuary.payment.volume_caps import CapUse, places_left, use_of_caps

__all__ = ["AT_ONCE", "YearRules"]

type _Rows = NDArray[np.bool_]


def _places_of_all(use: CapUse) -> NDArray[np.int64]:
    return places_left(use.key, use.day, use.count, use.limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class YearRules:
    """Answer the rules that look at all cases of a year; without more, for a table that holds them all.

    Parameters
    ----------
    find_earlier : callable
        Says which stays are the earlier one of a readmission: of cases, rule and the cases taking part.
    places_of : callable
        Says how many cases of each entry of a :class:`~actuary.payment.volume_caps.CapUse` lie within its cap.
    check_reviews : callable
        Says what became of the applications for special review: of cases, quota and the cases taking part.
    """

    find_earlier: Callable[[CaseTable, Readmission, _Rows], _Rows] = earlier_stays
    places_of: Callable[[CapUse], NDArray[np.int64]] = _places_of_all
    check_reviews: Callable[[CaseTable, Mapping[str, Decimal], _Rows], Reviewed | None] = check_review_quota

    def beyond_caps(
        self, cases: CaseTable, group: Coded, caps: Mapping[str, int], taking_part: _Rows, *, by_hospital: bool
    ) -> _Rows:
        """Say which cases lie beyond the cap of their group; see :func:`actuary.payment.volume_caps.beyond_caps`."""
        use = use_of_caps(cases, group, caps, taking_part, by_hospital=by_hospital)
        return use.beyond(self.places_of(use), len(cases))


#: For a table that holds all cases.
AT_ONCE = YearRules()
