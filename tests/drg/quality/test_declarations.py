"""The declarations of the settlement list: sound as they are, and every slip in them named at once."""

from __future__ import annotations

import re
import shutil
import string
from pathlib import Path

import pytest

from actuary.drg.quality import check_declarations, load_declarations
from actuary.drg.quality.registry import registered_checks
from actuary.errors import DeclarationError


def test_every_rule_but_the_form_has_its_function_and_every_source_exists(root: Path) -> None:
    declared = load_declarations()
    assert set(registered_checks(declared)) == {name for name in declared.rules if not name.startswith("F")}
    assert [name for name in declared.rules if name.startswith("Q")] == [f"Q{number:02d}" for number in range(1, 17)]
    folder = root / "models" / "national" / "settlement_list"
    known = set(re.findall(r"^- \[(S\d+)\]", (folder / "sources.md").read_text(encoding="utf-8"), re.MULTILINE))
    for path in folder.glob("*.toml"):
        used = set(re.findall(r'source = "([^"]+)"', path.read_text(encoding="utf-8")))
        assert used <= known | {"std", "judgement"}, path.name


def test_both_languages_of_a_message_speak_of_the_same_things() -> None:
    for rule in load_declarations().rules.values():
        for message in rule.messages.values():
            for text in (message.zh, message.en, message.mend_zh, message.mend_en):
                assert text
                assert not text.endswith((".", "。"))
            names = {name for _, name, _, _ in string.Formatter().parse(message.en) if name}
            assert all(name.isidentifier() for name in names)


def test_every_slip_is_named_at_once(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "national" / "settlement_list"
    shutil.copytree(root / "models" / "national" / "settlement_list", folder)
    for name, old, new in (
        ("rules.toml", 'severity = "W"', 'severity = "X"'),
        ("rules.toml", '"case.adm_time"', '"case.adm_tim"'),
        ("limits.toml", "value = 28", 'value = "many"'),
        ("tables.toml", 'type = "flag"', 'type = "flags"'),
        ("codes.toml", 'prefixes = ["R"]', "prefixes = []"),
    ):
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    found = "\n".join(str(problem) for problem in check_declarations(tmp_path))
    for said in ("severity 'X'", "case.adm_tim", "newborn_days", "type 'flags'", "symptom"):
        assert said in found
    with pytest.raises(DeclarationError, match="no such file"):
        load_declarations(tmp_path / "nowhere")
