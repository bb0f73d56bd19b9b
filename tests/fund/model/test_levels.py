"""Levels of the base year that are found again are those that were found, and no others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from actuary.fund.model import projection
from actuary.fund.model.calibration import Calibration, calibrate, calibrate_again
from actuary.fund.model.face import load_model


@pytest.mark.slow
def test_levels_are_found_once_for_the_same_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def noted(*given: Any, **named: Any) -> Calibration:
        asked.append((given, named))
        return calibrate_again(*given, **named)

    monkeypatch.setattr(projection, "calibrate_again", noted)
    load_model("national").project(to="2026Q4", scenario="delayed_retirement")
    (given, named), *_ = asked
    afresh, kept = calibrate(*given, **named), calibrate_again(*given, **named)
    assert calibrate_again(*given, **named).price is kept.price
    pd.testing.assert_frame_equal(kept.table, afresh.table)
    for name in ("price", "level_factor", "average_wage", "collection_factor", "base_weighted"):
        assert getattr(kept, name).equals(getattr(afresh, name)), name
    # What a reader does with the table stays with that reader.
    kept.table["factor"] = 0.0
    pd.testing.assert_frame_equal(calibrate_again(*given, **named).table, afresh.table)

    model, base, drivers, structure = given
    dearer = replace(base, flows={key: 1.1 * value for key, value in base.flows.items()})
    other = calibrate_again(model, dearer, drivers, structure, **named)
    assert not other.level_factor.equals(kept.level_factor)
    assert other.level_factor.equals(calibrate(model, dearer, drivers, structure, **named).level_factor)
