"""Terms of the year that a policy declares, and that nothing it can declare is decoration."""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
import re

import pytest

from actuary.errors import ActuaryError, DeclarationError
from actuary.payment.methods.procurement import Purchase
from actuary.payment.policy_files import check_payment_file, load_payment_policy
from actuary.payment.year_terms import (
    declared_device_return,
    declared_first_review,
    declared_prepayment,
    declared_retention,
    declared_upload,
)
from actuary.policy.shapes import Shape

_DECLARATIONS = (
    "declared_classes",
    "declared_prices",
    "declared_settlement",
    "declared_substitutes",
    "declared_values",
    "declaration",
)
#: What only says something to readers.
_TEXT = {
    "schema_",
    "note",
    "note_zh",
    "note_en",
    "name_zh",
    "name_en",
    "what_zh",
    "what_en",
    "tag",
    "words_zh",
    "words_en",
}


def test_every_key_that_can_be_declared_is_read_somewhere(root):
    sources = sorted((root / "actuary").rglob("*.py"))
    declared = {f"{name}.py" for name in _DECLARATIONS}
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources if path.name not in declared)
    unread = set()
    for name in _DECLARATIONS:
        module = importlib.import_module(f"actuary.payment.{name}")
        for _, shape in inspect.getmembers(module, inspect.isclass):
            if issubclass(shape, Shape) and shape is not Shape and shape.__module__ == module.__name__:
                # A field is read as an attribute, or by its name where several are walked in one loop.
                unread |= {
                    f"{shape.__name__}.{field}"
                    for field in set(shape.model_fields) - _TEXT
                    if not re.search(rf"\.{field}\b|\"{field}\"", text)
                }
    assert unread == set()


def test_the_declared_terms_are_applied():
    assert declared_prepayment([100_00, -5], load_payment_policy("zhejiang-2019", partial_ok=True)) == (85_00, 0)
    chongqing = load_payment_policy("chongqing-2025", partial_ok=True)
    assert declared_upload(dt.date(2025, 3, 1), dt.date(2025, 3, 11), chongqing).value == "in_time"
    assert declared_first_review(7, load_payment_policy("shenyang-2021", partial_ok=True)) == 7
    assert declared_device_return(101, load_payment_policy("anyang-2021", partial_ok=True)) == 51


def test_a_term_that_is_not_declared_is_named():
    policy = load_payment_policy("suzhou-2022")
    with pytest.raises(ActuaryError, match=r"suzhou-2022, settlement\.prepay"):
        declared_prepayment([1], policy)
    with pytest.raises(ActuaryError, match=r"procurement\.retain_share"):
        declared_retention(Purchase(1, 1, selected_volume=1, price_after=1), policy)


def test_a_choice_of_a_shipped_policy_needs_a_source(root, tmp_path):
    models = tmp_path / "models"
    for part in ("national", "scenarios"):
        (models / part).mkdir(parents=True)
    folder = models / "cities" / "wuxi" / "payment"
    folder.mkdir(parents=True)
    source = root / "models" / "cities" / "wuxi"
    text = (source / "payment" / "2022.toml").read_text(encoding="utf-8")
    (folder / "2022.csv").write_bytes((source / "payment" / "2022.csv").read_bytes())
    (folder.parent / "sources.md").write_bytes((source / "sources.md").read_bytes())
    kept = [line for line in text.splitlines() if 'field = "price.represents"' not in line]
    (folder / "2022.toml").write_text("\n".join(kept), encoding="utf-8")
    found = check_payment_file(folder / "2022.toml", root=models)
    assert any("price.represents" in str(problem) and "a choice without a source" in str(problem) for problem in found)


def test_a_coefficient_is_not_rounded_in_silence(tmp_path):
    (tmp_path / "w.csv").write_text("group,rw,mark\nAA19,1.5,\n", encoding="utf-8")
    text = """[policy]
id = "k"
schema = 1
family = "rate"
provenance = [{ field = "*", source = "judgement", tag = "judgement" }]
[rounding]
money = 2
mode = "half_up"
coefficient = 4
[weights]
file = "w.csv"
scale = 1
[price]
mode = "fixed"
represents = "fund"
rate = [{ tier = "*", insurance = "*", value = 100 }]
[coefficient]
form = "tier"
tier = { "3" = 1.15555 }
"""
    (tmp_path / "k.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"coefficient\.tier\.3.*1\.15555.*at most 4 decimals"):
        load_payment_policy(tmp_path / "k.toml")


def test_a_misplaced_extends_is_told_its_place(tmp_path):
    (tmp_path / "p.toml").write_text('[policy]\nid = "p"\nextends = "points-from-cases"\n', encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"line 3.*inside the table \[policy\].*move the line to the top"):
        load_payment_policy(tmp_path / "p.toml")
