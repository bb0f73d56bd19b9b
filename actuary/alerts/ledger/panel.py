"""The ledger in a notebook: a table that can be filtered, the history of a case, and a form to move it on."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import ipywidgets as widgets

from actuary.alerts.amounts import require_fen
from actuary.alerts.ledger.events import LedgerEvent
from actuary.alerts.ledger.export import event_table, with_yuan
from actuary.alerts.ledger.listing import CaseFilter
from actuary.alerts.signals import KINDS, SIGNAL_LEVELS
from actuary.errors import ActuaryError, Problem

if TYPE_CHECKING:
    import pandas as pd

    from actuary.alerts.ledger.book import CaseLedger

__all__ = ["LedgerPanel"]

_WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "all": "全部",
        "unfinished": "未办结",
        "state": "状态",
        "kind": "对象",
        "level": "等级",
        "region": "地区",
        "case": "案件",
        "who": "经办",
        "to": "转为",
        "note": "说明",
        "attachment": "附件路径",
        "recovered": "追回金额（元）",
        "move": "提交",
        "keep": "状态不变，只记录",
        "shown": "{shown} 件，共 {all} 件",
        "done": "案件 {case}：{state}，事件 {event}。",
        "synthetic": "合成数据",
        "fund": "基金",
        "provider": "医疗机构",
        "red": "红",
        "orange": "橙",
        "yellow": "黄",
        "blue": "蓝",
    },
    "en": {
        "all": "all",
        "unfinished": "unfinished",
        "state": "State",
        "kind": "About",
        "level": "Level",
        "region": "Region",
        "case": "Case",
        "who": "Who",
        "to": "Move to",
        "note": "Note",
        "attachment": "File",
        "recovered": "Recovered [yuan]",
        "move": "Submit",
        "keep": "stay, write down only",
        "shown": "{shown} of {all} cases",
        "done": "Case {case}: {state}, event {event}.",
        "synthetic": "synthetic data",
        "fund": "fund",
        "provider": "provider",
        **{level: level for level in SIGNAL_LEVELS},
    },
}
_LISTED = ("case", "state", "level", "region", "subject", "title", "last_period", "age_days", "recovered_yuan")
_SHOWN = 200


class LedgerPanel(widgets.VBox):  # type: ignore[misc]
    """Show a ledger and let one work with it.

    Every widget can be set and clicked from Python as from a browser.

    Parameters
    ----------
    ledger : CaseLedger
        The ledger; its clock says when a change happens.
    who : str
        Who works with it; may be filled in.
    lang : {"zh", "en"}
        Language of the labels.

    Attributes
    ----------
    state, kind, level, region : widgets
        What the table shows.
    case : Dropdown
        The case whose history is shown, and which the form moves.
    to, who, note, attachment, recovered, submit : widgets
        The form.
    table, history, message : HTML
        What is shown.
    """

    def __init__(self, ledger: CaseLedger, *, who: str = "", lang: Literal["zh", "en"] = "zh") -> None:
        self._ledger, self._lang, self._words = ledger, lang, _WORDS[lang]
        words = self._words
        states = [(self._state(name), name) for name in ledger.rules.names]
        self.state = self._choice("state", [(words["all"], ""), (words["unfinished"], "unfinished"), *states])
        self.kind = self._choice("kind", [(words["all"], ""), *((words[name], name) for name in KINDS)])
        self.level = self._choice("level", [(words["all"], ""), *((words[name], name) for name in SIGNAL_LEVELS)])
        self.region = widgets.Text(description=words["region"], continuous_update=False)
        self.case = widgets.Dropdown(description=words["case"], options=[])
        self.to = self._choice("to", [])
        self.who = widgets.Text(description=words["who"], value=who)
        self.note = widgets.Textarea(description=words["note"])
        self.attachment = widgets.Text(description=words["attachment"])
        self.recovered = widgets.Text(description=words["recovered"], value="0")
        self.submit = widgets.Button(description=words["move"])
        self.table, self.history, self.message = widgets.HTML(), widgets.HTML(), widgets.HTML()
        filters = widgets.HBox([self.state, self.kind, self.level, self.region])
        form = widgets.VBox([self.to, self.who, self.note, self.attachment, self.recovered, self.submit, self.message])
        super().__init__([filters, self.table, self.case, self.history, form])
        for chosen in (self.state, self.kind, self.level, self.region):
            chosen.observe(lambda _: self.refresh(), names="value")
        self.case.observe(lambda _: self._show_case(), names="value")
        self.submit.on_click(lambda _: self._submit())
        self.refresh()

    def refresh(self) -> None:
        """Read the ledger again; what others have written since is shown."""
        chosen = CaseFilter(
            state=self.state.value or None,
            kind=self.kind.value or None,
            level=self.level.value or None,
            region=self.region.value.strip() or None,
        )
        try:
            cases = self._ledger.cases(chosen)
        except ActuaryError as error:
            self._say(str(error), good=False)
            return
        self.table.value = self._table(cases)
        kept = self.case.value
        title = f"title_{self._lang}"
        options = [
            (f"{number} {text}", number) for number, text in zip(cases["case"].tolist(), cases[title], strict=True)
        ]
        numbers = [number for _, number in options[:_SHOWN]]
        self.case.options = options[:_SHOWN]
        self.case.value = kept if kept in numbers else numbers[0] if numbers else None
        self._show_case()

    def _state(self, name: str) -> str:
        return self._ledger.rules.state_zh(name) if self._lang == "zh" else name

    def _choice(self, word: str, options: list[tuple[str, str]]) -> Any:
        return widgets.Dropdown(description=self._words[word], options=options)

    def _table(self, cases: pd.DataFrame) -> str:
        shown = with_yuan(cases.head(_SHOWN)).rename(columns={f"title_{self._lang}": "title"})
        shown = shown.assign(
            state=shown["state"].map(self._state), level=shown["level"].map(lambda level: self._words[level])
        )
        count = self._words["shown"].format(shown=len(shown), all=len(cases))
        stamp = f" · {self._words['synthetic']}" if cases["synthetic"].any() else ""
        listed = shown[[name for name in _LISTED if name in shown]]
        return f"<p>{count}{stamp}</p>{listed.to_html(index=False, escape=True)}"

    def _show_case(self) -> None:
        if self.case.value is None:
            self.history.value, self.to.options = "", []
            return
        events = list(self._ledger.history(self.case.value))
        columns = ["number", "at", "who", "action", "state", "period", "note", "attachment", "recovered_yuan"]
        self.history.value = with_yuan(event_table(events))[columns].to_html(index=False, escape=True)
        steps = self._ledger.rules.steps_from(events[-1].state)
        ways = [(step.name_zh if self._lang == "zh" else step.to, step.to) for step in steps]
        self.to.options = [*ways, (self._words["keep"], "")]
        # No step is proposed: nobody shall move a case by a slip.
        self.to.value = ""

    def _submit(self) -> None:
        """Do what the form says; a refusal is shown and the form keeps what was written."""
        try:
            event = self._change()
        except ActuaryError as error:
            self._say(str(error), good=False)
            return
        self.note.value, self.attachment.value, self.recovered.value = "", "", "0"
        self._say(
            self._words["done"].format(case=event.case, state=self._state(event.state), event=event.number), good=True
        )
        self.refresh()

    def _change(self) -> LedgerEvent:
        if self.case.value is None:
            raise ActuaryError(Problem(self._words["case"], "none", "a case of the table"))
        case, note, money = (
            int(self.case.value),
            self.note.value,
            require_fen(self.recovered.value or "0", where=self._words["recovered"]),
        )
        file = Path(self.attachment.value.strip()) if self.attachment.value.strip() else None
        if self.to.value:
            return self._ledger.move(
                case, self.to.value, who=self.who.value, note=note, attachment=file, recovered_fen=money
            )
        if file is not None and not money:
            return self._ledger.attach(case, file, who=self.who.value, note=note)
        if file is not None:
            raise ActuaryError(Problem(self._words["attachment"], "a file and money", "one of the two at a time"))
        return self._ledger.note(case, note, who=self.who.value, recovered_fen=money)

    def _say(self, text: str, *, good: bool) -> None:
        colour = "#1b6e3c" if good else "#a32020"
        self.message.value = f'<p style="color:{colour}">{html.escape(text)}</p>'
