"""What the panels say, in Chinese and English; the words stand in ``words.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources

__all__ = ["FUND_WORDS", "PANEL_WORDS", "PAYMENT_WORDS", "WARNING_WORDS"]

type _Words = Mapping[str, Mapping[str, str]]

_WORDS: Mapping[str, _Words] = tomllib.loads(
    resources.files("actuary.report.panels").joinpath("words.toml").read_text(encoding="utf-8")
)
#: By language and key.
PANEL_WORDS: _Words = _WORDS["panel"]
FUND_WORDS: _Words = _WORDS["fund"]
PAYMENT_WORDS: _Words = _WORDS["payment"]
WARNING_WORDS: _Words = _WORDS["warning"]
