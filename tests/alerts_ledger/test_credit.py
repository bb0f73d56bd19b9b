"""Credit scores: computed by hand, explained line by line, never rewarding what is worse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.alerts.credit import CreditScore, Matter, deposits_by_credit, score_credit, share_budget
from actuary.alerts.credit_rules import load_credit_rules
from actuary.alerts.ledger import CaseLedger
from actuary.alerts.signals import SIGNAL_LEVELS, Signal
from actuary.errors import ActuaryError, DeclarationError, TableError
from actuary.paths import models_root
from actuary.payment.declared_settlement import DepositStep, Settlement
from actuary.workflow.credit import score_providers, write_credit

RULES = load_credit_rules()
AT = dt.datetime(2025, 4, 10, 9, tzinfo=dt.UTC)


def matter(level: str = "red", state: str = "rectifying", *, again: bool = False) -> Matter:
    return Matter(hospital="H1", rule_id="upcoding", level=level, state=state, again=again)


def test_a_score_by_hand() -> None:
    # 0.6 × 85 + 0.4 × 100 − 15 × 1 − 8 × 0.7 × 1.5 − 2 × 1.25 = 51 + 40 − 15 − 8.4 − 2.5
    found = score_credit(
        "H1",
        Decimal(85),
        [matter(), matter("orange", "closed", again=True), matter("yellow", "dismissed"), matter("red", "checking")],
        RULES,
        recovered_fen=1_250_000,
        spend_fen=100_000_000,
    )
    assert [str(line.points) for line in found.lines] == ["51", "40", "-15", "-42/5", "0", "0", "-5/2"]
    assert (found.score, found.grade) == (Decimal("65.1"), "C")
    assert sum((line.points for line in found.lines), Fraction(0)) == Fraction("65.1")


def test_bounds_and_rounding_are_lines_of_their_own() -> None:
    worst = score_credit("H1", Decimal(0), [matter(again=True)] * 3, RULES)
    assert (worst.score, worst.grade, worst.lines[-1].item) == (Decimal("0.0"), "D", "bounds")
    odd = score_credit("H1", Decimal("77.77"), [], RULES)
    assert (odd.score, odd.lines[-1].item) == (Decimal("86.7"), "rounding")
    assert sum((line.points for line in odd.lines), Fraction(0)) == Fraction(odd.score or 0)


def test_money_is_capped_and_needs_a_base() -> None:
    found = score_credit("H1", Decimal(100), [], RULES, recovered_fen=50, spend_fen=100)
    assert found.score == Decimal("80.0")
    with pytest.raises(ActuaryError, match="no spending"):
        score_credit("H1", Decimal(100), [], RULES, recovered_fen=50, spend_fen=0)


def test_without_an_assessment_there_is_no_score() -> None:
    found = score_credit("H1", None, [matter()], RULES)
    assert (found.score, found.grade) == (None, "")
    assert "没有考核得分" in found.reason


MATTERS = st.lists(
    st.builds(
        matter,
        st.sampled_from(SIGNAL_LEVELS),
        st.sampled_from(RULES.states),
        again=st.booleans(),
    ),
    max_size=6,
)


@settings(max_examples=50)
@given(
    MATTERS, st.integers(0, 99), st.integers(0, 10_000), st.sampled_from(SIGNAL_LEVELS), st.sampled_from(RULES.states)
)
def test_worse_is_never_better(matters: list[Matter], assessment: int, money: int, level: str, state: str) -> None:
    def score(found: list[Matter], assessed: int, recovered: int) -> Decimal:
        value = score_credit("H1", Decimal(assessed), found, RULES, recovered_fen=recovered, spend_fen=100_000).score
        assert value is not None
        assert 0 <= value <= 100
        return value

    base = score(matters, assessment, money)
    assert score(matters, assessment + 1, money) >= base
    assert score(matters, assessment, money + 500) <= base
    assert score([*matters, matter(level, state)], assessment, money) <= base
    assert score([*matters, matter(level, state, again=True)], assessment, money) <= score(
        [*matters, matter(level, state)], assessment, money
    )
    graver = SIGNAL_LEVELS[max(SIGNAL_LEVELS.index(level) - 1, 0)]
    assert score([*matters, matter(graver, state)], assessment, money) <= score(
        [*matters, matter(level, state)], assessment, money
    )


SCORES = st.lists(st.one_of(st.none(), st.integers(0, 1000)), min_size=1, max_size=8)


@settings(max_examples=50)
@given(SCORES, st.integers(0, 10**13), st.data())
def test_budgets_add_up_to_the_fen_and_follow_the_score(
    tenths: list[int | None], budget: int, data: st.DataObject
) -> None:
    bases = {f"H{number}": data.draw(st.integers(1, 10**12)) for number in range(len(tenths))}
    scored = [
        CreditScore(f"H{number}", None if one is None else Decimal(one) / 10, "", ())
        for number, one in enumerate(tenths)
    ]
    shares = share_budget(scored, bases, budget, RULES)
    assert sum(share.budget_fen for share in shares) == sum(share.neutral_fen for share in shares) == budget
    assert all(Fraction("0.95") <= share.factor <= Fraction("1.05") for share in shares)
    if scored[0].score is not None:
        better = [CreditScore("H0", min(scored[0].score + 5, Decimal(100)), "", ()), *scored[1:]]
        # A fen may go to another: remainders are handed out one by one.
        assert share_budget(better, bases, budget, RULES)[0].budget_fen >= shares[0].budget_fen - 1


def test_budget_by_hand() -> None:
    scored = [
        CreditScore("A", Decimal(100), "", ()),
        CreditScore("B", Decimal(80), "", ()),
        CreditScore("C", None, "", ()),
    ]
    shares = share_budget(scored, {"A": 100, "B": 100, "C": 200}, 404_000, RULES)
    assert [(share.factor, share.budget_fen, share.neutral_fen) for share in shares] == [
        (Fraction("1.04"), 104_000, 101_000),
        (Fraction(1), 100_000, 101_000),
        (Fraction(1), 200_000, 202_000),
    ]
    with pytest.raises(ActuaryError, match="B, spend_yuan"):
        share_budget(scored, {"A": 1, "C": 1}, 1, RULES)


def test_the_deposit_comes_back_by_the_score() -> None:
    steps = (
        DepositStep(score_from=Decimal(90), share=Decimal(1)),
        DepositStep(score_from=Decimal(60), form="score_percent"),
    )
    settlement = Settlement(deposit=Decimal("0.05"), deposit_return=steps)
    scored = [
        CreditScore("A", Decimal("95.0"), "A", ()),
        CreditScore("B", Decimal("65.1"), "C", ()),
        CreditScore("C", None, "", ()),
    ]
    found = deposits_by_credit(scored, {"A": 1_000_000, "B": 1_000_000, "C": 1_000_000}, settlement)
    assert [(one.deposit_fen, one.returned_fen) for one in found.values()] == [
        (50_000, 50_000),
        (50_000, 32_550),
        (50_000, 50_000),
    ]
    with pytest.raises(ActuaryError, match=r"settlement\.deposit: found nothing(.|\n)*C, payable_yuan"):
        deposits_by_credit(scored, {"A": 1, "B": 1}, Settlement())


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_assessment_findings_and_ledger_come_together(
    tmp_path: Path, ledger: CaseLedger, make_signal: Callable[..., Signal]
) -> None:
    ledger.record([make_signal("H1", level="red"), make_signal("H2", level="red")], who="zhao", at=AT)
    for state in ("checking", "interviewed", "rectifying"):
        ledger.move(1, state, who="zhao", at=AT, recovered_fen=500_000)
    ledger.move(2, "dismissed", who="zhao", at=AT, note="误报")
    assessment = write(tmp_path / "a.csv", "hospital,score,spend_yuan\nH1,90,1000000\nH2,90,1000000\nH3,,500000\n")
    findings = write(
        tmp_path / "f.csv", "hospital,kind,level,state\nH1,upcoding,red,closed\nH2,growth,red,rectifying\n"
    )
    run = score_providers(assessment, findings=findings, ledger=ledger.path, year=2025, budget_yuan="2,500,000.01")
    # H1: 94 − 15 (ledger, not findings) − 2 × 1.5 %; H2: 94 − 0 (dismissed) − 15 (findings only).
    assert [one.score for one in run.scores] == [Decimal("76.0"), Decimal("79.0"), None]
    assert sum(share.budget_fen for share in run.budget or ()) == 250_000_001
    assert run.synthetic
    out = tmp_path / "out"
    write_credit(run, out)
    assert pd.read_csv(out / "scores.csv").to_dict("list") == {"hospital": ["H1", "H2"], "score": [76.0, 79.0]}
    lines = pd.read_csv(out / "lines.csv")
    assert lines[lines["hospital"] == "H1"]["points"].sum() == pytest.approx(76)
    assert score_providers(assessment, ledger=ledger.path, year=2024).scores[0].score == Decimal("94.0")


def test_a_matter_that_came_again_weighs_more(
    tmp_path: Path, ledger: CaseLedger, make_signal: Callable[..., Signal]
) -> None:
    ledger.record([make_signal("H1", level="red")], who="zhao", at=AT)
    ledger.move(1, "dismissed", who="zhao", at=AT, note="x")
    ledger.record([make_signal("H1", level="red", period="2025Q2")], who="zhao", at=AT)
    for state in ("checking", "interviewed", "rectifying"):
        ledger.move(2, state, who="zhao", at=AT)
    assessment = write(tmp_path / "a.csv", "hospital,score\nH1,100\n")
    run = score_providers(assessment, ledger=ledger.path)
    assert run.scores[0].score == Decimal("77.5")
    assert [line.what for line in run.scores[0].lines if line.points < 0] == [
        "案件2 upcoding red 15 × 1 rectifying × 1.5 再犯"
    ]


def test_everything_wrong_with_the_files_is_said(tmp_path: Path) -> None:
    bad = write(tmp_path / "a.csv", "hospital,score,spend_yuan\nH1,101,5\nH1,90,-1\n,80,\nH2,x,1.234\n")
    with pytest.raises(TableError) as caught:
        score_providers(bad)
    assert len(caught.value.problems) == 6
    good = write(tmp_path / "g.csv", "hospital,score\nH1,90\n")
    findings = write(
        tmp_path / "f.csv", "hospital,kind,level,state\nH11,a,redd,open\nH1,b,red,opne\nH1,b,red,open\nH1,,red,\n"
    )
    with pytest.raises(TableError) as caught:
        score_providers(good, findings=findings)
    text = str(caught.value)
    for part in ("did you mean 'H1'", "did you mean 'red'", "did you mean 'open'", "H1, b again", "row 5, kind"):
        assert part in text
    with pytest.raises(TableError, match="no column 'score'"):
        score_providers(write(tmp_path / "n.csv", "hospital\nH1\n"))


def test_a_ledger_of_two_regions_or_of_strangers_is_refused(
    tmp_path: Path, ledger: CaseLedger, make_signal: Callable[..., Signal]
) -> None:
    ledger.record([make_signal("H1"), make_signal("H1", region="anyang")], who="zhao", at=AT)
    assessment = write(tmp_path / "a.csv", "hospital,score\nH01,90\n")
    with pytest.raises(ActuaryError, match="cases of anyang, lanzhou"):
        score_providers(assessment, ledger=ledger.path)
    with pytest.raises(ActuaryError, match="found 'H1'; expected a known hospital of the assessment"):
        score_providers(assessment, ledger=ledger.path, region="anyang")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "orange"\npoints = 8', 'name = "orange"\npoints = 80', "no fewer points for the graver level"),
        ('name = "blue"\npoints = 1', 'name = "green"\npoints = 1', "no level 'blue'"),
        ('name = "dismissed"\n', 'name = "dropped"\n', "no state 'dismissed'"),
        ("from = 0\n", "from = 10\n", "the lowest from 0"),
        ("factor = 0.5", "factor = 1.5", "1"),
    ],
)
def test_a_formula_that_contradicts_itself_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    folder = tmp_path / "alerts"
    folder.mkdir()
    for name in ("credit.toml", "ledger.toml", "sources.md"):
        text = (models_root() / "alerts" / name).read_text(encoding="utf-8")
        write(folder / name, text.replace(old, new) if name == "credit.toml" else text)
    assert old in (models_root() / "alerts" / "credit.toml").read_text(encoding="utf-8")
    with pytest.raises(DeclarationError, match=message):
        load_credit_rules(tmp_path)
