"""The weights that were computed: one row a group with what it rests on, and the table that a policy can name."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from actuary.files import neutral
from actuary.payment.exact import as_decimal, round_to
from actuary.payment.stability import Stability, Treatment
from actuary.payment.trimming import CostMoments, Trimmed
from actuary.payment.weight_rules import WeightRule

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GroupWeight", "WeightSet"]

#: Decimals of a mean cost in the table [yuan].
_MEAN_PLACES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupWeight:
    """Hold the weight of one group and what it rests on.

    Parameters
    ----------
    group : str
        The group.
    before, after : CostMoments
        Costs of its cases before and after trimming, all years together.
    mean_fen : Fraction or None
        Mean cost after trimming, years weighted as declared [fen]; None where no case is left.
    raw : Fraction or None
        Mean over overall mean, before any edit.
    rw : Fraction or None
        Weight after every edit, rounded; None where the group has none.
    stability : Stability
        Whether the group is stable, and why not.
    treatment : Treatment
        Where the weight comes from.
    frozen : bool
        Whether the earlier weight held it up.
    """

    group: str
    before: CostMoments
    after: CostMoments
    mean_fen: Fraction | None
    raw: Fraction | None
    rw: Fraction | None
    stability: Stability
    treatment: Treatment
    frozen: bool = False

    @property
    def mark(self) -> str:
        """Mark of the group in a weight table."""
        if self.stability is Stability.STABLE:
            return "stable"
        if self.stability is Stability.UNCOVERED:
            return "uncovered"
        return "special_review" if self.treatment is Treatment.REVIEW else "unstable"

    def reason(self, lang: str = "zh") -> str:
        """Say in Chinese (``zh``) or English (``en``) why the group has the weight it has; empty when stable."""
        if self.stability is Stability.STABLE:
            return ""
        if lang == "zh":
            return f"{self.stability.zh}：{self.treatment.zh}"
        return f"{self.stability.en}: {self.treatment.en}"


@dataclass(frozen=True, kw_only=True, eq=False)
class WeightSet:
    """Hold the weights of one computation.

    Parameters
    ----------
    groups : tuple of GroupWeight
        One a group, in the order of their names.
    rule : WeightRule
        The declaration they follow.
    overall_mean_fen : Fraction
        Mean cost of all cases that count [fen].
    total_before, total_after : Fraction
        Total weight of the cases of groups with a weight: before any edit, and as written.
    factor : Fraction
        Factor with which the other weights made up for the edits; 1 where the total is not kept.
    trimmed : Trimmed
        Bounds of each group and year.
    left_out : mapping of str to int
        Cases that no weight rests on, by reason.
    source : str
        Where the cases come from.
    fingerprint : str
        Hash of the policy; empty without one.
    synthetic : bool
        Whether the cases are made up.
    """

    groups: tuple[GroupWeight, ...]
    rule: WeightRule
    overall_mean_fen: Fraction
    total_before: Fraction
    total_after: Fraction
    factor: Fraction
    trimmed: Trimmed
    left_out: Mapping[str, int] = field(default_factory=dict)
    source: str = "the cases given"
    fingerprint: str = ""
    synthetic: bool = False

    def __getitem__(self, group: str) -> GroupWeight:
        """Return what is known of a group."""
        return self._places[group]

    @cached_property
    def _places(self) -> Mapping[str, GroupWeight]:
        return {weight.group: weight for weight in self.groups}

    def rw(self, group: str) -> Fraction | None:
        """Return the weight of a group; None where it has none."""
        return self._places[group].rw if group in self._places else None

    @property
    def cases(self) -> int:
        """Number of cases of all groups, before trimming."""
        return sum(weight.before.n for weight in self.groups)

    @property
    def without_weight(self) -> tuple[GroupWeight, ...]:
        """Groups that have no weight."""
        return tuple(weight for weight in self.groups if weight.rw is None)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a group: cases, means [yuan], spread, weight, base points, mark and reason.

        Returns
        -------
        DataFrame
            ``group, n, n_trimmed, mean_yuan, trimmed_mean_yuan, cv_before, cv, sd_yuan, raw, rw, base_points, stable,
            treatment, frozen, mark, reason_zh, reason_en``; `cv` and `sd_yuan` after trimming.
        """
        import pandas as pd  # noqa: PLC0415  (only those who look at tables need it)

        kind = self.rule.stable.sd
        rows = []
        for weight in self.groups:
            variance = weight.after.variance(kind)
            spread = [moments.cv_squared(kind) for moments in (weight.before, weight.after)]
            rows.append(
                {
                    "group": weight.group,
                    "n": weight.before.n,
                    "n_trimmed": weight.before.n - weight.after.n,
                    "mean_yuan": _yuan(weight.before.mean),
                    "trimmed_mean_yuan": _yuan(weight.mean_fen),
                    "cv_before": math.nan if spread[0] is None else math.sqrt(spread[0]),
                    "cv": math.nan if spread[1] is None else math.sqrt(spread[1]),
                    "sd_yuan": math.nan if variance is None else math.sqrt(variance) / 100,
                    "raw": _number(weight.raw),
                    "rw": _number(weight.rw),
                    "base_points": math.nan if weight.rw is None else float(weight.rw * self.rule.scale),
                    "stable": weight.stability is Stability.STABLE,
                    "treatment": weight.treatment.value,
                    "frozen": weight.frozen,
                    "mark": weight.mark,
                    "reason_zh": weight.reason("zh"),
                    "reason_en": weight.reason("en"),
                }
            )
        return pd.DataFrame(rows)

    def table_bytes(self) -> bytes:
        """Return the weight table of a policy as CSV: ``group,rw,mark,mean_cost``.

        The column `rw` holds base points where the rule says that the table holds points. A weight has its last
        decimal; the mean cost [yuan] is that on which the weight rests.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["group", "rw", "mark", "mean_cost"])
        for weight in self.groups:
            rw, mean = "", ""
            if weight.rw:
                times = self.rule.scale if self.rule.holds == "points" else 1
                rw = f"{as_decimal(weight.rw * times):.{self.rule.decimals}f}"
                own = weight.mean_fen if weight.treatment is Treatment.OWN_MEAN else None
                yuan = (weight.rw * self.overall_mean_fen if own is None else own) / 100
                mean = f"{as_decimal(round_to(yuan, _MEAN_PLACES)):f}"
            writer.writerow([neutral(weight.group), rw, weight.mark, mean])
        return text.getvalue().encode("utf-8")

    def summary(self) -> str:
        """Return a few lines on what was computed."""
        without = self.without_weight
        lines = [
            f"{self.cases:,} cases of {len(self.groups):,} groups; mean {_yuan(self.overall_mean_fen):,.2f} yuan",
            f"trimmed {self.cases - sum(weight.after.n for weight in self.groups):,} cases ({self.rule.trim.method})",
            f"total weight {float(self.total_before):,.4f} before edits and rounding, "
            f"{float(self.total_after):,.4f} after",
            f"{sum(weight.stability is Stability.STABLE for weight in self.groups):,} groups are stable, "
            f"{len(without):,} have no weight",
        ]
        lines += [f"left out {count:,} cases: {reason}" for reason, count in self.left_out.items() if count]
        return "\n".join([*lines, *(["synthetic cases"] if self.synthetic else [])])

    def _repr_html_(self) -> str:
        text = self.summary().replace("\n", "<br>")
        return f"<p>{text}</p>{self.to_frame().to_html(index=False, max_rows=30)}"


def _yuan(fen: Fraction | None) -> float:
    return math.nan if fen is None else float(fen / 100)


def _number(value: Fraction | None) -> float:
    return math.nan if value is None else float(value)
