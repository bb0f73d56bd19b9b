"""The widgets of a what-if panel: sliders, a picture, tables, reset, and a form that keeps what was asked."""

from __future__ import annotations

import html
import time
from typing import Any

import ipywidgets as widgets
import pandas as pd

from actuary.errors import ActuaryError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.report.panels.question import Answer, Question, Slider
from actuary.report.panels.words import PANEL_WORDS

__all__ = ["WhatIfPanel"]

#: Numbers of a table: as many digits as its size needs.
_LARGE, _MIDDLE = 1000.0, 10.0


class WhatIfPanel(widgets.VBox):  # type: ignore[misc]
    """Let one move sliders and see what comes out.

    Every widget can be set and clicked from Python as from a browser. Where no browser can show widgets, the panel
    shows its present values and tables instead.

    Parameters
    ----------
    question : Question
        What is asked.

    Attributes
    ----------
    sliders : dict of str to FloatSlider
        By the name of what they move.
    reset, name, save : widgets
        Back to where nothing is changed; the form that keeps a scenario.
    figure, shown, message : HTML
        The picture, the tables, what was said last.
    answer : Answer
        What is shown.
    answered_s : float
        How long the last answer took [s].
    """

    def __init__(self, question: Question) -> None:
        self.question = question
        self._words = PANEL_WORDS[question.lang]
        self._held = False
        self.sliders = {one.id: self._slider(one) for one in question.sliders}
        self.reset = widgets.Button(description=self._words["reset"])
        self.name = widgets.Text(description=self._words["name"])
        self.save = widgets.Button(description=self._words["save"])
        self.figure, self.shown, self.message = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.answer = Answer(())
        self.answered_s = 0.0
        head = widgets.HTML(f"<b>{html.escape(question.title)}</b>")
        rows = [
            widgets.HBox([self.sliders[one.id], widgets.HTML(f"<small>{self._legend(one)}</small>")])
            for one in question.sliders
        ]
        form = widgets.HBox([self.reset, self.name, self.save])
        super().__init__([head, *rows, form, self.message, self.figure, self.shown])
        for slider in self.sliders.values():
            slider.observe(lambda _: self._ask(), names="value")
        self.reset.on_click(lambda _: self._reset())
        self.save.on_click(lambda _: self._save())
        self._ask()

    @property
    def values(self) -> dict[str, float]:
        """Where the sliders stand, by name [unit of each]."""
        return {name: float(slider.value) for name, slider in self.sliders.items()}

    @property
    def table(self) -> pd.DataFrame:
        """The first table of the answer, units in the heads of its columns."""
        return self.answer.tables[0][1].copy()

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table of the answer by its caption."""
        return {caption: frame.copy() for caption, frame in self.answer.tables}

    def set(self, **values: float) -> WhatIfPanel:
        """Move several sliders and answer once.

        Parameters
        ----------
        **values : float
            Values by the name of the slider [unit of each].

        Raises
        ------
        UnknownNameError
            When there is no such slider.
        ActuaryError
            When a value is out of range; every one is named.
        """
        known = {one.id: one for one in self.question.sliders}
        strange = [unknown_name("panel", name, known, what="slider") for name in values if name not in known]
        raise_all(strange, UnknownNameError)
        beyond = [
            Problem(known[name].label, f"{value:g}", f"{known[name].low:g} to {known[name].high:g} {known[name].unit}")
            for name, value in values.items()
            if not known[name].low <= value <= known[name].high
        ]
        raise_all(beyond, ActuaryError)
        self._held = True
        try:
            for name, value in values.items():
                self.sliders[name].value = value
        finally:
            self._held = False
        self._ask()
        return self

    def keep(self, name: str) -> None:
        """Write what the sliders say under a name, as the button does; :attr:`message` says where.

        Parameters
        ----------
        name : str
            Small letters, digits and underscores.
        """
        self.name.value = name
        self._save()

    def _slider(self, one: Slider) -> Any:
        return widgets.FloatSlider(
            value=one.start,
            min=one.low,
            max=one.high,
            step=one.step,
            description=one.label,
            readout_format=f".{one.digits}f",
            # An answer when the mouse is let go, not at every point on the way.
            continuous_update=False,
            style={"description_width": "15em"},
            layout={"width": "34em"},
        )

    def _legend(self, one: Slider) -> str:
        return html.escape(" · ".join(part for part in (one.unit, one.note) if part))

    def _ask(self) -> None:
        if self._held:
            return
        begin = time.perf_counter()
        try:
            self.answer = self.question.answer(self.values)
        except ActuaryError as error:
            self._say(f"{error} {self._words['stale']}", good=False)
            return
        self.message.value = ""
        self.figure.value = self.answer.figure.html if self.answer.figure is not None else ""
        self.shown.value = self._tables()
        self.answered_s = time.perf_counter() - begin

    def _reset(self) -> None:
        self.set(**{one.id: one.start for one in self.question.sliders})

    def _save(self) -> None:
        """Keep what is asked; a refusal is shown."""
        try:
            path, command = self.question.save(self.name.value.strip(), self.values)
        except ActuaryError as error:
            self._say(str(error), good=False)
            return
        self._say(self._words["kept"].format(path=path, command=command), good=True)

    def _say(self, text: str, *, good: bool) -> None:
        colour = "#1b6e3c" if good else "#a32020"
        self.message.value = f'<p style="color:{colour}">{html.escape(text)}</p>'

    def _tables(self) -> str:
        parts = [f"<p><b>{html.escape(caption)}</b></p>{_table(frame)}" for caption, frame in self.answer.tables]
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.answer.notes)
        return "".join(parts) + (f"<ul>{notes}</ul>" if notes else "")

    def _static(self) -> str:
        """Return what is shown where widgets cannot be."""
        rows = "".join(
            f"<tr><td>{html.escape(one.label)}</td><td>{html.escape(one.spelt(self.values[one.id]))}</td></tr>"
            for one in self.question.sliders
        )
        head = f"<tr><th>{self._words['slider']}</th><th>{self._words['value']}</th></tr>"
        return (
            f"<p><b>{html.escape(self.question.title)}</b></p><p>{html.escape(self._words['static'])}</p>"
            f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>{self.message.value}{self.figure.value}"
            f"{self.shown.value}"
        )

    def _repr_html_(self) -> str:
        return self._static()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """Return the widget for front ends that have widgets, and the tables for those that have none."""
        bundle = super()._repr_mimebundle_(**kwargs)
        data = dict(bundle[0] if isinstance(bundle, tuple) else bundle or {})
        plain = "\n\n".join(f"{caption}\n{frame.to_string(index=False)}" for caption, frame in self.answer.tables)
        return {**data, "text/html": self._static(), "text/plain": f"{self.question.title}\n\n{plain}"}


def _cell(value: float) -> str:
    digits = 0 if abs(value) >= _LARGE else 1 if abs(value) >= _MIDDLE else 2
    return f"{value:,.{digits}f}"


def _table(frame: pd.DataFrame) -> str:
    return str(frame.to_html(index=False, escape=True, na_rep="–", float_format=_cell, border=0))
