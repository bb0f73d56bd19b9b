"""The what-if panel of the funds: retirement, contributions and trends, answered by the people-driven model."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import Field

from actuary.errors import DeclarationError, OutputError, Problem, raise_all
from actuary.fund.model.face import Model, load_model
from actuary.fund.model.run import Run
from actuary.paths import models_root
from actuary.policy.membership_model import MEMBERSHIP_KEYS
from actuary.policy.scenarios import load_scenario
from actuary.policy.shapes import Shape, Text, fit
from actuary.policy.toml_files import read_toml
from actuary.report.display import Html
from actuary.report.panels.panel import WhatIfPanel
from actuary.report.panels.question import Answer, Lang, Slider, check_name, keep_text, new_folder, spell
from actuary.report.panels.words import FUND_WORDS
from actuary.report.plots import plot_years

__all__ = ["FundQuestion", "load_sliders", "panel_fund"]

_FILE = "panel.toml"
_ASKED = "what_if"
_MONTHS_A_YEAR = 12.0
_YUAN_100M = 1e8
#: What only grouping and bills need is not copied for the answers.
_UNUSED = shutil.ignore_patterns("drg", "settlement_list", "payment")


class _SliderDelta(Shape):
    key: Text
    operation: Literal["add", "multiply"]
    scale: float
    first_day: dt.date = Field(alias="from")


class _DeclaredSlider(Shape):
    id: Text
    label_zh: Text
    label_en: Text
    unit_zh: Text
    unit_en: Text
    low: float
    high: float
    step: float = Field(gt=0)
    start: float
    source: Text
    reason: Text
    reason_en: Text
    delta: tuple[_SliderDelta, ...] = Field(min_length=1)


class _SliderFile(Shape):
    slider: tuple[_DeclaredSlider, ...] = Field(min_length=1)


def load_sliders(region: str, *, root: Path | None = None) -> tuple[_DeclaredSlider, ...]:
    """Load the sliders declared for a region; one without its own file has those of the nation.

    Parameters
    ----------
    region : str
        Region id.
    root : Path, optional
        Root of the models.

    Raises
    ------
    DeclarationError
        With every problem of the file.

    Examples
    --------
    >>> [one.id for one in load_sliders("national")][:2]
    ['retirement_age', 'retirement_step']
    """
    base = root or models_root()
    own = base / "cities" / region / "model" / _FILE
    path = next(one for one in (own, base / "national" / "model" / _FILE, models_root() / "national" / "model" / _FILE)
                if one.is_file())  # fmt: skip
    file, problems = read_toml(path, root=base)
    raise_all(problems, DeclarationError)
    assert file is not None  # noqa: S101  (problems have been raised)
    declared, problems = fit(_SliderFile, file.data, file=file)
    if declared is not None:
        problems = [
            Problem(file.where(f"slider[{number}]"), f"{one.low:g}, {one.start:g}, {one.high:g}", "low ≤ start ≤ high")
            for number, one in enumerate(declared.slider, 1)
            if not one.low <= one.start <= one.high or one.low == one.high
        ]
    raise_all(problems, DeclarationError)
    assert declared is not None  # noqa: S101
    return declared.slider


class FundQuestion:
    """Ask what the funds of a place come to when rules and assumptions are moved.

    Parameters
    ----------
    model : Model
        The place.
    to : str
        Last quarter.
    lang : {"zh", "en"}
        Language.
    folder : Path, optional
        Folder of declared models in which scenarios are kept; made, as a copy of the declared ones, where there is
        none. The model's own when left out.
    """

    def __init__(self, model: Model, *, to: str, lang: Lang, folder: Path | None = None) -> None:
        self.lang: Lang = lang
        self._texts, self._model, self._to, self._folder = FUND_WORDS[lang], model, to, folder
        self._declared = {one.id: one for one in self._usable()}
        self.sliders = tuple(self._shown(one) for one in self._declared.values())
        self.base = model.project(to=to)
        self._base_years = _years(self.base, "base")
        place = model.place.name_zh if lang == "zh" else model.place.name_en
        self.title = self._texts["title"].format(place=place, to=self.base.projection.horizon)
        # Each answer is a scenario in a copy of the declarations: the same checks and arithmetic as any other.
        self._copy = tempfile.TemporaryDirectory(prefix="actuary-panel-")
        root = Path(self._copy.name)
        shutil.copytree(model.models or models_root(), root, ignore=_UNUSED, dirs_exist_ok=True)
        self._moved = replace(model, models=root)
        self._known: dict[str, Run] = {}

    def _usable(self) -> list[_DeclaredSlider]:
        """Return the sliders all of whose keys this place has."""
        held = {*self._model.rules.keys(), *self._model.assumptions.keys(), *MEMBERSHIP_KEYS}
        declared = load_sliders(self._model.region, root=self._model.models)
        return [one for one in declared if all(delta.key in held for delta in one.delta)]

    def _shown(self, one: _DeclaredSlider) -> Slider:
        chinese = self.lang == "zh"
        return Slider(
            id=one.id,
            label=one.label_zh if chinese else one.label_en,
            unit=one.unit_zh if chinese else one.unit_en,
            low=one.low,
            high=one.high,
            step=one.step,
            start=one.start,
            note=self._texts["span"] if one.source == "judgement" else one.source,
        )

    def scenario_text(self, values: Mapping[str, float], *, name: str = _ASKED) -> str:
        """Return the scenario file that says what the sliders say.

        Parameters
        ----------
        values : mapping of str to float
            Values by slider [unit of each].
        name : str
            What the scenario is called.
        """
        moved = {key: one for key, one in self._declared.items() if self._slider(key).moved(values[key])}
        words = {key: {lang: self._spelt(key, values[key], lang) for lang in ("zh", "en")} for key in moved}
        lines = ["#:schema ../schema/scenario.schema.json", ""]
        lines += [f"name_{lang} = {_quoted(texts['scenario'].format(name=name))}" for lang, texts in FUND_WORDS.items()]
        for lang, texts in FUND_WORDS.items():
            told = texts["between"].join(one[lang] for one in words.values())
            lines += [f"description_{lang} = {_quoted(texts['written'].format(what=told))}"]
        for key, one in moved.items():
            for delta in one.delta:
                lines += ["", "[[delta]]", f'key = "{delta.key}"', f'operation = "{delta.operation}"']
                lines += [f"value = {round(values[key] * delta.scale, 9)!r}", f"from = {delta.first_day.isoformat()}"]
                lines += ['source = "judgement"']
                for name_of_reason, lang in (("reason", "zh"), ("reason_en", "en")):
                    reason = FUND_WORDS[lang]["reason"].format(what=words[key][lang])
                    lines += [f"{name_of_reason} = {_quoted(reason)}"]
        return "\n".join(lines) + "\n"

    def _slider(self, name: str) -> Slider:
        return next(one for one in self.sliders if one.id == name)

    def _spelt(self, key: str, value: float, lang: str) -> str:
        one, chinese = self._declared[key], lang == "zh"
        label, unit = (one.label_zh, one.unit_zh) if chinese else (one.label_en, one.unit_en)
        return f"{label} {replace(self._slider(key), unit=unit).spelt(value)}"

    def run(self, values: Mapping[str, float]) -> Run:
        """Return the projection at these values; one asked before is not projected again."""
        if not any(one.moved(values[one.id]) for one in self.sliders):
            return self.base
        text = self.scenario_text(values)
        if text not in self._known:
            path = Path(self._copy.name) / "scenarios" / f"{_ASKED}.toml"
            path.write_text(text, encoding="utf-8")
            self._known[text] = self._moved.project(to=self._to, scenario=_ASKED)
        return self._known[text]

    def answer(self, values: Mapping[str, float]) -> Answer:
        """Return years, turning points and a picture; see :class:`~actuary.report.panels.question.Question`."""
        texts, run = self._texts, self.run(values)
        years = pd.concat([self._base_years, _years(run, "asked")], ignore_index=True)
        notes = [texts["judgement"], texts["moved"].format(what=spell(self.sliders, values, self.lang))]
        notes += [texts["synthetic"]] if run.synthetic else []
        return Answer(
            ((texts["path"], self._path(years)), (texts["turning"], self._turning(run))),
            self._figure(years),
            tuple(notes),
        )

    def _path(self, years: pd.DataFrame) -> pd.DataFrame:
        texts = self._texts
        last = int(years["year"].max())
        shown = [year for year in sorted(set(years["year"])) if year % 5 == 0 or year == last]
        years = years[years["year"].isin(shown)]
        wide = years.set_index(["scheme", "year", "run"])[["months", "balance"]].unstack("run")  # noqa: PD010
        table = pd.DataFrame(index=wide.index)
        for measure, unit in (("months", "month_unit"), ("balance", "money_unit")):
            head, tail = texts[measure], f"[{texts[unit]}]"
            table[f"{head}：{texts['base']} {tail}"] = wide[measure, "base"]
            table[f"{head}：{texts['asked']} {tail}"] = wide[measure, "asked"]
            table[f"{head}：{texts['difference']} {tail}"] = wide[measure, "asked"] - wide[measure, "base"]
        if self.lang == "en":
            table.columns = [str(name).replace("：", ": ") for name in table.columns]
        table = table.reset_index()
        table["scheme"] = table["scheme"].map(texts)
        return table.rename(columns={"scheme": texts["scheme"], "year": texts["year"]})

    def _turning(self, run: Run) -> pd.DataFrame:
        texts = self._texts
        rows = []
        for key, found in (("base", self.base), ("asked", run)):
            table = found.milestones[found.milestones["scheme"].isin(["employee", "resident"])]
            rows += [
                (one.scheme, key, _text(one.first_deficit_year), _text(one.exhaustion_quarter))
                for one in table.itertuples()
            ]
        frame = pd.DataFrame(rows, columns=["scheme", "run", "deficit", "gone"]).sort_values("scheme", kind="stable")
        frame["scheme"], frame["run"] = frame["scheme"].map(texts), frame["run"].map(texts)
        heads = {"scheme": texts["scheme"], "run": "", "deficit": texts["deficit"], "gone": texts["gone"]}
        return frame.rename(columns=heads)

    def _figure(self, years: pd.DataFrame) -> Html:
        texts = self._texts
        drawn = years.assign(line=years["scheme"] + "_" + years["run"])
        names = {
            f"{scheme}_{run}": f"{texts[scheme]}，{texts[run]}".replace("，", ", " if self.lang == "en" else "，")
            for scheme in ("employee", "resident")
            for run in ("base", "asked")
        }
        return plot_years(
            drawn, "months", by="line", label=texts["figure"], names=names, zero=True, across=texts["year"]
        )

    def save(self, name: str, values: Mapping[str, float]) -> tuple[Path, str]:
        """Write the scenario into a folder of models.

        Raises
        ------
        DeclarationError
            When the name cannot be one, or nothing was moved.
        OutputError
            When there is a scenario of that name, or the folder cannot be written.
        """
        check_name(name)
        if not any(one.moved(values[one.id]) for one in self.sliders):
            raise DeclarationError(Problem("scenario", "nothing moved", "at least one slider moved"))
        root = self._folder or self._model.models or models_root()
        embedded = models_root().parent.name == "embedded" and root == models_root()
        if embedded:
            mend = "name a folder of your own: actuary.panel_fund(…, folder='my_models')"
            raise OutputError(
                Problem("scenario", "the models inside the installed package", "a folder of one's own", mend)
            )
        if not root.exists():
            with new_folder(root) as made:
                shutil.copytree(self._model.models or models_root(), made, dirs_exist_ok=True)
        if not (root / "scenarios").is_dir():
            mend = "name a new folder: the declared models are copied there"
            raise OutputError(Problem(str(root), "no folder scenarios in it", "a folder laid out as models/", mend))
        path = root / "scenarios" / f"{name}.toml"
        keep_text(path, self.scenario_text(values, name=name))
        load_scenario(name, root=root)
        beside = "" if root == models_root() else f" --models {root}"
        return path, f"actuary project --model {self._model.region} --scenario {name}{beside}"


def panel_fund(
    region: str | Path | Model = "national",
    *,
    to: str = "2040Q4",
    lang: Lang = "zh",
    folder: Path | str | None = None,
    models: Path | str | None = None,
    data: Path | str | None = None,
) -> WhatIfPanel:
    """Make a panel that moves retirement, contributions and trends and shows what the funds come to.

    Parameters
    ----------
    region : str, Path or Model
        Region id, folder of a city, or a loaded model.
    to : str
        Last quarter.
    lang : {"zh", "en"}
        Language of everything shown.
    folder : Path, optional
        Folder of models in which scenarios are kept; made where there is none.
    models, data : Path, optional
        Folders of declarations and figures; those of the package when left out.

    Returns
    -------
    WhatIfPanel
        Shows itself in a notebook; ``panel.set(employer_rate=1)`` moves it from Python, ``panel.table`` is the answer:
        balances in months of spending [months] and in 100m_yuan (亿元), by scheme and year.

    Raises
    ------
    DeclarationError
        When the place lacks inputs, with every one and how to give it.
    UnknownNameError
        When there is no such region.

    Examples
    --------
    >>> panel = panel_fund("national", to="2030Q4", lang="en")
    >>> "employer_rate" in panel.sliders
    True
    """
    model = region if isinstance(region, Model) else load_model(region, models=models, data=data)
    where = None if folder is None else Path(folder).expanduser()
    return WhatIfPanel(FundQuestion(model, to=to, lang=lang, folder=where))


def _years(run: Run, label: str) -> pd.DataFrame:
    annual = run.annual()
    annual = annual[annual["scheme"].isin(["employee", "resident"])]
    spent = annual["pooled_expenditure_yuan"]
    held = annual["pooled_balance_end_yuan"]
    table = annual[["scheme", "year"]].assign(
        run=label, months=held / spent * _MONTHS_A_YEAR, balance=held / _YUAN_100M
    )
    return table.reset_index(drop=True)


def _text(value: object) -> str:
    missing = value is None or value != value  # noqa: PLR0124  (NaN)
    return "–" if missing else str(int(value) if isinstance(value, float) else value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
