"""Payment policies: what loads, what is refused and in which words, what a partial policy asks for."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from actuary import check_inputs
from actuary.errors import ActuaryError, DeclarationError, UnknownNameError
from actuary.files import FileNote
from actuary.paths import models_root
from actuary.payment.declaration import PolicyFile
from actuary.payment.policy_changes import change_policy
from actuary.payment.policy_files import (
    PartialPolicyError,
    check_payment_file,
    list_payment_policies,
    load_payment_policy,
    payment_policy_paths,
)
from actuary.payment.policy_schema import write_payment_schema
from actuary.payment.shipped_policies import check_payment_policies, describe_payment_policies
from actuary.payment.standards import payment_standards

CHINESE = re.compile(r"[一-鿿]")
WEIGHTS = "group,rw,mark\nBR25,0.7525,base\nGD25,1.37,stable\nAA19,,uncovered\n"
PLAIN = """
[policy]
id = "plain-2026"
schema = 1
valid = { from = 2026-01-01, to = 2026-12-31 }
family = "rate"
provenance = [{ field = "*", source = "judgement" }]
[rounding]
money = 2
mode = "half_up"
[weights]
file = "weights.csv"
scale = 1
[price]
mode = "fixed"
rate = [{ tier = "*", scheme = "*", value = 9435.25 }]
"""

type Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a policy with its table into a folder and returns its path."""

    def write_policy(text: str = PLAIN, weights: str | bytes = WEIGHTS, **tables: str) -> Path:
        content = weights.encode() if isinstance(weights, str) else weights
        (tmp_path / "weights.csv").write_bytes(content)
        for name, table in tables.items():
            (tmp_path / f"{name}.csv").write_text(table, encoding="utf-8")
        path = tmp_path / "plain.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_policy


def _refused(path: Path) -> str:
    with pytest.raises(DeclarationError) as caught:
        load_payment_policy(path)
    return str(caught.value)


def test_numbers_stay_as_they_are_printed(write: Write) -> None:
    policy = load_payment_policy(write(PLAIN.replace("9435.25", '"7938.236995000000000001"')))
    assert policy.price.rate[0].value == Decimal("7938.236995000000000001")
    assert policy.price.rate[0].insurance == "*"
    rows = {row.drg: row for row in payment_standards(policy).rows}
    assert rows["GD25"].exact == Decimal("7938.236995000000000001") * Decimal("1.37")
    assert rows["GD25"].amount == Decimal("10875.38")


def test_tables_of_a_bureau_are_read_in_its_encoding(write: Write) -> None:
    table = "drg,weight,group_name,mark\r\nGD25,1.37,阑尾切除术,stable\r\n"
    with pytest.warns(FileNote, match="read as GB18030"):
        read = [load_payment_policy(write(weights=table.encode(name))) for name in ("gb18030", "utf-8-sig", "utf-8")]
    for policy in read:
        row = policy.weight_table.rows[0]
        assert (row.group, row.rw, row.name, row.marks) == ("GD25", Decimal("1.37"), "阑尾切除术", ("stable",))


def test_fingerprint_follows_the_numbers_and_not_the_layout(write: Write) -> None:
    first = load_payment_policy(write()).fingerprint
    assert load_payment_policy(write("# a remark\n" + PLAIN.replace("9435.25", "9435.250"))).fingerprint == first
    assert load_payment_policy(write(PLAIN.replace("9435.25", "9435.26"))).fingerprint != first
    assert load_payment_policy(write(weights=WEIGHTS.replace("1.37", "1.38"))).fingerprint != first


def test_all_problems_of_file_and_tables_come_at_once(write: Write) -> None:
    text = PLAIN.replace('mode = "half_up"', 'mode = "half_upp"').replace("value = 9435.25", "vlaue = 9435.25")
    message = _refused(write(text, "group,rw,mark\nBR25,0,base\nGD25,-1,\nGD25,1.2,stabel\nZZ15,abc,\n"))
    for words in (
        "plain.toml line 10, rounding.mode: found 'half_upp'",
        "did you mean 'half_up'?",
        "did you mean 'value'?",
        "weights.csv row 2, rw: found 0; expected a weight above 0",
        "weights.csv row 3, rw: found -1; expected a weight above 0",
        "weights.csv row 4: found GD25 again, as on row 3",
        "did you mean 'stable'?",
        "weights.csv row 5, rw: found the text 'abc'; expected a weight",
    ):
        assert words in message


CLASSES = """
[ratio]
denominator = "standard"
[[class]]
name = "low"
op = "<"
k = 0.4
pay = "actual"
[[class]]
name = "high"
op = ">"
k = 3
pay = "linear"
"""
TIERS = '[coefficient]\nform = "tier"\ntier = { "2" = 1.0, "3" = 1.2 }\n'


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("to = 2026-12-31", "to = 2025-12-31", "policy.valid: found to 2025-12-31, before from 2026-01-01"),
        ("k = 0.4", "k = 3", "class[2]: found high from 3, while low reaches 3"),
        ("k = 0.4", "k = 0.4\nshare = 0.5", "class[1].share: found a share, but pay 'actual'"),
        ('op = "<"', 'op = ">"', "class[1].op: found '>'; expected < or <= for a low case"),
        ('op = "<"\n', "", "class[1].op: found nothing; expected < or <="),
        ('name = "high"', 'name = "low"', "found the class 'low' again, as in entry 1"),
        ('denominator = "standard"', 'denominator = "standart"', "did you mean 'standard'?"),
        (
            "k = 3\n",
            "cap = [{ rw_below = 2, k = 3 }, { rw_below = 1, k = 2 }, { k = 1.5 }]\n",
            "class[2].cap[2]: found rw_below 1, not above 2 of the band before: the bands overlap",
        ),
        ("k = 3\n", "cap = [{ rw_below = 2, k = 3 }]\n", "found no band above 2; expected a last band without a bound"),
        ("k = 3\n", "cap = [{ k = 3 }, { rw_below = 2, k = 2 }]\n", "found a band without a bound before others"),
        ("k = 3\n", "", "class[2]: found neither k nor cap"),
        ("k = 3\n", "k = -3\n", "class[2].k: found -3; expected a number above 0"),
        ('pay = "linear"', 'pay = "lineer"', "did you mean 'linear'?"),
        ('"2" = 1.0', '"2" = 0', "coefficient.tier.2: found 0; expected a number above 0"),
        ('form = "tier"', 'form = "hospital"', "found coefficients by tier, but form 'hospital'"),
        ("schema = 1", "schema = 2", "policy.schema"),
        ('scheme = "*"', 'scheme = "employe"', "did you mean 'employee'?"),
        ("value = 9435.25", "value = 0", "price.rate[1].value: found 0; expected a number above 0"),
        ("rate = [", "floor = 1\nrate = [", "found a floor or a ceiling, but mode 'fixed'"),
        ('mode = "fixed"\n', 'mode = "pool_bounded"\n', "found pool_bounded without bounds"),
        (
            "rate = [",
            'rate = [{ tier = "2", value = 9 }, { scheme = "employee", value = 8 }, ',
            "found tier *, insurance employee, which overlaps tier 2, insurance * in entry 1",
        ),
        (
            "rate = [",
            'rate = [{ tier = "*", value = 9 }, ',
            "found tier *, insurance * again, as in entry 1",
        ),
        ("scale = 1", "scale = 100", "weights.scale: found 100; expected 1: a rate is the price of one weight"),
        ("scale = 1", 'scale = 1\nfreeze = ["GD23"]', "did you mean 'GD25'?"),
        ("scale = 1", 'scale = 1\ntrim = { method = "iqr", k = 1.5 }', "add quantile_type = 7"),
        (
            "scale = 1",
            'scale = 1\ntrim = { method = "quantile", low = 0.9, high = 0.1, quantile_type = 7 }',
            "found low 0.9 and high 0.1",
        ),
        ("scale = 1", "scale = 1\nyears = [{ year = 2024, w = 1 }, { year = 2024, w = 2 }]", "found 2024 again"),
        ('file = "weights.csv"', 'file = "weight.csv"', "did you mean 'weights.csv'?"),
        ("money = 2", "money = 3", "rounding.money: found 3 decimals of yuan"),
        ('id = "plain-2026"', 'idd = "plain-2026"', "did you mean 'id'?"),
    ],
)
def test_contradiction_is_named_with_its_place(write: Write, old: str, new: str, words: str) -> None:
    text = PLAIN + TIERS + CLASSES
    load_payment_policy(write(text))
    assert old in text
    assert words in _refused(write(text.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('[review]\nquota = { "4" = 0.05 }', "review.quota.4: found '4'; expected a known tier (2, 3)"),
        ('[review]\nquota = { "3" = 5 }', "found 5; expected a share from 0 to 1"),
        ("[volume_cap]\nGD29 = 10", "did you mean 'GD25'?"),
        ('[volume_cap]\nGD25 = 10\nbeyond = "share"', "volume_cap.share: found nothing"),
        ("[bed_day]\nbands = [{ to = 60, pay = 1 }, { to = 30, pay = 0.8 }]", "found to 30, not above 60"),
        ('[settlement]\nbands = [{ to = 1.1, rule = "keep" }, { to = 1.0, rule = "none" }]', "found to 1.0, not above"),
        ('[settlement]\nbands = [{ rule = "share" }]', "the part that the fund bears"),
        ("[settlement]\nprepay = 95", "settlement.prepay: found 95; expected a share from 0 to 1"),
        ("[settlement]\ndeposit_return = [{ score_from = 90, share = 1 }]", "found nothing, but a return of it"),
        ('[settlement]\nsubtract = ["cahs"]', "did you mean 'cash'?"),
        (
            '[substitute]\nrules = [{ group = "GD25", to = "GD25", field = "tcm_share", op = "<", value = 0.6 }]',
            "expected another group than that of the case",
        ),
        (
            '[substitute]\nrules = [{ group = "GD25", to = "XX99", field = "tcm_share", op = "<", value = 60 }]',
            "substitute.rules[1].to: found 'XX99'",
        ),
        ('[coefficient.base_group]\nmechanism = "uniform_coef"', "the coefficient of all tiers"),
        (
            '[coefficient.base_group]\nmechanism = "lowest_tier_rate"\ntier = "1"',
            "found '1'; expected a known tier (2, 3)",
        ),
        (
            '[coefficient.base_group]\nmechanism = "coef_one"\nmarks = ["same_rate"]',
            "found no group with the mark same_rate in weights.csv",
        ),
        ("[audit]\nsample = [{ spend_from = 100 }]", "found neither; expected min_amount or min_share"),
        ('[readmission]\ndays = 15\neffect = "reduce_earlier"', "the part that is taken away"),
        (
            '[dip.supplement]\ncombine = "max"\nage = [{ years_from = 1, years_to = 6, factor = 1.1 }, '
            "{ years_from = 6, years_to = 17, factor = 1.05 }]",
            "found ages that entry 1 holds too",
        ),
    ],
)
def test_rule_that_does_not_hold_is_named(write: Write, table: str, words: str) -> None:
    assert words in _refused(write(f"{PLAIN}{TIERS}{table}\n"))


def test_placeholder_weight_is_refused_with_its_groups_or_as_declared(write: Write) -> None:
    weights = "group,rw,mark\nGD25,1.37,stable\nZZ15,1.0000,unstable\n"
    special = '[weights.special]\nplaceholder_one = "{}"\n'
    message = _refused(write(PLAIN + special.format("reject"), weights))
    assert "weights.csv: found a weight of exactly 1 on the unstable groups ZZ15 (row 3)" in message
    assert 'placeholder_one = "accept", "actual", "review" or "unpriced"' in message
    silent = payment_standards(load_payment_policy(write(PLAIN, weights)))
    assert [(row.drg, row.reason_en) for row in silent.unpriced] == [
        ("ZZ15", "the weight 1 of an unstable group is a placeholder, not a weight")
    ]
    accepted = payment_standards(load_payment_policy(write(PLAIN + special.format("accept"), weights)))
    assert [str(row.amount) for row in accepted.rows if row.drg == "ZZ15"] == ["9435.25"]


def test_coefficient_table_names_only_known_groups_and_tiers(write: Write) -> None:
    rated = PLAIN.replace('tier = "*"', 'tier = "3"')
    text = rated + '[coefficient]\nform = "group_tier"\nfile = "coefs.csv"\n'
    message = _refused(write(text, coefs="group,tier,coef\nGD25,3,1.1\nGD35,3,1.1\nGD25,4,1.0\nGD25,3,1.2\n"))
    assert "coefs.csv row 5: found GD25 at 3 again, as on row 2" in message
    message = _refused(write(text, coefs="group,tier,coef\nGD25,3,1.1\nGD35,3,1.1\nGD25,4,1.0\n"))
    assert "coefs.csv row 3, group: found 'GD35'" in message
    assert "coefs.csv, tier: found '4'; expected a known tier with a rate (3)" in message


def test_uncovered_numbers_load_as_judgement_and_fail_the_check(write: Write) -> None:
    path = write(PLAIN.replace('field = "*"', 'field = "rate"'))
    assert load_payment_policy(path).unsourced == ("rounding.money", "weights.file", "weights.scale")
    found = [str(problem) for problem in check_inputs([path]).problems]
    assert len(found) == 3
    assert "rounding.money: found a number without a source" in found[0]
    misspelt = write(PLAIN.replace('"judgement" }', '"judgement" }, { field = "scalle", source = "S9" }'))
    found = [str(problem) for problem in check_payment_file(misspelt)]
    assert "did you mean 'scale'?" in found[0]
    assert "found 'S9'; expected an id listed in sources.md" in found[1]
    assert check_inputs([write()]).problems == ()


def test_partial_policy_says_what_to_give_and_a_file_completes_it(tmp_path: Path) -> None:
    with pytest.raises(PartialPolicyError) as caught:
        payment_standards("shenyang-2021")
    message = str(caught.value)
    assert "payment policy shenyang-2021, price: found nothing: it is not published" in message
    assert 'write a TOML file with extends = "shenyang-2021" that gives price' in message
    assert load_payment_policy("shenyang-2021", partial_ok=True).partial
    (tmp_path / "own.csv").write_text(WEIGHTS, encoding="utf-8")
    own = tmp_path / "own.toml"
    text = (
        'extends = "shenyang-2021"\n[policy]\nprovenance = [{ field = "*", source = "judgement" }]\n'
        '[weights]\nfile = "own.csv"\n[price]\nmode = "fixed"\nrate = [{ value = 9000 }]\n'
    )
    own.write_text(text, encoding="utf-8")
    with pytest.raises(PartialPolicyError, match="2 problems"):
        load_payment_policy(own)
    given = text.replace("[policy]", "class = []\n[policy]") + '[coefficient]\nform = "none"\n'
    own.write_text(given, encoding="utf-8")
    policy = load_payment_policy(own)
    assert not policy.partial
    assert policy.audit is not None
    assert [str(row.amount) for row in payment_standards(policy).rows] == ["6772.50", "12330.00"]


def test_file_that_extends_nothing_known_or_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('extends = "suzhu-2022"\n', encoding="utf-8")
    assert "did you mean 'suzhou-2022'?" in _refused(path)
    path.write_text('extends = "own.toml"\n', encoding="utf-8")
    assert "a file that extends itself" in _refused(path)


def test_unknown_policy_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'lanzhou-2022'"):
        load_payment_policy("lanzou-2022")
    with pytest.raises(DeclarationError, match="no such file"):
        load_payment_policy("nowhere/policy.toml")


def test_points_need_a_point_value_and_known_names(write: Write) -> None:
    text = PLAIN.replace('"rate"', '"points"').replace("scale = 1", "scale = 100")
    text = text.replace('mode = "fixed"\nrate = [{ tier = "*", scheme = "*", value = 9435.25 }]', 'mode = "pool"')
    policy = load_payment_policy(write(text))
    with pytest.raises(ActuaryError, match="such as --point-value employee"):
        payment_standards(policy)
    with pytest.raises(ActuaryError, match="did you mean 'employee'"):
        payment_standards(policy, point_values={"employe": "53"})
    with pytest.raises(ActuaryError, match="a value above 0"):
        payment_standards(policy, point_values={"*": "0"})
    frame = payment_standards(policy, point_values={"employee": "53.8381", "resident": "52.8094"}).to_frame()
    assert list(frame.columns) == ["drg", "tier", "insurance", "amount"]
    assert frame[frame.drg == "GD25"].astype(str).to_numpy().tolist() == [
        ["GD25", "all", "employee", "7375.82"],
        ["GD25", "all", "resident", "7234.89"],
    ]


def test_coefficients_of_hospitals_need_a_hospital() -> None:
    with pytest.raises(ActuaryError, match="such as --hospital tcm_tier_2"):
        payment_standards("chongqing-2025")
    with pytest.raises(UnknownNameError, match="did you mean 'tcm_tier_2'"):
        payment_standards("chongqing-2025", hospital="tcm_tier2")


def test_sample_record_of_a_dip_city_rounds_score_and_amount(tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_text("group,rw,mean_cost\nany,680.47,6671.03\n", encoding="utf-8")
    path = tmp_path / "own.toml"
    path.write_text('extends = "songyuan-dip"\n[weights]\nfile = "scores.csv"\n', encoding="utf-8")
    rows = payment_standards(load_payment_policy(path), hospital="sample_hospital").rows
    assert [str(row.amount) for row in rows] == ["5190.73"]


@pytest.mark.reference
def test_published_sketch_of_a_policy_loads_as_it_stands(reference: Path, tmp_path: Path) -> None:
    page = (reference / "reference" / "payment-rules.md").read_text(encoding="utf-8")
    sketch = re.search(r"### 10\.4.*?```toml\n(.*?)```", page, re.DOTALL)
    assert sketch is not None
    path = tmp_path / "sketch.toml"
    path.write_text(sketch[1], encoding="utf-8")
    rows = "BR25,1.247342,base\nZZ1B,1.002118,\nIU2F,0.9258,\nIU23,0.6524,\nBR23,2.1,\n"
    (tmp_path / "suzhou-2022.csv").write_text("group,rw,mark\n" + rows, encoding="utf-8")
    policy = load_payment_policy(path)
    amounts = {(row.drg, row.tier): str(row.amount) for row in payment_standards(policy).rows}
    assert [amounts["ZZ1B", tier] for tier in "123"] == ["7091.43", "9644.34", "11346.28"]
    assert {amounts["BR25", tier] for tier in "123"} == {"12004.36"}
    assert policy.volume_cap is not None
    assert policy.volume_cap.groups == {"BR23": 19015}
    assert policy.fund_formula == "subtract"
    assert "price.rate[1].value" not in policy.unsourced


def test_wildcard_stands_for_what_is_not_named(write: Write) -> None:
    rows = 'rate = [{ tier = "3", insurance = "employee", value = 120 }, { tier = "3", value = 100 }, { value = 80 }]'
    policy = load_payment_policy(write(PLAIN.replace('rate = [{ tier = "*", scheme = "*", value = 9435.25 }]', rows)))
    found = {(row.tier, row.insurance): row.amount for row in payment_standards(policy).rows if row.drg == "GD25"}
    assert found == {
        ("3", "employee"): Decimal("164.40"),
        ("3", "resident"): Decimal("137.00"),
        ("all", "employee"): Decimal("109.60"),
        ("all", "resident"): Decimal("109.60"),
    }


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("group,coef\nGD25,1.1\nBR25,0.9\n", {"GD25": "103.40", "BR25": "46.35"}),
        ("group,tier,coef\nGD25,all,1.1\n*,3,0.5\n", {"GD25": "103.40", "BR25": "25.75"}),
    ],
)
def test_coefficient_of_a_group_may_hold_at_every_tier(write: Write, table: str, expected: dict[str, str]) -> None:
    text = PLAIN.replace('tier = "*"', 'tier = "3"').replace("9435.25", "100")
    text += '[coefficient]\nform = "group_tier"\nfile = "coefs.csv"\n'
    policy = load_payment_policy(write(text, "group,rw,mark\nGD25,0.94,\nBR25,0.515,\n", coefs=table))
    assert {row.drg: str(row.amount) for row in payment_standards(policy).rows} == expected


def test_base_groups_may_have_coefficients_of_their_own(write: Write) -> None:
    text = PLAIN.replace("9435.25", "100") + TIERS.replace("[coefficient]", '[coefficient]\nfile = "coefs.csv"')
    text += '[coefficient.base_group]\nmechanism = "table"\n'
    policy = load_payment_policy(write(text, coefs="group,tier,coef\nBR25,2,0.9\nBR25,3,0.95\n"))
    amounts = {(row.drg, row.tier): str(row.amount) for row in payment_standards(policy).rows}
    assert amounts["BR25", "3"] == "71.49"
    assert amounts["GD25", "3"] == "164.40"


def test_single_values_change_and_are_checked_again(write: Write) -> None:
    policy = load_payment_policy(write(PLAIN + TIERS + CLASSES))
    changed = change_policy(policy, {"class[2].k": "2.5", "coefficient.tier.3": 1}, name="softer")
    assert (changed.id, changed.classes[1].k, changed.coefficient.tier["3"]) == ("softer", Decimal("2.5"), Decimal(1))
    assert policy.classes[1].k == 3
    assert changed.fingerprint != policy.fingerprint
    assert change_policy(policy, {}, name=policy.id).fingerprint == policy.fingerprint
    for changes, words in (
        ({"class[2].k": "0.3"}, "the classes overlap"),
        ({"class[3].k": 1}, "found entry 3; expected one of the 2 entries"),
        ({"price.rates": 1}, "did you mean 'rate'?"),
        ({"weights.file": "other.csv"}, "a file that extends the policy"),
        ({"rounding.money.places": 1}, "found 'places'"),
    ):
        with pytest.raises(DeclarationError, match=re.escape(words)):
            change_policy(policy, changes)
    partial = load_payment_policy("changzhou-2022", partial_ok=True)
    assert not change_policy(partial, {"coefficient.base_group": {"mechanism": "coef_one"}}).partial


# What is shipped.


def test_every_shipped_policy_is_sound() -> None:
    assert check_payment_policies() == []
    frame = describe_payment_policies()
    assert len(frame) == len(list_payment_policies()) >= 35
    assert frame.policy[frame.missing == ""].tolist() == [
        *("beijing-2022", "chongqing-2025", "dingzhou-drg", "harbin-2023", "harbin-2024", "jilin-2022"),
        *("lanzhou-2022", "linyi-2022", "qingdao-2023", "suzhou-2022", "taizhou-2022", "wuhan-2022", "wuxi-2022"),
        *("xian-2020", "yancheng-2022"),
    ]


@pytest.mark.parametrize("name", list_payment_policies())
def test_shipped_policy_names_its_sources_and_its_gaps(name: str) -> None:
    path = payment_policy_paths()[name]
    assert b"\r" not in path.read_bytes()
    policy = load_payment_policy(name, partial_ok=True)
    header = policy.declared.policy
    assert policy.unsourced == ()
    assert CHINESE.search(header.name_zh or "")
    assert not CHINESE.search(header.name_en or "x")
    for item in policy.required_inputs:
        assert CHINESE.search(item.what_zh)
        assert not CHINESE.search(item.what_en)
    if policy.partial:
        with pytest.raises(PartialPolicyError):
            load_payment_policy(name)


def test_schema_is_that_of_the_code(tmp_path: Path) -> None:
    written = write_payment_schema(tmp_path).read_bytes()
    assert written == (models_root() / "schema" / "payment.schema.json").read_bytes(), "run: actuary models schema"


# The page for those who write one.


def test_example_of_the_page_loads_and_every_key_is_explained(root: Path, tmp_path: Path) -> None:
    page = (root / "docs" / "payment-policies.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(toml|csv)\n(.*?)```", page, re.DOTALL)
    (tmp_path / "example.toml").write_text(blocks[0][1], encoding="utf-8")
    (tmp_path / "weights.csv").write_text(blocks[1][1], encoding="utf-8")
    assert [kind for kind, _ in blocks[:2]] == ["toml", "csv"]
    assert check_payment_file(tmp_path / "example.toml") == []
    policy = load_payment_policy(tmp_path / "example.toml")
    standards = payment_standards(policy, point_values={"*": "65.5"})
    rows = {(row.drg, row.tier): str(row.amount) for row in standards.rows}
    # 1.37 x 100 x 1.10 x 65.5; base groups count 1.00 at every tier.
    assert rows["GD25", "3"] == "9870.85"
    assert {rows["BR25", tier] for tier in "123"} == {"4928.875"}
    words = set(re.findall(r"[a-z_0-9]+", page))
    keys: set[str] = set()
    for definition in PolicyFile.model_json_schema(by_alias=True)["$defs"].values():
        keys |= set(definition.get("properties", ()))
    assert keys - words == set()
    (tmp_path / "own.toml").write_text(blocks[3][1], encoding="utf-8")
    assert not load_payment_policy(tmp_path / "own.toml").partial


@pytest.mark.slow
def test_reading_a_policy_loads_no_table_library() -> None:
    code = (
        "import sys; from actuary.payment.policy_files import load_payment_policy; load_payment_policy('suzhou-2022'); "
        "print(sorted({'pandas', 'pyarrow', 'numba', 'xarray'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.slow
def test_command_writes_standards_or_says_why_not(actuary_command: list[str], tmp_path: Path) -> None:
    out = tmp_path / "standards.csv"
    given = [*actuary_command, "standards", "--policy", "jilin-2022", "--out", str(out), "--thresholds"]
    run = subprocess.run(given, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == str(out)
    assert "625 standards of 625 groups" in run.stderr
    assert out.read_bytes().startswith(
        b"drg,tier,insurance,amount,low_threshold,high_threshold\nAF19,3,all,8426.75968,"
    )
    for arguments, words in (
        (["--policy", "shenyang-2021", "--out", str(out)], "it is not published"),
        (["--policy", "suzhou-2022"], "no --out"),
        (["--policy", "suzhou-2022", "--out", str(out), "--point-value", "x"], "a value in yuan"),
    ):
        failed = subprocess.run(
            [*actuary_command, "standards", *arguments], capture_output=True, text=True, check=False
        )
        assert failed.returncode == 2
        assert words in failed.stderr
