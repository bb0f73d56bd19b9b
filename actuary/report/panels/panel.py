"""The widgets of a what-if panel: sliders, a picture, tables, reset, and a form that keeps what was asked."""

from __future__ import annotations

import html
import re
import time
from typing import Any

import ipywidgets as widgets
import pandas as pd

from actuary.errors import ActuaryError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.report.panels.question import Answer, Question, Slider
from actuary.report.panels.words import PANEL_WORDS
from actuary.report.view import text_width

__all__ = ["WhatIfPanel"]

#: Numbers of a column: as many digits as its largest one needs.
_LARGE, _MIDDLE = 1000.0, 10.0
#: Where a head goes on in a new line.
_HEAD_BREAK = re.compile(r"：|: ")
#: Widgets get none of the looks that JupyterLab gives tables elsewhere; nothing outside this panel is touched.
_LOOKS = (
    "<style>.actuary-panel table{border-collapse:collapse;margin:.2em 0 .8em;line-height:1.35;"
    "font-variant-numeric:tabular-nums}"
    ".actuary-panel th,.actuary-panel td{padding:.15em .7em;text-align:right;vertical-align:bottom}"
    ".actuary-panel th{white-space:pre-line;font-weight:600;min-width:5em}"
    ".actuary-panel th.word{min-width:0}.actuary-panel td{white-space:nowrap}"
    ".actuary-panel .word{text-align:left}.actuary-panel thead tr{border-bottom:1px solid currentColor}"
    ".actuary-panel tbody tr{border-bottom:1px solid rgba(128,128,128,.25)}"
    ".actuary-panel p{margin:.4em 0 .2em;line-height:1.4}.actuary-panel ul{margin:.3em 0;line-height:1.4}"
    ".actuary-panel .scroll{overflow-x:auto}.actuary-panel svg{max-width:100%;height:auto}</style>"
)


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
        # Room for the longest label: a label that is cut names nothing.
        self._label_em = min(28.0, 1.5 + 0.55 * max((text_width(one.label) for one in question.sliders), default=0))
        self.sliders = {one.id: self._slider(one) for one in question.sliders}
        self.reset = widgets.Button(description=self._words["reset"])
        self.name = widgets.Text(description=self._words["name"])
        self.save = widgets.Button(description=self._words["save"])
        self.figure, self.shown, self.message = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.answer = Answer(())
        self.answered_s = 0.0
        head = widgets.HTML(f"<b>{html.escape(question.title)}</b>")
        rows = [
            widgets.HBox(
                [self.sliders[one.id], widgets.HTML(f"<small>{self._legend(one)}</small>")],
                # Where the page is narrow, the unit goes below the slider and leaves it its length.
                layout={"flex_flow": "row wrap"},
            )
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
            tooltip=one.label,
            style={"description_width": f"{self._label_em:.1f}em"},
            layout={"width": f"{self._label_em + 19:.1f}em", "max_width": "100%", "flex": "0 0 auto"},
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
        drawn = self.answer.figure.html if self.answer.figure is not None else ""
        self.figure.value = f'<div class="actuary-panel">{drawn}</div>' if drawn else ""
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
        shown = "".join(parts) + (f"<ul>{notes}</ul>" if notes else "")
        return f'{_LOOKS}<div class="actuary-panel">{shown}</div>'

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


def _head(name: str) -> str:
    """Break a head after its colons and before its unit, which stays whole."""
    said, bracket, unit = name.partition(" [")
    lines = _HEAD_BREAK.sub(lambda found: found[0].strip() + "\n", said)
    return lines + ("\n[" + unit.replace(" ", "\u00a0") if bracket else "")


def _column(values: pd.Series) -> list[str]:
    """Print a column: numbers with as many digits as the largest needs, a dash where there is none."""
    if not pd.api.types.is_numeric_dtype(values):
        return ["–" if pd.isna(one) else str(one) for one in values]
    if pd.api.types.is_integer_dtype(values):
        # Years are no quantities: they have no comma.
        return [f"{one:,}" if values.abs().max() >= 10 * _LARGE else str(one) for one in values]
    largest = values.abs().max()
    digits = 0 if largest >= _LARGE else 1 if largest >= _MIDDLE else 2
    # Nothing is less than nothing: -0.00 would be read as a fall.
    return ["–" if pd.isna(one) else f"{round(one, digits) + 0.0:,.{digits}f}" for one in values]


def _table(frame: pd.DataFrame) -> str:
    """Return a table whose numbers stand right and whose units stand under the heads."""
    classes = ["" if pd.api.types.is_numeric_dtype(frame[name]) else ' class="word"' for name in frame.columns]
    heads = "".join(
        f"<th{kind}>{html.escape(_head(str(name)))}</th>" for name, kind in zip(frame.columns, classes, strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(f"<td{kind}>{html.escape(cell)}</td>" for cell, kind in zip(row, classes, strict=True))
        + "</tr>"
        for row in zip(*(_column(frame[name]) for name in frame.columns), strict=True)
    )
    return f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
