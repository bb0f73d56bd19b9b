"""The what-if panel of warnings: thresholds of rules, held against the figures of a quarter and of the years before."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from actuary.alerts import evaluate_rules
from actuary.alerts.history import history_of, measure_trend
from actuary.errors import DeclarationError, OutputError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.fund import FundProjection, project_fund
from actuary.indicators import INDICATORS, compute_indicators
from actuary.paths import given_folder, models_root
from actuary.periods import Quarter
from actuary.policy import AlertCondition, AlertRule, list_regions, load_alert_rules
from actuary.policy.alert_levels import find_level_faults
from actuary.policy.alert_rules import OTHER_FORMS
from actuary.policy.toml_files import read_toml
from actuary.report.display import Html
from actuary.report.panels.panel import WhatIfPanel
from actuary.report.panels.question import Answer, Lang, Slider, check_name, new_folder, spell
from actuary.report.panels.rule_edits import Shift, with_moved_text, with_thresholds
from actuary.report.panels.words import WARNING_WORDS
from actuary.report.plots import plot_years
from actuary.tables import last_quarter

__all__ = ["WarningQuestion", "panel_warnings"]

_OPEN = "not_assessable"
_RAISED = ("red", "orange", "yellow")
#: Rules shown at once where nobody says which.
_RULES = 4
#: Units of thresholds: factor to the unit of the slider, and its step.
_UNITS: Mapping[str, tuple[float, float]] = {
    "months": (1.0, 0.5),
    "share": (100.0, 1.0),
    "ratio": (1.0, 0.1),
    "years": (1.0, 1.0),
}


@dataclass(frozen=True, slots=True)
class _Threshold:
    """One threshold of a rule: every condition of the rule on that axis at that value moves with it."""

    rule: AlertRule
    condition: AlertCondition
    slider: Slider
    factor: float


class WarningQuestion:
    """Ask which warnings a place would have if the thresholds of rules stood elsewhere.

    Parameters
    ----------
    projection : FundProjection
        The place at its quarter.
    rules : sequence of AlertRule
        The rules whose thresholds can be moved.
    lang : {"zh", "en"}
        Language.
    models : Path, optional
        Declared models that the rules are from.
    folder : Path, optional
        Folder of models, not there yet, that is made when a scenario is kept; named after it when left out.
    """

    def __init__(
        self,
        projection: FundProjection,
        rules: Sequence[AlertRule],
        *,
        lang: Lang,
        models: Path | None = None,
        folder: Path | None = None,
    ) -> None:
        self.lang: Lang = lang
        self._texts, self._projection, self._models, self._folder = WARNING_WORDS[lang], projection, models, folder
        self._indicators = compute_indicators(projection)
        self._rules = tuple(rules)
        self._thresholds = {one.slider.id: one for one in self._find_thresholds()}
        self.sliders = tuple(one.slider for one in self._thresholds.values())
        self._past = {rule.id: self._past_values(rule) for rule in self._rules}
        self._base = self._levels(self._rules)
        self.title = self._texts["title"].format(region=projection.region_name(lang), quarter=projection.quarter)

    def _find_thresholds(self) -> list[_Threshold]:
        texts = self._texts
        found = []
        for rule in self._rules:
            axes: dict[tuple[str, float], tuple[AlertCondition, list[str]]] = {}
            for case in rule.case:
                for one in case.all:
                    if one.unit in _UNITS and not one.of_forecast:
                        levels = axes.setdefault((one.axis, one.threshold), (one, []))[1]
                        levels.append(texts[case.level])
            widest = max((abs(value) for _, value in axes), default=0.0)
            for (_, value), (condition, levels) in axes.items():
                factor, step = _UNITS[condition.unit]
                span = max(widest * factor / 2, 5 * step)
                low = value * factor - span
                if condition.unit in ("months", "ratio", "years") and value >= 0:
                    low = max(low, 0.0)
                name = texts["kinds"].format(level=texts["between"].join(dict.fromkeys(levels)))
                start = round(value * factor, 6)
                slider = Slider(
                    id=re.sub(r"[^a-z0-9]+", "_", f"{rule.id} {condition.axis} {start:g}".lower()).strip("_"),
                    label=texts["label"].format(rule=rule.id, name=name),
                    unit=texts[f"unit_{condition.unit}"],
                    low=_grid(low, step),
                    high=_grid(value * factor + span, step),
                    step=step,
                    start=start,
                    note=texts[rule.status].format(value=f"{start:g}"),
                )
                found.append(_Threshold(rule, condition, slider, factor))
        return found

    def changed_rules(self, values: Mapping[str, float]) -> tuple[AlertRule, ...]:
        """Return the rules with their thresholds moved.

        Parameters
        ----------
        values : mapping of str to float
            Values by slider [unit of each].

        Raises
        ------
        DeclarationError
            When the levels of a rule then overlap or leave a gap; every one is named.
        """
        moved: dict[str, dict[tuple[str, float], float]] = {}
        for name, one in self._thresholds.items():
            if one.slider.moved(values[name]):
                place = (one.condition.axis, one.condition.threshold)
                moved.setdefault(one.rule.id, {})[place] = round(values[name] / one.factor, 9)
        rules = tuple(with_thresholds(rule, moved[rule.id]) if rule.id in moved else rule for rule in self._rules)
        mend = "move the neighbouring threshold too"
        raise_all(
            [
                Problem(f"{rule.id}, level {number}", found, expected, mend)
                for rule in rules
                if rule.id in moved
                for number, found, expected in find_level_faults(rule)
            ],
            DeclarationError,
        )
        return rules

    def answer(self, values: Mapping[str, float]) -> Answer:
        """Hold the rules against the figures; see :class:`~actuary.report.panels.question.Question`."""
        texts, rules = self._texts, self.changed_rules(values)
        asked = self._levels(rules)
        notes = (texts["note"], texts["moved"].format(what=spell(self.sliders, values, self.lang)))
        tables = ((texts["now"], self._now(asked)), (texts["then"], self._then(rules)))
        return Answer(tables, self._figure(values, rules), notes)

    def _levels(self, rules: Sequence[AlertRule]) -> pd.DataFrame:
        found = evaluate_rules(self._projection, self._indicators, rules, models=self._models)
        rows = [(one.rule_id, one.scheme, one.indicator, one.value, one.unit, one.level) for one in found]
        frame = pd.DataFrame(rows, columns=["rule", "scheme", "indicator", "value", "unit", "level"])
        order = {rule.id: number for number, rule in enumerate(rules)}
        return frame.sort_values(["rule", "scheme"], key=lambda one: one.map(order) if one.name == "rule" else one)

    def _now(self, asked: pd.DataFrame) -> pd.DataFrame:
        texts = self._texts
        both = self._base.merge(asked[["rule", "scheme", "level"]], on=["rule", "scheme"], suffixes=("", "_asked"))
        shares = both["unit"] == "share"
        both["value"] = both["value"].where(~shares, both["value"] * 100)
        units = {name: texts[f"unit_{name}"] for name in _UNITS}
        words = both["indicator"].map(lambda name: INDICATORS[name].zh if self.lang == "zh" else INDICATORS[name].en)
        return pd.DataFrame(
            {
                texts["rule"]: both["rule"],
                texts["scheme"]: both["scheme"].map(texts),
                texts["indicator"]: words,
                texts["value"]: both["value"].astype(float),
                texts["unit"]: both["unit"].map(lambda name: units.get(name, name)),
                texts["base"]: both["level"].map(texts),
                texts["asked"]: both["level_asked"].map(texts),
            }
        )

    def _past_values(self, rule: AlertRule) -> dict[str, list[tuple[int, dict[str, float]]]]:
        """Return what a rule asks for at every year's end, by scheme."""
        history, found = history_of(self._projection), {}
        for scheme in rule.schemes:
            series = {one.axis: (one, history.values(scheme, one.indicator)) for one in rule.conditions}
            ends = sorted({end for _, values in series.values() for end in values if end.number == 4})
            found[str(scheme)] = [
                (end.year, {axis: _at(one, values, end) for axis, (one, values) in series.items()}) for end in ends
            ]
        return found

    def _then(self, rules: Sequence[AlertRule]) -> pd.DataFrame:
        texts, rows = self._texts, []
        for before, after in zip(self._rules, rules, strict=True):
            for scheme, years in self._past[before.id].items():
                told = [(before.level(values), after.level(values)) for _, values in years]
                told = [pair for pair in told if _OPEN not in pair]
                counts = [sum(pair[side] in _RAISED for pair in told) for side in (0, 1)]
                if told:
                    rows.append((before.id, texts.get(scheme, scheme), len(told), *counts))
        heads = [texts[name] for name in ("rule", "scheme", "years", "base_count", "asked_count")]
        return pd.DataFrame(rows, columns=heads)

    def _figure(self, values: Mapping[str, float], rules: Sequence[AlertRule]) -> Html | None:
        """Draw the past of the rule that was moved first, or of the first one, with its thresholds."""
        moved = [one for name, one in self._thresholds.items() if one.slider.moved(values[name])]
        chosen = (moved or list(self._thresholds.values()))[0]
        rule = next(one for one in rules if one.id == chosen.rule.id)
        axis, unit = chosen.condition.axis, chosen.slider.unit
        rows = [
            {"year": year, "scheme": scheme, "value": at.get(axis, float("nan")) * chosen.factor}
            for scheme, years in self._past[rule.id].items()
            for year, at in years
        ]
        frame = pd.DataFrame(rows, columns=["year", "scheme", "value"]).dropna()
        if frame.empty:
            return None
        levels = sorted({one.threshold * chosen.factor for one in rule.conditions if one.axis == axis})
        indicator = INDICATORS[chosen.condition.indicator]
        name = indicator.zh if self.lang == "zh" else indicator.en
        names = {one: self._texts.get(one, one) for one in frame["scheme"].unique()}
        drawn = [(f"{level:g}", level) for level in levels]
        label, across = f"{rule.id} {name} [{unit}]", self._texts["year"]
        return plot_years(frame, "value", by="scheme", label=label, names=names, levels=drawn, across=across)

    def save(self, name: str, values: Mapping[str, float]) -> tuple[Path, str]:
        """Write the rules as moved into a copy of the declared models.

        Raises
        ------
        DeclarationError
            When the name cannot be one, nothing was moved, or the levels of a rule would overlap.
        OutputError
            When there is such a folder, or it cannot be written.
        """
        check_name(name)
        self.changed_rules(values)
        moved = {key: one for key, one in self._thresholds.items() if one.slider.moved(values[key])}
        if not moved:
            raise DeclarationError(Problem("rules", "nothing moved", "at least one slider moved"))
        shifts = [
            Shift(one.rule.id, one.condition.axis, one.condition.threshold, round(values[key] / one.factor, 9))
            for key, one in moved.items()
        ]
        root = self._models or models_root()
        folder = self._folder or Path(name)
        with new_folder(folder) as made:
            shutil.copytree(root, made, dirs_exist_ok=True)
            for path in sorted((made / "alerts").glob("*.toml")):
                if path.name not in OTHER_FORMS:
                    file, problems = read_toml(path, root=made)
                    raise_all(problems, DeclarationError)
                    assert file is not None  # noqa: S101  (problems have been raised)
                    path.write_text(with_moved_text(file, shifts), encoding="utf-8")
            load_alert_rules(made)
        return folder, f"actuary warn --city {self._projection.region} --models {folder}"


def panel_warnings(
    region: str = "national",
    quarter: str | Quarter | None = None,
    *,
    rules: Sequence[str] = (),
    lang: Lang = "zh",
    folder: Path | str | None = None,
    models: Path | str | None = None,
    data: Path | str | None = None,
) -> WhatIfPanel:
    """Make a panel that moves the thresholds of warning rules and shows which warnings there would be.

    Parameters
    ----------
    region : str
        Region id.
    quarter : str or Quarter, optional
        Report quarter; the last with published figures when left out.
    rules : sequence of str
        Ids of the rules; the first that can be assessed here and have several levels when left out.
    lang : {"zh", "en"}
        Language of everything shown.
    folder : Path, optional
        Folder made when a scenario is kept: a copy of the declared models with the rules moved.
    models, data : Path, optional
        Folders of declarations and figures; those of the package when left out.

    Returns
    -------
    WhatIfPanel
        Shows itself in a notebook. Sliders are in the unit of the threshold: months, percentage points, ratio, years.

    Raises
    ------
    UnknownNameError
        When there is no such region or rule, or a rule has no threshold that could be moved.

    Examples
    --------
    >>> panel_warnings("shenyan")
    Traceback (most recent call last):
    actuary.errors.UnknownNameError: region: found 'shenyan'; ... did you mean 'shenyang'?
    """
    declared_models, declared_data = given_folder(models, what="models"), given_folder(data, what="data")
    names = list_regions(declared_models)
    raise_all([unknown_name("region", region, names, what="region")] if region not in names else [], UnknownNameError)
    asked = quarter or last_quarter(region, declared_data)
    projection = project_fund(region, asked, scenarios=("base",), models=declared_models, data=declared_data)
    known = {rule.id: rule for rule in load_alert_rules(declared_models)}
    fitting = {
        name: rule
        for name, rule in known.items()
        if any(_movable(one) for one in rule.conditions)
        and (not rule.region_kinds or projection.region_kind in rule.region_kinds)
    }
    strange = [name for name in rules if name not in fitting]
    raise_all(
        [unknown_name("rules", name, fitting, what="rule with a threshold") for name in strange], UnknownNameError
    )
    chosen = [fitting[name] for name in rules] or _usual(projection, list(fitting.values()), declared_models)
    where = None if folder is None else Path(folder).expanduser()
    if where is not None and where.exists():
        raise OutputError(Problem(str(where), "a folder of that name", "a new one", "nothing is written over"))
    return WhatIfPanel(WarningQuestion(projection, chosen, lang=lang, models=declared_models, folder=where))


def _usual(projection: FundProjection, rules: list[AlertRule], models: Path | None) -> list[AlertRule]:
    """Return the first rules with several levels that can be assessed, or the first at all."""
    graded = [rule for rule in rules if len({one.threshold for one in rule.conditions if _movable(one)}) > 1]
    told = evaluate_rules(projection, compute_indicators(projection), graded, models=models)
    assessed = {one.rule_id for one in told if one.level != _OPEN}
    return ([rule for rule in graded if rule.id in assessed] or graded or rules)[:_RULES]


def _movable(condition: AlertCondition) -> bool:
    return condition.unit in _UNITS and not condition.of_forecast


def _grid(value: float, step: float) -> float:
    return round(round(value / step) * step, 6)


def _at(condition: AlertCondition, values: Mapping[Quarter, float], end: Quarter) -> float:
    if condition.measure == "value":
        return values.get(end, float("nan"))
    return measure_trend(values, condition, end)
