"""Alliance pools: shares, surplus and overspend, books to the fen."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actuary.errors import ActuaryError, DeclarationError
from actuary.payment.alliance import Alliance, AllianceMember, normalised_shares, read_alliances, settle_alliance

FILE = """
[[alliance]]
name = "east"
insurance = "resident"
pool_yuan = 1000.00
outside_yuan = 250.5
retain_share = 0.9
overspend = "share"
fund_share = 0.5
criteria = { score = 0.4, heads = 0.6 }
member = [
  { hospital = "A", figures = { score = 90, heads = 300 } },
  { hospital = "B", figures = { score = 60, heads = 100 } },
]
"""

_money = st.decimals(0, 10**8, places=2)


def _alliance(**changes: Any) -> Alliance:
    members = tuple(AllianceMember(hospital=name, figures={"score": score}) for name, score in (("A", 3), ("B", 1)))
    values: dict[str, Any] = {
        "name": "east",
        "insurance": "resident",
        "pool_yuan": 1000,
        "outside_yuan": 200,
        "inside_yuan": {"A": 400, "B": 300},
        "retain_share": 1,
        "overspend": "none",
        "criteria": {"score": 1},
        "member": members,
    }
    return Alliance(**{**values, **changes})


@given(
    pool=_money,
    outside=_money,
    inside=st.lists(_money, min_size=1, max_size=8),
    retain=st.decimals(0, 1, places=3),
    overspend=st.sampled_from(["none", "share", "carry"]),
    fund_share=st.decimals(0, 1, places=3),
)
def test_books_of_an_alliance_close(
    pool: Decimal, outside: Decimal, inside: list[Decimal], retain: Decimal, overspend: str, fund_share: Decimal
) -> None:
    names = [f"H{number}" for number in range(len(inside))]
    members = tuple(AllianceMember(hospital=name, figures={"n": n + 1}) for n, name in enumerate(names))
    settled = settle_alliance(
        _alliance(
            pool_yuan=pool,
            outside_yuan=outside,
            inside_yuan=dict(zip(names, inside, strict=True)),
            retain_share=retain,
            overspend=overspend,
            fund_share=fund_share,
            criteria={"n": 1},
            member=members,
        )
    )
    assert settled.difference_fen == 0
    assert [member.hospital for member in settled.members] == names
    assert sum(member.share for member in settled.members) == 1
    dues = sum(member.inside_fen + member.adjustment_fen for member in settled.members)
    borrowed = settled.fund_extra_fen + settled.carried_fen
    assert dues + int(outside * 100) + settled.fund_back_fen == int(pool * 100) + borrowed


def test_surplus_kept_and_overspend_borne() -> None:
    kept = settle_alliance(_alliance(retain_share="0.8"))
    assert (kept.balance_fen, kept.fund_back_fen) == (10_000, 2_000)
    assert [member.adjustment_fen for member in kept.members] == [6_000, 2_000]
    cases = (("none", 0, 0, -20_000), ("share", 10_000, 0, -10_000), ("carry", 0, 20_000, 0))
    for overspend, extra, carried, borne in cases:
        over = settle_alliance(_alliance(pool_yuan=700, overspend=overspend, fund_share="0.5"))
        assert (over.fund_extra_fen, over.carried_fen) == (extra, carried)
        assert sum(member.adjustment_fen for member in over.members) == borne


def test_cash_is_what_prepayment_leaves() -> None:
    settled = settle_alliance(_alliance(prepaid_yuan=900))
    assert settled.entitlement_fen == 80_000
    assert settled.cash_fen == -10_000


def test_shares_need_weights_and_figures() -> None:
    with pytest.raises(ActuaryError, match="criterion 'score': found 0 for every member"):
        normalised_shares([{"score": 0}], {"score": 1})
    with pytest.raises(ActuaryError, match="criteria: found no weight above 0"):
        normalised_shares([{"score": 1}], {})


def test_file_is_read_and_its_faults_are_named(tmp_path: Path) -> None:
    path = tmp_path / "alliances.toml"
    path.write_text(FILE, encoding="utf-8")
    alliance = read_alliances(path)[0]
    assert alliance.outside_yuan == Decimal("250.5")
    assert settle_alliance(alliance, {"A": 40_000, "B": 30_000}).members[0].adjustment_fen == 3_074
    path.write_text(FILE.replace("heads = 100", "head = 100").replace("fund_share = 0.5", ""), encoding="utf-8")
    with pytest.raises(ActuaryError) as caught:
        read_alliances(path)
    assert "alliance east, B: found no figure of 'heads'" in str(caught.value)
    assert 'overspend = "share" without fund_share' in str(caught.value)
    path.write_text(FILE.replace("pool_yuan", "pool"), encoding="utf-8")
    with pytest.raises(DeclarationError, match="did you mean 'pool_yuan'"):
        read_alliances(path)
