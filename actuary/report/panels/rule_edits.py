"""Move thresholds of warning rules: in a rule as loaded, and in the text of the file that declares it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from actuary.policy import AlertCondition, AlertRule
from actuary.policy.toml_files import TomlFile

__all__ = ["Shift", "with_moved_text", "with_thresholds"]


@dataclass(frozen=True, slots=True)
class Shift:
    """Hold one threshold that moves.

    Parameters
    ----------
    rule : str
        Id of the rule.
    axis : str
        What the condition measures.
    old, new : float
        Where it stood and where it stands [unit of the condition].
    """

    rule: str
    axis: str
    old: float
    new: float


def with_thresholds(rule: AlertRule, moved: Mapping[tuple[str, float], float]) -> AlertRule:
    """Return a rule with thresholds moved; what it says then is a judgement.

    Parameters
    ----------
    rule : AlertRule
        The rule.
    moved : mapping of (axis, threshold) to float
        New thresholds [unit of the condition].
    """

    def shift(one: AlertCondition) -> AlertCondition:
        new = moved.get((one.axis, one.threshold))
        return one if new is None else one.model_copy(update={"threshold": new})

    cases = tuple(case.model_copy(update={"all": tuple(shift(one) for one in case.all)}) for case in rule.case)
    return rule.model_copy(update={"case": cases, "status": "judgement", "source": "judgement"})


def with_moved_text(file: TomlFile, shifts: Sequence[Shift]) -> str:
    """Return the text of a file of rules with thresholds moved; the cases that hold them become judgements.

    Parameters
    ----------
    file : TomlFile
        The file.
    shifts : sequence of Shift
        What moves; rules of other files are passed by.
    """
    lines = file.path.read_text(encoding="utf-8").splitlines()
    said: dict[int, list[str]] = {}
    for number, rule in enumerate(file.data.get("rule", ()), 1):
        mine = [one for one in shifts if one.rule == rule["id"]]
        for count, case in enumerate(rule["case"] if mine else (), 1):
            place = f"rule[{number}].case[{count}]"
            held = {(AlertCondition.model_validate(row).axis, float(row["threshold"])) for row in case["all"]}
            touched = [one for one in mine if (one.axis, one.old) in held]
            if not touched:
                continue
            row = file.lines[f"{place}.all"] - 1
            for one in touched:
                pattern = rf"(threshold\s*=\s*){re.escape(f'{one.old:g}')}(?:\.0*)?(?![\d.])"
                # Marked, so that a threshold moved to the place of another is not moved on.
                lines[row] = re.sub(pattern, rf"\g<1>@{one.new!r}", lines[row])
            lines[row] = lines[row].replace("@", "")
            for key in ("status", "source"):
                line = f'{key} = "judgement"'
                if f"{place}.{key}" in file.lines:
                    lines[file.lines[f"{place}.{key}"] - 1] = line
                else:
                    said.setdefault(row, []).append(line)
            if f"{place}.confidence" in file.lines:
                lines[file.lines[f"{place}.confidence"] - 1] = ""
    text = [part for row, line in enumerate(lines) for part in (line, *said.get(row, ()))]
    return "\n".join(text) + "\n"
