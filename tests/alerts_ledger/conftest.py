"""Ledgers to try things on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from actuary.alerts.ledger import CaseLedger
from actuary.alerts.signals import Signal

AT = dt.datetime(2025, 4, 10, 9, tzinfo=dt.UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> CaseLedger:
    return CaseLedger(tmp_path / "cases.sqlite")


@pytest.fixture
def make_signal() -> Callable[..., Signal]:
    def build(subject: str = "H03", period: str = "2025Q1", **other: object) -> Signal:
        fields = {
            "kind": "provider",
            "region": "lanzhou",
            "subject": subject,
            "rule_id": "upcoding",
            "period": period,
            "level": "orange",
            "title_zh": "疑似高套",
            "title_en": "Suspected upcoding",
            "synthetic": True,
        }
        return Signal(**{**fields, **other})  # type: ignore[arg-type]

    return build
