"""What-if panels for notebooks: sliders that answer at once, with a table beside every picture.

``actuary.panel_fund("national")``, ``actuary.panel_payment(cases, policy, budget=budget)`` and
``actuary.panel_warnings("national")`` make them; each can be worked from Python as from a browser.
"""

from __future__ import annotations

from actuary.report.panels.fund import panel_fund
from actuary.report.panels.panel import WhatIfPanel
from actuary.report.panels.payment import panel_payment
from actuary.report.panels.progress import ProgressBar, progress_bar
from actuary.report.panels.question import Answer, Question, Slider
from actuary.report.panels.thresholds import panel_warnings

__all__ = [
    "Answer",
    "ProgressBar",
    "Question",
    "Slider",
    "WhatIfPanel",
    "panel_fund",
    "panel_payment",
    "panel_warnings",
    "progress_bar",
]
