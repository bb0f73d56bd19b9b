"""The road of a case: recorded, seen again, moved, noted, attached, closed, linked."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from actuary.alerts.ledger import CaseFilter, CaseLedger, LedgerError
from actuary.alerts.signals import Signal

AT = dt.datetime(2025, 4, 10, 9, tzinfo=dt.UTC)
WHO = "zhao"
Make = Callable[..., Signal]


def outcomes(ledger: CaseLedger, *signals: Signal) -> list[tuple[int, str]]:
    return [(one.case, one.outcome) for one in ledger.record(signals, who=WHO, at=AT)]


def close(ledger: CaseLedger, case: int, end: str = "closed") -> None:
    road = ("checking", "interviewed", "rectifying") if end == "closed" else ()
    for state in road:
        ledger.move(case, state, who=WHO, at=AT)
    ledger.move(case, end, who=WHO, at=AT, note="理由")


def test_a_warning_of_the_next_quarter_finds_its_predecessor(ledger: CaseLedger, make_signal: Make) -> None:
    assert outcomes(ledger, make_signal()) == [(1, "opened")]
    ledger.move(1, "checking", who=WHO, at=AT)
    assert outcomes(ledger, make_signal(period="2025Q2", level="red")) == [(1, "seen")]
    row = ledger.cases(at=AT).iloc[0]
    assert (row["state"], row["level"], row["times_seen"]) == ("checking", "red", 2)
    assert (row["first_period"], row["last_period"]) == ("2025Q1", "2025Q2")


def test_another_hospital_or_rule_is_another_matter(ledger: CaseLedger, make_signal: Make) -> None:
    assert outcomes(ledger, make_signal(), make_signal("H04"), make_signal(rule_id="split")) == [
        (1, "opened"),
        (2, "opened"),
        (3, "opened"),
    ]


@pytest.mark.parametrize("end", ["closed", "dismissed"])
def test_a_closed_predecessor_is_linked_and_stays_closed(ledger: CaseLedger, make_signal: Make, end: str) -> None:
    outcomes(ledger, make_signal())
    close(ledger, 1, end)
    assert outcomes(ledger, make_signal(period="2025Q2")) == [(2, "reopened")]
    cases = ledger.cases(at=AT).set_index("case")
    assert cases.loc[2, "reopens"] == 1
    assert cases.loc[1, "state"] == end
    assert outcomes(ledger, make_signal(period="2025Q3")) == [(2, "seen")]


def test_the_same_signal_again_changes_nothing_even_when_its_case_is_closed(
    ledger: CaseLedger, make_signal: Make
) -> None:
    outcomes(ledger, make_signal(fingerprint="first run"))
    assert outcomes(ledger, make_signal(fingerprint="second run")) == [(1, "known")]
    close(ledger, 1, "dismissed")
    head = ledger.head()
    assert outcomes(ledger, make_signal()) == [(1, "known")]
    assert ledger.head() == head


def test_a_revised_quarter_is_kept_beside_the_first(ledger: CaseLedger, make_signal: Make) -> None:
    outcomes(ledger, make_signal(evidence=(("ratio", 1.4),)))
    assert outcomes(ledger, make_signal(evidence=(("ratio", 1.6),))) == [(1, "seen")]
    first, second = ledger.history(1)
    assert first.told["signal"]["evidence"] == [["ratio", 1.4]]
    assert (second.told["signal"]["evidence"], second.told["revises"]) == ([["ratio", 1.6]], 1)


def test_quarters_recorded_at_once_are_appended_in_their_order(ledger: CaseLedger, make_signal: Make) -> None:
    outcomes(ledger, make_signal(period="2025Q2"), make_signal(period="2025Q1"))
    assert [event.told["signal"]["period"] for event in ledger.history(1)] == ["2025Q1", "2025Q2"]


def test_who_when_note_and_money_are_kept(ledger: CaseLedger, make_signal: Make) -> None:
    outcomes(ledger, make_signal())
    ledger.move(1, "checking", who="qian", at=AT, note="调阅病案", recovered_fen=500_000)
    ledger.note(1, "更正", who="sun", at=AT + dt.timedelta(days=1), recovered_fen=-100_000)
    moved, noted = ledger.history(1)[1:]
    assert (moved.who, moved.at, moved.note, moved.told["from"]) == (
        "qian",
        "2025-04-10T09:00:00+00:00",
        "调阅病案",
        "open",
    )
    assert (noted.who, noted.state, noted.recovered_fen) == ("sun", "checking", -100_000)
    assert ledger.cases(at=AT)["recovered_fen"].tolist() == [400_000]
    with pytest.raises(LedgerError, match="though 400000 came back so far"):
        ledger.note(1, "", who="sun", at=AT, recovered_fen=-400_001)


def test_the_road_is_refused_where_it_does_not_lead_and_says_where_it_does(
    ledger: CaseLedger, make_signal: Make
) -> None:
    outcomes(ledger, make_signal())
    with pytest.raises(LedgerError, match=r"found open \(待核查\).*checking \(开始核查\), dismissed \(排除\)"):
        ledger.move(1, "closed", who=WHO, at=AT, note="x")
    with pytest.raises(LedgerError, match="no note; expected why; add --note"):
        ledger.move(1, "dismissed", who=WHO, at=AT)
    with pytest.raises(LedgerError, match="did you mean 'checking'"):
        ledger.move(1, "cheking", who=WHO, at=AT)
    with pytest.raises(LedgerError, match="no case 2; expected a case from 1 to 1"):
        ledger.move(2, "checking", who=WHO, at=AT)
    close(ledger, 1, "dismissed")
    with pytest.raises(LedgerError, match="no further step: the state is final"):
        ledger.move(1, "checking", who=WHO, at=AT)
    assert ledger.note(1, "归档后补充", who=WHO, at=AT).state == "dismissed"


@pytest.mark.parametrize(
    "text",
    [
        "患者 210102199003071234",
        "210102 19900307 123X",
        "２１０１０２１９９００３０７１２３４",
        "电话13812345678。",
        "+86 138-1234-5678",
        "138—1234—5678",
        "210102900307123",
        "024-23456789",
    ],
)
def test_numbers_of_persons_are_refused_and_never_repeated(ledger: CaseLedger, make_signal: Make, text: str) -> None:
    outcomes(ledger, make_signal())
    before = ledger.head()
    with pytest.raises(LedgerError, match="text without personal data") as caught:
        ledger.note(1, text, who=WHO, at=AT)
    assert not re.search(r"\d{4}", str(caught.value))
    with pytest.raises(LedgerError):
        ledger.move(1, "checking", who=WHO, at=AT, note=text)
    with pytest.raises(LedgerError):
        outcomes(ledger, make_signal("H09", title_zh=text))
    assert ledger.head() == before


@pytest.mark.parametrize(
    "text", ["追回 13,812,345.67 元", "2025-01-01 至 2025-03-31", "病例 C00000012345678", "138 例"]
)
def test_amounts_dates_and_case_numbers_are_no_persons(ledger: CaseLedger, make_signal: Make, text: str) -> None:
    outcomes(ledger, make_signal(evidence=(("cases", ("13812345678", "00000000012")),)))
    assert ledger.note(1, text, who=WHO, at=AT).note == text


def test_an_identity_number_in_the_evidence_is_refused(ledger: CaseLedger, make_signal: Make) -> None:
    with pytest.raises(LedgerError, match="upcoding, evidence 'cases'"):
        outcomes(ledger, make_signal(evidence=(("cases", ("210102199003071234",)),)))
    assert not ledger.path.exists()


def test_attachments_are_kept_by_their_content(ledger: CaseLedger, make_signal: Make, tmp_path: Path) -> None:
    outcomes(ledger, make_signal())
    paper = tmp_path / "约谈 记录.txt"
    paper.write_text("记录", encoding="utf-8")
    event = ledger.attach(1, paper, who=WHO, at=AT)
    ledger.move(1, "checking", who=WHO, at=AT, attachment=paper)
    kept = [file for file in (tmp_path / "cases.sqlite.attachments").rglob("*") if file.is_file()]
    assert [file.name for file in kept] == [event.told["attachment"]["sha256"]]
    assert event.told["attachment"]["name"] == "约谈 记录.txt"
    assert ledger.cases(at=AT)["attachments"].tolist() == [2]


def test_attachments_that_do_not_fit_are_refused(ledger: CaseLedger, make_signal: Make, tmp_path: Path) -> None:
    outcomes(ledger, make_signal())
    large, empty = tmp_path / "large.bin", tmp_path / "empty.bin"
    with large.open("wb") as stream:
        stream.truncate(ledger.rules.limits.attachment_bytes + 1)
    empty.touch()
    for path, message in (
        (large, "20,971,521 bytes; expected at most 20,971,520"),
        (empty, "an empty file"),
        (tmp_path, "a folder"),
        (tmp_path / "none", "no such file"),
        (tmp_path / "13812345678.pdf", "mobile number"),
    ):
        with pytest.raises(LedgerError, match=message):
            ledger.attach(1, path, who=WHO, at=AT)
    assert ledger.head().number == 1


def test_who_and_when_must_be_said(ledger: CaseLedger, make_signal: Make) -> None:
    with pytest.raises(LedgerError, match="give --who NAME"):
        ledger.record([make_signal()], who=" ", at=AT)
    with pytest.raises(Exception, match="without a time zone"):
        ledger.record([make_signal()], who=WHO, at=dt.datetime(2025, 4, 10))
    assert not ledger.path.exists()


def test_lists_are_filtered(ledger: CaseLedger, make_signal: Make) -> None:
    fund = make_signal("employee", kind="fund", region="anyang", level="red")
    outcomes(ledger, make_signal(), make_signal("H04", level="yellow"), fund)
    ledger.move(2, "dismissed", who=WHO, at=AT, note="误报")
    later = AT + dt.timedelta(days=40)

    def chosen(**fields: object) -> list[int]:
        return sorted(ledger.cases(CaseFilter(**fields), at=later)["case"])  # type: ignore[arg-type]

    assert chosen(state="unfinished") == [1, 3]
    assert chosen(state="dismissed") == [2]
    assert chosen(kind="fund") == chosen(region="anyang") == chosen(level="red") == [3]
    assert chosen(older_than_days=39) == [1, 3]
    assert chosen(older_than_days=40) == []
    assert chosen(subject="H04") == [2]
    ages = ledger.cases(at=later).set_index("case")["age_days"]
    assert ages.to_dict() == {1: 40, 2: 0, 3: 40}
    with pytest.raises(LedgerError, match="did you mean 'provider'"):
        chosen(kind="provder")


def test_an_empty_list_has_its_columns(ledger: CaseLedger, make_signal: Make) -> None:
    outcomes(ledger, make_signal())
    empty = ledger.cases(CaseFilter(state="closed"), at=AT)
    assert len(empty) == 0
    assert list(empty.columns) == list(ledger.cases(at=AT).columns)


def test_another_file_is_refused_and_left_alone(tmp_path: Path, make_signal: Make) -> None:
    import sqlite3  # noqa: PLC0415

    text = tmp_path / "notes.txt"
    text.write_text("not a ledger, but long enough to be looked at as one" * 40, encoding="utf-8")
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE mine (x)")
    for path, found in ((text, "no ledger"), (other, "another SQLite file"), (tmp_path, "a folder")):
        before = path.read_bytes() if path.is_file() else b""
        with pytest.raises(LedgerError, match=found):
            CaseLedger(path).record([make_signal()], who=WHO, at=AT)
        assert (path.read_bytes() if path.is_file() else b"") == before
    with pytest.raises(LedgerError, match=r"no such file.*begins one"):
        CaseLedger(tmp_path / "none.sqlite").cases()
    with pytest.raises(LedgerError, match="no such file"):
        CaseLedger(tmp_path / "none.sqlite").move(1, "checking", who=WHO, at=AT)
    assert not (tmp_path / "none.sqlite").exists()
    (tmp_path / "empty.sqlite").touch()
    with pytest.raises(LedgerError, match="an empty file"):
        CaseLedger(tmp_path / "empty.sqlite").record([make_signal()], who=WHO, at=AT)
