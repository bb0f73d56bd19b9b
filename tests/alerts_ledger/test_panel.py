"""The ledger in a notebook, worked without a browser."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from actuary.alerts.ledger import CaseLedger
from actuary.alerts.ledger.panel import LedgerPanel
from actuary.alerts.signals import Signal

AT = dt.datetime(2025, 4, 10, 9, tzinfo=dt.UTC)


@pytest.fixture
def panel(ledger: CaseLedger, make_signal: Callable[..., Signal]) -> LedgerPanel:
    signals = [make_signal(), make_signal("H04", level="red", title_zh="<b>疑似分解住院</b>")]
    signals.append(make_signal("employee", kind="fund", region="anyang"))
    ledger.record(signals, who="zhao", at=AT)
    return CaseLedger(ledger.path, clock=lambda: AT + dt.timedelta(days=3)).panel(who="qian")


def test_the_table_shows_the_cases_and_follows_the_filter(panel: LedgerPanel) -> None:
    assert "3 件，共 3 件 · 合成数据" in panel.table.value
    assert "&lt;b&gt;疑似分解住院" in panel.table.value, "titles are text, not markup"
    panel.kind.value = "fund"
    assert [number for _, number in panel.case.options] == [3]
    panel.kind.value, panel.level.value = "", "red"
    assert [number for _, number in panel.case.options] == [2]
    panel.level.value, panel.region.value = "", "anyang"
    assert [number for _, number in panel.case.options] == [3]
    panel.region.value, panel.state.value = "", "closed"
    assert list(panel.case.options) == []
    assert panel.history.value == ""


def test_the_form_moves_a_case(panel: LedgerPanel, ledger: CaseLedger, tmp_path: Path) -> None:
    panel.case.value = 1
    assert [way for _, way in panel.to.options] == ["checking", "dismissed", ""]
    panel.to.value, panel.note.value, panel.recovered.value = "checking", "调阅病案", "1,200.50"
    panel.submit.click()
    event = ledger.history(1)[-1]
    assert (event.state, event.note, event.who, event.recovered_fen) == ("checking", "调阅病案", "qian", 120_050)
    assert event.at == "2025-04-13T09:00:00+00:00"
    assert "核查中" in panel.message.value
    assert (panel.note.value, panel.recovered.value, panel.case.value) == ("", "0", 1)
    assert "调阅病案" in panel.history.value
    paper = tmp_path / "paper.txt"
    paper.write_text("x", encoding="utf-8")
    panel.to.value, panel.attachment.value = "", str(paper)
    panel.submit.click()
    assert ledger.history(1)[-1].action == "attach"


def test_a_refusal_is_shown_and_nothing_is_lost(panel: LedgerPanel, ledger: CaseLedger) -> None:
    panel.case.value = 1
    panel.to.value, panel.note.value = "dismissed", "电话 13812345678"
    panel.submit.click()
    assert "mobile number" in panel.message.value
    assert panel.note.value == "电话 13812345678"
    panel.note.value, panel.recovered.value = "误报", "1.234"
    panel.submit.click()
    assert "at most two decimals" in panel.message.value
    assert ledger.head().number == 3


def test_what_others_write_meanwhile_is_minded(panel: LedgerPanel, ledger: CaseLedger) -> None:
    panel.case.value = 1
    panel.to.value = "checking"
    ledger.move(1, "dismissed", who="sun", at=AT, note="误报")
    panel.submit.click()
    assert "the state is final" in panel.message.value
    panel.refresh()
    assert [way for _, way in panel.to.options] == [""]


def test_without_a_clock_or_a_name_nothing_is_changed(panel: LedgerPanel, ledger: CaseLedger) -> None:
    panel.to.value, panel.who.value = "checking", ""
    panel.submit.click()
    assert "--who NAME" in panel.message.value
    bare = ledger.panel(who="qian", lang="en")
    assert "3 of 3 cases" in bare.table.value
    bare.to.value = "checking"
    bare.submit.click()
    assert "no moment and no clock" in bare.message.value
    assert ledger.head().number == 3


@pytest.mark.slow
def test_the_ledger_itself_loads_no_widgets() -> None:
    program = "import sys, actuary.alerts.ledger as l; assert not {'ipywidgets', 'matplotlib'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
