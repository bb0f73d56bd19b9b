"""Warnings of the fund as signals for the case ledger."""

from __future__ import annotations

from collections.abc import Iterable

from actuary.alerts.signals import Signal
from actuary.alerts.warning import Warning  # noqa: A004

__all__ = ["signals_of_warnings"]


def signals_of_warnings(
    warnings: Iterable[Warning], *, region: str, quarter: str, fingerprint: str = "", synthetic: bool = False
) -> tuple[Signal, ...]:
    """Return a signal for every warning that is raised; what is normal or cannot be assessed is none.

    The money at stake is told where the measure is one of money: the deficit.

    Parameters
    ----------
    warnings : iterable of Warning
        See :func:`actuary.alerts.evaluate_rules`.
    region : str
        Region id.
    quarter : str
        The report quarter.
    fingerprint : str
        Fingerprint of the projection they come from.
    synthetic : bool
        Whether it rests on synthetic figures.

    Examples
    --------
    >>> from actuary.alerts import evaluate_rules
    >>> from actuary.fund import project_fund
    >>> from actuary.indicators import compute_indicators
    >>> from actuary.policy import load_alert_rules
    >>> projection = project_fund("shenyang", "2020Q4")
    >>> warnings = evaluate_rules(projection, compute_indicators(projection), load_alert_rules())
    >>> signal = signals_of_warnings(warnings, region="shenyang", quarter="2020Q4")[0]
    >>> signal.kind, signal.subject, signal.rule_id, signal.level
    ('fund', 'employee', 'PR-10', 'red')
    """
    return tuple(
        Signal(
            kind="fund",
            region=region,
            subject=one.scheme,
            rule_id=one.rule_id,
            period=str(quarter),
            level=one.level,
            title_zh=one.name_zh,
            title_en=one.name_en,
            evidence=_evidence(one),
            money_at_stake_fen=_at_stake(one),
            fingerprint=fingerprint,
            synthetic=synthetic,
        )
        for one in warnings
        if one.raised
    )


def _at_stake(warning: Warning) -> int | None:
    """Return a deficit [fen], None where the measure is none."""
    value = warning.value if warning.unit == "yuan" else None
    return round(-100 * value) if value is not None and value < 0 else None


def _evidence(warning: Warning) -> tuple[tuple[str, object], ...]:
    names = ["indicator", "measure", "value", "unit", "period", "threshold", "raw_level", "since", "low", "high"]
    names += ["provisional_value", "revision", "value_status", "status", "source"]
    names += [f"{part}_{lang}" for lang in ("zh", "en") for part in ("text", "extent", "cause", "sure", "action")]
    return tuple((name, value) for name in names if (value := getattr(warning, name)) not in (None, ""))
