"""The declaration of the ledger: what contradicts itself is refused, every problem at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from actuary.alerts.ledger import load_ledger_rules
from actuary.errors import DeclarationError
from actuary.paths import models_root
from actuary.workflow import check_inputs


def changed(folder: Path, old: str, new: str) -> Path:
    text = (models_root() / "alerts" / "ledger.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / "alerts").mkdir()
    path = folder / "alerts" / "ledger.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('to = "checking"', 'to = "cheking"', "did you mean 'checking'"),
        ('from = "open"', 'from = "closed"', "a step from 'closed', which is final"),
        (
            'name = "open"\nname_zh = "待核查"\ninitial = true',
            'name = "open"\nname_zh = "待核查"',
            "initial states: none",
        ),
        ('to = "rectifying"', 'to = "closed"', "'rectifying', which no step reaches|interviewed to closed again"),
        ('needs = ["note"]', 'needs = ["nota"]', "did you mean 'note'"),
        ("(?<!\\d)0\\d{2,3}", "(?<!\\d0\\d{2,3}", "a regular expression"),
        ("wait_seconds = 30", "wait_seconds = 0", "wait_seconds"),
        ('source = "judgement"', 'source = "S99"', "S99"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = changed(tmp_path, old, new)
    with pytest.raises(DeclarationError, match=message):
        load_ledger_rules(tmp_path)
    assert check_inputs([path]).problems


def test_the_shipped_road_leads_from_open_to_an_end() -> None:
    rules = load_ledger_rules()
    assert rules.names == ("open", "checking", "interviewed", "rectifying", "closed", "dismissed")
    assert [name for name in rules.names if rules.is_final(name)] == ["closed", "dismissed"]
    assert all(rules.steps_from(name) for name in rules.names if not rules.is_final(name))
