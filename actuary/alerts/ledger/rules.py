"""What the ledger's declaration says: states, steps, limits, and numbers of persons that it refuses."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field

from actuary.errors import DeclarationError, Problem, raise_all, unknown_name
from actuary.paths import models_root
from actuary.policy.shapes import Shape, Text, check_source, fit
from actuary.policy.toml_files import TomlFile, read_sources, read_toml

__all__ = ["LEDGER_FILE", "LedgerRules", "LedgerState", "LedgerStep", "PersonalPattern", "load_ledger_rules"]

#: Where the declaration lies under models/.
LEDGER_FILE = "alerts/ledger.toml"


class _Header(Shape):
    name_zh: Text
    name_en: Text
    source: str
    reason_zh: Text | None = None
    reason_en: Text | None = None


class LedgerState(Shape):
    """Hold one state of a case.

    Attributes
    ----------
    name, name_zh : str
        Its name in code and its Chinese name.
    initial : bool
        Whether cases begin in it.
    final : bool
        Whether they end in it.
    """

    name: Text
    name_zh: Text
    initial: bool = False
    final: bool = False


class LedgerStep(Shape):
    """Hold one step from a state to another.

    Attributes
    ----------
    origin, to : str
        The states; `origin` is written ``from``.
    name_zh : str
        What the step is called.
    needs : tuple of str
        What must come with it: ``note``, ``attachment``.
    """

    origin: Text = Field(alias="from")
    to: Text
    name_zh: Text
    needs: tuple[Literal["note", "attachment"], ...] = ()


class LedgerLimits(Shape):
    """Hold how much fits into the ledger.

    Attributes
    ----------
    note_characters, file_name_characters : int
        Longest note and file name [characters].
    attachment_bytes : int
        Largest attachment [bytes].
    wait_seconds : int
        How long one waits for another who writes [s].
    """

    note_characters: int = Field(gt=0)
    attachment_bytes: int = Field(gt=0)
    file_name_characters: int = Field(gt=10)
    wait_seconds: int = Field(gt=0)


class PersonalPattern(Shape):
    """Hold what a number of a person looks like.

    Attributes
    ----------
    name, name_zh : str
        What kind of number it is.
    pattern : str
        Regular expression, tried on the text with full-width characters made narrow.
    in_evidence : bool
        Whether the evidence of a signal is searched too; identifiers of cases are digits as well.
    """

    name: Text
    name_zh: Text
    pattern: Text
    in_evidence: bool = False


class LedgerRules(Shape):
    """Hold the declaration of the ledger.

    Attributes
    ----------
    ledger : table
        Names and source.
    state : tuple of LedgerState
        In the order of the road.
    transition : tuple of LedgerStep
        Steps that may be taken.
    limits : LedgerLimits
        How much fits.
    personal : tuple of PersonalPattern
        What is refused.

    Examples
    --------
    >>> rules = load_ledger_rules()
    >>> rules.initial, [step.to for step in rules.steps_from("checking")]
    ('open', ['interviewed', 'dismissed'])
    >>> rules.is_final("closed"), rules.state_zh("rectifying")
    (True, '整改中')
    """

    ledger: _Header
    state: tuple[LedgerState, ...] = Field(min_length=2)
    transition: tuple[LedgerStep, ...] = Field(min_length=1)
    limits: LedgerLimits
    personal: tuple[PersonalPattern, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the states, in their order."""
        return tuple(state.name for state in self.state)

    @cached_property
    def initial(self) -> str:
        """State in which cases begin."""
        return next(state.name for state in self.state if state.initial)

    def is_final(self, state: str) -> bool:
        """Say whether a state ends a case."""
        return any(known.final for known in self.state if known.name == state)

    def state_zh(self, state: str) -> str:
        """Return the Chinese name of a state; the name itself where it is no longer declared."""
        return next((known.name_zh for known in self.state if known.name == state), state)

    def steps_from(self, state: str) -> tuple[LedgerStep, ...]:
        """Return the steps that lead on from a state."""
        return tuple(step for step in self.transition if step.origin == state)


def load_ledger_rules(root: Path | None = None) -> LedgerRules:
    """Load the declaration of the ledger.

    Parameters
    ----------
    root : Path, optional
        Root of the models.

    Raises
    ------
    DeclarationError
        With every problem of the file.
    """
    base = root or models_root()
    file, problems = read_toml(base / LEDGER_FILE, root=base)
    if file is None:
        raise DeclarationError(problems)
    declared, problems = fit(LedgerRules, file.data, file=file)
    if declared is None:
        raise DeclarationError(problems)
    sources, problems = read_sources(file.path.parent, root=base)
    where = file.where("ledger.source")
    problems += check_source(declared.ledger.source, where=where, sources=sources, label=file.label)
    raise_all([*problems, *_states(declared, file), *_steps(declared, file), *_patterns(declared, file)],
              DeclarationError)  # fmt: skip
    raise_all(_unreached(declared, file), DeclarationError)
    return declared


def _states(rules: LedgerRules, file: TomlFile) -> list[Problem]:
    problems = []
    for number, state in enumerate(rules.state, 1):
        if state.name in rules.names[: number - 1]:
            problems.append(Problem(file.where(f"state[{number}].name"), f"{state.name!r} again", "every state once"))
    begins = [state.name for state in rules.state if state.initial]
    if len(begins) != 1:
        found = " and ".join(begins) or "none"
        problems.append(Problem(file.where("state"), f"initial states: {found}", "exactly one with initial = true"))
    return problems


def _unreached(rules: LedgerRules, file: TomlFile) -> list[Problem]:
    reached = {rules.initial}
    while more := {step.to for step in rules.transition if step.origin in reached} - reached:
        reached |= more
    return [
        Problem(file.where("state"), f"{name!r}, which no step reaches", "a step to every state", "add a transition")
        for name in rules.names
        if name not in reached
    ]


def _steps(rules: LedgerRules, file: TomlFile) -> list[Problem]:
    problems, seen = [], set()
    for number, step in enumerate(rules.transition, 1):
        place = f"transition[{number}]"
        for key, name in (("from", step.origin), ("to", step.to)):
            if name not in rules.names:
                problems.append(unknown_name(file.where(f"{place}.{key}"), name, rules.names, what="state"))
        if rules.is_final(step.origin):
            found = f"a step from {step.origin!r}, which is final"
            mend = "a matter that comes up again opens a case of its own that is linked"
            problems.append(Problem(file.where(f"{place}.from"), found, "a state that is not final", mend))
        if step.origin == step.to or (step.origin, step.to) in seen:
            found = f"{step.origin} to {step.to}" + (" again" if step.origin != step.to else "")
            problems.append(Problem(file.where(place), found, "two different states, each pair once"))
        seen.add((step.origin, step.to))
    return problems


def _patterns(rules: LedgerRules, file: TomlFile) -> list[Problem]:
    problems = []
    for number, personal in enumerate(rules.personal, 1):
        try:
            re.compile(personal.pattern)
        except re.error as error:
            where = file.where(f"personal[{number}].pattern")
            problems.append(Problem(where, f"{personal.pattern!r} ({error})", "a regular expression"))
    return problems
