"""Draw payment policies and cases for the tests that compare the compiled settlement with its slow twin."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from actuary.payment.declaration import PaymentPolicy
from actuary.payment.policy_files import load_payment_policy

TIERS = ("2", "3")
INSURANCES = ("employee", "resident")
HOSPITALS = ("H1", "H2", "H3")
GROUPS = ("AA11", "BB15", "CC29", "DD10", "EE33")


def _numbers(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(min_value=Decimal(low), max_value=Decimal(high), places=places, allow_nan=False)


@dataclass(frozen=True)
class Drawn:
    """A policy's text and tables, and cases [fen] to settle under it."""

    toml: str
    weights: str
    coefficients: str
    cases: tuple[dict[str, Any], ...]
    budget: dict[str, Decimal] | None

    def load(self, folder: Path) -> PaymentPolicy:
        (folder / "weights.csv").write_text(self.weights, encoding="utf-8")
        (folder / "coefficients.csv").write_text(self.coefficients, encoding="utf-8")
        path = folder / "drawn.toml"
        path.write_text(self.toml, encoding="utf-8")
        return load_payment_policy(path)


def frame_of(cases: tuple[dict[str, Any], ...]) -> pd.DataFrame:
    """Return cases as a table in yuan."""
    rows = [
        {
            "case_id": f"c{number}",
            "hospital": case["hospital"],
            "tier": case["tier"],
            "insurance": case["insurance"],
            "drg": case["group"],
            "total_cost": f"{case['cost_fen'] // 100}.{case['cost_fen'] % 100:02d}",
            "los_days": case["days"],
            "incomplete": int(case.get("incomplete", False)),
            "bed_day": int(case.get("bed_day", False)),
            "day_surgery": int(case.get("day_surgery", False)),
            "supplement": str(case.get("supplement", 1)),
            "review_decision": case.get("review", ""),
        }
        for number, case in enumerate(cases)
    ]
    return pd.DataFrame(rows)


def _section(name: str, **keys: Any) -> str:
    lines = [f"[{name}]"] + [f"{key} = {value}" for key, value in keys.items() if value is not None]
    return "\n".join(lines) + "\n\n"


def _quoted(value: object) -> str:
    return f'"{value}"'


@st.composite
def _classes(draw: st.DrawFn) -> tuple[str, list[Decimal]]:
    """Draw low, high and extreme classes; return their text and boundaries."""
    text, boundaries = "", []
    if draw(st.booleans()):
        k = draw(_numbers("0.3", "0.6", 2))
        boundaries.append(k)
        text += f'[[class]]\nname = "low"\nop = "{draw(st.sampled_from(["<", "<="]))}"\nk = {k}\n'
        if draw(st.booleans()):
            text += 'threshold = "lower_of"\n'
        pay = draw(st.sampled_from(["actual", "ratio_points", "points_no_factor", "flat", "standard", "review"]))
        text += f'pay = "{pay}"\n' + (f"share = {draw(_numbers('0.1', '1', 2))}\n" if pay == "flat" else "") + "\n"
    if draw(st.booleans()):
        k = draw(_numbers("1.5", "3", 2))
        text += f'[[class]]\nname = "high"\nop = "{draw(st.sampled_from([">", ">="]))}"\n'
        if draw(st.booleans()):
            other = draw(_numbers("1.5", "3", 1))
            boundaries.append(other)
            bound = draw(st.sampled_from(["rw_below", "rw_to", "points_below", "points_to"]))
            text += f"cap = [{{ {bound} = 1.25, k = {k} }}, {{ k = {other} }}]\n"
        else:
            text += f"k = {k}\n"
        boundaries.append(k)
        pay = draw(st.sampled_from(["linear", "deduct", "cap", "standard", "actual", "dip_excess"]))
        text += f'pay = "{pay}"\n'
        if pay == "linear":
            text += f"factor_on_excess = {str(draw(st.booleans())).lower()}\n"
        if pay == "dip_excess":
            text += f'excess_base = "{draw(st.sampled_from(["one", "factor"]))}"\n'
        text += "\n"
    if draw(st.booleans()):
        boundaries.append(Decimal(5))
        pay = draw(st.sampled_from(["standard", "review"]))
        text += f'[[class]]\nname = "extreme"\nop = ">"\nk = 5\npay = "{pay}"\n\n'
    return text, boundaries


def _weights(draw: st.DrawFn, *, with_means: bool) -> tuple[str, dict[str, Decimal | None]]:
    lines, means = ["group,rw,mark,mean_cost"], {}
    for group in GROUPS:
        rw = draw(st.one_of(_numbers("0.1", "5", 2), _numbers("0.1", "20", 4), _numbers("0.1", "5", 9)))
        mark = "base" if group == GROUPS[-1] else draw(st.sampled_from(["", "", "", "base", "unstable", "ffs"]))
        mean = draw(st.one_of(_numbers("100", "90000", 2), _numbers("1000", "20000", 3))) if with_means else None
        means[group] = mean
        lines.append(f"{group},{rw},{mark},{'' if mean is None else mean}")
    return "\n".join(lines) + "\n", means


@st.composite
def drawn_settlements(draw: st.DrawFn, *, plain: bool = False) -> Drawn:
    """Draw a policy with all kinds of rules, and cases about its boundaries."""
    pool = draw(st.booleans())
    family = draw(st.sampled_from(["points", "dip"] if pool else ["rate", "points", "dip"]))
    by_standard = not pool and draw(st.booleans())
    weights, means = _weights(draw, with_means=not by_standard and draw(st.booleans()))
    overall = draw(_numbers("1000", "20000", 2))
    scale = 1 if family == "rate" else draw(st.sampled_from([1, 100, 1000]))
    form = draw(st.sampled_from(["none", "tier", "hospital", "group_tier"]))
    factors = {place: draw(_numbers("0.5", "1.6", draw(st.sampled_from([2, 4, 8])))) for place in (*TIERS, *HOSPITALS)}
    classes, boundaries = ("", []) if plain else draw(_classes())
    mode = draw(st.sampled_from(["half_up", "half_even"]))
    text = _section(
        "policy", id='"drawn"', schema=1, valid="{ from = 2024-01-01 }", family=_quoted(family),
        provenance='[{ field = "*", source = "judgement", tag = "judgement" }]',
    )  # fmt: skip
    text += _section(
        "rounding", points=draw(st.sampled_from([0, 2, 4, '"none"'])), money=draw(st.sampled_from([0, 1, 2])),
        point_value=draw(st.sampled_from([2, 4, '"none"'])), mode=_quoted(mode),
        stage=_quoted(draw(st.sampled_from(["output", "each_case"]))),
    )  # fmt: skip
    text += _section("weights", file='"weights.csv"', scale=scale, overall_mean_cost=overall)
    text += _section(
        "weights.special", unstable=_quoted(draw(st.sampled_from(["standard", "actual", "review"]))),
        placeholder_one='"unpriced"',
    )  # fmt: skip
    rates = [
        f'{{ tier = "{tier}", insurance = "{insurance}", value = {draw(_numbers("5", "20000", 4))} }}'
        for tier in TIERS
        for insurance in INSURANCES
    ]
    text += _section("price", mode=_quoted("pool" if pool else "fixed"), rate=None if pool else f"[{', '.join(rates)}]")
    places = TIERS if form == "tier" else HOSPITALS
    table = ", ".join(f'"{place}" = {factors[place]}' for place in places)
    text += _section(
        "coefficient", form=_quoted(form), file='"coefficients.csv"' if form == "group_tier" else None,
        **({form: f"{{ {table} }}"} if form in {"tier", "hospital"} else {}),
    )  # fmt: skip
    mechanism = "none" if plain else draw(st.sampled_from(["none", "uniform_coef", "coef_one"]))
    if mechanism != "none":
        value = factors["2"] if mechanism == "uniform_coef" else None
        text += _section("coefficient.base_group", mechanism=_quoted(mechanism), value=value)
    text += _section("ratio", denominator='"standard"' if by_standard else '"city_group_mean"')
    text += classes
    text += _section("incomplete", formula=_quoted(draw(st.sampled_from(["with_coef", "without_coef", "none"]))))
    text += _section("bed_day", bands="[{ to = 5, pay = 1.0 }, { to = 9, pay = 0.6 }]", points_per_day="3.25")
    text += _section("day_surgery", pay='"flat"', share="0.85")
    text += _section("review", result='"actual"')
    if family == "dip":
        text += _section("dip.supplement", combine='"product"')
    rows = [f"{group},{tier},{draw(_numbers('0.5', '1.6', 4))}" for group in GROUPS for tier in TIERS]
    cases = draw(
        st.lists(_cases(boundaries, means, overall, dip=family == "dip", plain=plain), min_size=1, max_size=25)
    )
    budget = {name: draw(_numbers("1", "90000000", 2)) for name in INSURANCES} if pool else None
    return Drawn(text, weights, "\n".join(["group,tier,coef", *rows]) + "\n", tuple(cases), budget)


@st.composite
def _cases(
    draw: st.DrawFn,
    boundaries: list[Decimal],
    means: dict[str, Decimal | None],
    overall: Decimal,
    *,
    dip: bool,
    plain: bool,
) -> dict[str, Any]:
    group = draw(st.sampled_from(GROUPS))
    cost = draw(st.one_of(st.integers(0, 10**7), st.integers(0, 10**11)))
    if boundaries and draw(st.booleans()):
        # About a boundary, and where it is a whole number of fen exactly on it.
        mean = Fraction(means[group] or overall)
        cost = max(0, int(Fraction(draw(st.sampled_from(boundaries))) * mean * 100) + draw(st.integers(-1, 1)))
    hospital = draw(st.sampled_from(HOSPITALS))
    case = {
        "group": group,
        "hospital": hospital,
        "tier": "3" if hospital == "H3" else "2",
        "insurance": draw(st.sampled_from(INSURANCES)),
        "cost_fen": cost,
        "days": draw(st.integers(0, 12)),
    }
    if dip:
        case["supplement"] = draw(_numbers("0.8", "1.5", 2))
    if not plain:
        kind = draw(st.sampled_from(["", "", "", "incomplete", "bed_day", "day_surgery"]))
        if kind:
            case[kind] = True
        case["review"] = draw(st.sampled_from(["", "", "", "approved", "refused"]))
    return case
