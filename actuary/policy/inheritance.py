"""What a city may do with the keys of the nation: rule them in the same unit and kind, or replace them."""

from __future__ import annotations

from collections.abc import Mapping

from actuary.errors import Problem, unknown_name
from actuary.policy.parameters import Parameter

__all__ = ["check_inherited"]

type Declared = Mapping[str, tuple[Parameter, str]]


def check_inherited(national: Declared, own: Declared) -> list[Problem]:
    """Check that a city keeps unit and kind of the national keys it rules, and replaces only keys that exist.

    Parameters
    ----------
    national, own : mapping
        ``{key: (parameter, file)}`` of the nation and of the city; ``own`` is empty for the nation itself.

    Returns
    -------
    list of Problem
        None when every key is sound.
    """
    problems = [
        Problem(f"{label}, {key}.replaces", "a national parameter that replaces", "replaces in files of a city only")
        for key, (parameter, label) in national.items()
        if parameter.replaces
    ]
    for key, (parameter, label) in own.items():
        below = national.get(key)
        if below is not None:
            for word in ("unit", "kind"):
                mine, theirs = getattr(parameter, word), getattr(below[0], word)
                if mine != theirs:
                    expected = f"a city keeps the {word} of {below[1]}"
                    problems.append(Problem(f"{label}, {key}.{word}", repr(mine), repr(theirs), expected))
        for name in parameter.replaces:
            where = f"{label}, {key}.replaces"
            if name not in national:
                problems.append(unknown_name(where, name, national, what="national key"))
            elif name in own:
                mend = f"remove {name} from {own[name][1]}, or from replaces"
                problems.append(Problem(where, f"{name}, which the city rules too", "a key of the nation only", mend))
    return problems
