"""The result of a sweep: settings by outcomes, for every hospital, tier or whatever the cases were added up by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from actuary.payment.cases import CaseTable
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.exact import exact_sum, fen_to_yuan
from actuary.payment.paid_classes import PaidClass
from actuary.policy.fingerprints import fingerprint

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["SWEPT", "Outcome", "Sweep"]

#: Outcomes of a setting.
SWEPT: Final = ("paid_cases", "standard_fen", "fund_fen", "gain_fen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Hold what one setting comes to.

    Parameters
    ----------
    sums : mapping
        Outcomes of :data:`SWEPT` by key and place.
    classes : list of int
        Paid cases by number of the class.
    point_values : mapping of str to Fraction or None
        Value of a point by pool [yuan]; empty where prices are declared.
    quick : bool
        Whether it was settled with what all settings share.
    """

    sums: Mapping[str, Mapping[str, list[int]]]
    classes: list[int]
    point_values: Mapping[str, Fraction | None]
    quick: bool


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Sweep:
    """Hold the same cases settled under many settings of one policy.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy that the settings change.
    settings : tuple of mapping
        The settings, in their order.
    data : xarray.Dataset
        ``<outcome>_by_<key>`` over (setting, key) for every outcome of :data:`SWEPT`, amounts in fen;
        ``class_cases`` over (setting, class); ``point_value`` over (setting, pool) [yuan], for showing.
    point_values : tuple of mapping
        Values of a point, exact, by setting.
    quick_settings : int
        Settings that were settled with what all share; the others the plain way.
    synthetic : bool
        Whether the cases are made up.
    fingerprint : str
        Hash of policy, cases and settings.
    """

    policy: PaymentPolicy
    settings: tuple[Mapping[str, object], ...]
    data: xr.Dataset
    point_values: tuple[Mapping[str, Fraction | None], ...]
    quick_settings: int
    synthetic: bool
    fingerprint: str

    @classmethod
    def of(
        cls,
        policy: PaymentPolicy,
        settings: Sequence[Mapping[str, object]],
        outcomes: Sequence[Outcome],
        names: Mapping[str, tuple[str, ...]],
        table: CaseTable,
    ) -> Sweep:
        """Gather the outcomes of all settings.

        Parameters
        ----------
        policy : PaymentPolicy
            The policy.
        settings : sequence of mapping
            The settings.
        outcomes : sequence of Outcome
            One a setting.
        names : mapping of str to tuple of str
            Names of the places of each key.
        table : CaseTable
            The cases.
        """
        import xarray  # noqa: PLC0415  (only where a sweep ends)

        count = len(outcomes)
        data: dict[str, Any] = {}
        for key, places in names.items():
            for name in SWEPT:
                values = np.array([one.sums[key][name] for one in outcomes], np.int64).reshape(count, len(places))
                data[f"{name}_by_{key}"] = (("setting", key), values)
        classes = np.array([one.classes for one in outcomes], np.int64).reshape(count, len(PaidClass))
        data["class_cases"] = (("setting", "class"), classes)
        pools = sorted({pool for one in outcomes for pool in one.point_values})
        values_yuan = [[float(one.point_values.get(pool) or np.nan) for pool in pools] for one in outcomes]
        data["point_value"] = (("setting", "pool"), np.array(values_yuan, float).reshape(count, len(pools)))
        coords = {"setting": np.arange(1, count + 1), "class": [one.value for one in PaidClass], "pool": pools}
        coords |= {key: list(places) for key, places in names.items()}
        parts = {
            "policy": policy.fingerprint,
            "cases": len(table),
            "cost_fen": str(exact_sum(table.cost_fen)),
            "settings": [{path: str(value) for path, value in setting.items()} for setting in settings],
        }
        return cls(
            policy=policy,
            settings=tuple(settings),
            data=xarray.Dataset(data, coords=coords, attrs={"unit": "fen", "synthetic": str(table.synthetic).lower()}),
            point_values=tuple(one.point_values for one in outcomes),
            quick_settings=sum(one.quick for one in outcomes),
            synthetic=table.synthetic,
            fingerprint=fingerprint(parts),
        )

    def __repr__(self) -> str:
        """Return policy, settings and range."""
        return f"Sweep({self.policy.id!r}, {len(self.settings):,} settings, {self.quick_settings:,} of them quick)"

    def total(self, outcome: str = "fund_fen") -> NDArray[np.int64]:
        """Return an outcome over all cases, one number a setting.

        Parameters
        ----------
        outcome : str
            One of :data:`SWEPT`.
        """
        key = next(str(dim) for dim in self.data.dims if f"{outcome}_by_{dim}" in self.data)
        totals: NDArray[np.int64] = self.data[f"{outcome}_by_{key}"].sum(key).to_numpy()
        return totals

    def to_frame(self) -> pd.DataFrame:
        """Return one row a setting: its values, its point values [yuan], the totals of the outcomes [fen]."""
        import pandas  # noqa: ICN001, PLC0415

        paths = list(dict.fromkeys(path for setting in self.settings for path in setting))
        columns: dict[str, Any] = {"setting": np.arange(1, len(self.settings) + 1)}
        columns |= {path: [setting.get(path) for setting in self.settings] for path in paths}
        for pool in self.data["pool"].to_numpy().tolist():
            columns[f"point_value_{pool}"] = self.data["point_value"].sel(pool=pool).to_numpy()
        columns |= {name: self.total(name) for name in SWEPT}
        return pandas.DataFrame(columns)

    def summary(self) -> dict[str, Any]:
        """Return the number of settings, and the least and most that the fund pays."""
        totals = self.total("fund_fen").tolist()
        return {
            "policy": self.policy.id,
            "settings": len(self.settings),
            "least_fund_yuan": fen_to_yuan(min(totals)) if totals else None,
            "most_fund_yuan": fen_to_yuan(max(totals)) if totals else None,
            "synthetic": self.synthetic,
            "fingerprint": self.fingerprint,
        }

    def _repr_html_(self) -> str:
        html: str = self.to_frame().to_html(index=False, max_rows=20)
        return html
