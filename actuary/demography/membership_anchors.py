"""Published totals of members at a year-end, to which the first members are scaled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from actuary.errors import DeclarationError, Problem, raise_all
from actuary.tables import facts, load_catalog, select_facts

__all__ = ["MembershipAnchors", "membership_anchors"]


@dataclass(frozen=True, slots=True)
class MembershipAnchors:
    """Hold the published totals of a year-end that the members of that day are scaled to; None: not scaled.

    Parameters
    ----------
    year : int
        Calendar year; the totals stand on 31 December.
    contributing : float, optional
        Active members, flexible ones included [persons].
    retired : float, optional
        Retired members [persons].
    resident : float, optional
        Members of the resident scheme [persons].
    flexible : float, optional
        Flexible members among the active ones [persons].
    source : str
        Where the totals come from.

    Raises
    ------
    DeclarationError
        With every total that cannot be.

    Examples
    --------
    >>> round(MembershipAnchors(2020, contributing=2_113_000, retired=1_438_000).dependency_ratio, 2)
    1.47
    """

    year: int
    contributing: float | None = None
    retired: float | None = None
    resident: float | None = None
    flexible: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        problems = [
            Problem(f"totals of {self.year}, {name}", f"{value:,.0f}", "a number of persons, 0 or more")
            for name, value in self.totals.items()
            if not (np.isfinite(value) and value >= 0)
        ]
        if (self.flexible or 0) > (self.contributing if self.contributing is not None else np.inf):
            problems.append(
                Problem(f"totals of {self.year}, flexible", f"{self.flexible:,.0f}",
                        f"no more than the {self.contributing:,.0f} who contribute, of whom they are part")
            )  # fmt: skip
        raise_all(problems, DeclarationError)

    @property
    def totals(self) -> dict[str, float]:
        """The totals that are given, by name [persons]."""
        named = {name: getattr(self, name) for name in ("contributing", "retired", "resident", "flexible")}
        return {name: float(value) for name, value in named.items() if value is not None}

    @property
    def dependency_ratio(self) -> float:
        """Active per retired member [ratio]; missing where one of the two is."""
        if not self.retired or self.contributing is None:
            return float("nan")
        return self.contributing / self.retired


def membership_anchors(region: str, year: int, *, root: Path | str | None = None) -> MembershipAnchors:
    """Return the published totals of a year-end.

    Parameters
    ----------
    region : str
        Region id.
    year : int
        Calendar year.
    root : path, optional
        Root of the data.

    Returns
    -------
    MembershipAnchors
        Totals that were published; the others are None.

    Raises
    ------
    UnknownNameError
        When nothing is published of the region; the message names the nearest that has figures.

    Examples
    --------
    >>> national = membership_anchors("national", 2024)
    >>> round(national.dependency_ratio, 2), round(national.resident / 1e6, 1)
    (2.63, 947.1)
    >>> round(membership_anchors("shenyang", 2020).dependency_ratio, 2)
    1.47
    """
    rows = facts(region, root=root)
    rows = rows[(rows["period"] == str(year)) & rows["indicator"].isin(["active", "retired", "enrolled"])]
    chosen = select_facts(rows, load_catalog(root).preference)
    held = {
        (str(scheme), str(indicator)): (float(value), f"{source} ({confidence})")
        for scheme, indicator, value, source, confidence in zip(
            *(chosen[name] for name in ("scheme", "indicator", "value", "source", "confidence")), strict=True
        )
    }
    named = {
        "contributing": ("employee", "active"),
        "retired": ("employee", "retired"),
        "resident": ("resident", "enrolled"),
    }
    found = {name: held[key] for name, key in named.items() if key in held}
    source = "; ".join(dict.fromkeys(text for _, text in found.values()))
    return MembershipAnchors(year=year, **{name: value for name, (value, _) in found.items()}, source=source)
