"""The policy book of a region: its own dated rules over those of the nation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actuary.errors import DeclarationError, Problem, raise_all, unknown_name
from actuary.paths import models_root
from actuary.policy.dated import DatedBook, close, overlay, spans_of
from actuary.policy.inheritance import check_inherited
from actuary.policy.parameters import DatedValue, Parameter, Scalar, read_groups
from actuary.policy.regions import region_folder
from actuary.policy.toml_files import TomlFile, read_sources, read_toml

__all__ = [
    "POLICY_GROUPS",
    "PolicyBook",
    "PolicyChange",
    "PolicyView",
    "load_policy_book",
    "read_policy_file",
    "read_policy_folder",
]

#: Groups a policy file may hold.
POLICY_GROUPS: tuple[str, ...] = (
    "employee",
    "resident",
    "retirement",
    "maternity",
    "critical_illness",
    "long_term_care",
    "assistance",
    "benefits",
    "payment",
    "procurement",
)


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """Hold one dated change of a rule.

    Parameters
    ----------
    day : datetime.date
        First day of the new state.
    key : str
        The rule.
    name, name_en, unit : str
        From the parameter.
    before, after : float, bool, str, datetime.date or None
        Value on the day before, or else the one recorded before a gap, and value on the day; None: no rule in force.
    source : str
        Title of the source, or std or judgement.
    note : str or None
        Note of the entry that begins, or of the one that ends.
    """

    day: dt.date
    key: str
    name: str
    name_en: str
    unit: str
    before: Scalar | None
    after: Scalar | None
    source: str
    note: str | None


class PolicyView(Mapping[str, Any]):
    """Show the rules in force on one day as a mapping from key to value.

    Parameters
    ----------
    book : DatedBook
        The book.
    day : datetime.date
        The day.
    """

    def __init__(self, book: DatedBook, day: dt.date) -> None:
        self.book = book
        self.day = day
        self._entries: dict[str, DatedValue] = {}
        for key, parameter in book.parameters.items():
            entry = parameter.entry(day)
            if entry is not None:
                self._entries[key] = entry

    def __getitem__(self, key: str) -> Any:
        """Return the value in force; raise as :meth:`DatedBook.entry` when there is none."""
        return self._entries[key].value if key in self._entries else self.book.value(key, self.day)

    def __contains__(self, key: object) -> bool:
        """Say whether a rule of that key is in force."""
        return key in self._entries

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value in force, or the default when none is."""
        return self._entries[key].value if key in self._entries else default

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys in force."""
        return iter(self._entries)

    def __len__(self) -> int:
        """Count the rules in force."""
        return len(self._entries)

    def __repr__(self) -> str:
        """Say region, day and number of rules."""
        return f"<{len(self)} rules of {self.book.region} on {self.day.isoformat()}>"

    def entry(self, key: str) -> DatedValue:
        """Return the entry in force: value, source, confidence and note."""
        return self.book.entry(key, self.day)


@dataclass(frozen=True, repr=False)
class PolicyBook(DatedBook):
    """Hold the dated rules of a region; on days without an own rule the national one holds.

    Examples
    --------
    >>> import datetime as dt
    >>> book = load_policy_book("shenyang")
    >>> book.value("critical_illness.funding_per_head", dt.date(2020, 6, 30))
    70.0
    >>> book.on(dt.date(2024, 1, 1))["resident.premium_per_head"]
    400.0
    """

    def on(self, day: dt.date) -> PolicyView:
        """Return the rules in force on a day."""
        return PolicyView(self, day)

    def rules(self, day: dt.date | None = None) -> tuple[str, ...]:
        """Return the keys that are rules, without statistics and targets, in order.

        Parameters
        ----------
        day : datetime.date, optional
            Only those in force on that day.

        Examples
        --------
        >>> import datetime as dt
        >>> book = load_policy_book("national")
        >>> "employee.contribution_cut_total" in book.rules()
        False
        >>> len(book.rules(dt.date(2019, 6, 30))) < len(book.rules())
        True
        """
        return tuple(
            key
            for key, parameter in self.parameters.items()
            if parameter.kind == "rule" and (day is None or parameter.entry(day) is not None)
        )

    def changes(self, first: dt.date, last: dt.date) -> tuple[PolicyChange, ...]:
        """Return which rules began, changed or ended from the first to the last day, in order of time.

        Statistics and targets are no rules. The earliest value known to a file (``first_record``) is no event, neither
        when it begins nor when it ends; it is what the value after it is compared with.

        Parameters
        ----------
        first, last : datetime.date
            Both included.

        Examples
        --------
        >>> import datetime as dt
        >>> found = load_policy_book("shenyang").changes(dt.date(2020, 1, 1), dt.date(2020, 1, 31))
        >>> [(change.before, change.after) for change in found if change.key == "critical_illness.funding_per_head"]
        [(25.0, 70.0)]
        """
        found: list[PolicyChange] = []
        for key in self.rules():
            parameter = self.parameters[key]
            spans = list(parameter.spans())
            days = {start for start, _, _ in spans}
            days |= {end + dt.timedelta(days=1) for _, end, _ in spans if end < dt.date.max}
            for day in sorted(day for day in days if first <= day <= last):
                old, new = parameter.entry(day - dt.timedelta(days=1)), parameter.entry(day)
                told = new or old
                if told is None or told.first_record:
                    continue
                if old is None:
                    old = _record_before(parameter, day)
                if (old.value if old else None) == (new.value if new else None):
                    continue
                cited = day if new else day - dt.timedelta(days=1)
                found.append(
                    PolicyChange(
                        day=day,
                        key=key,
                        name=parameter.name,
                        name_en=parameter.name_en,
                        unit=parameter.unit,
                        before=old.value if old else None,
                        after=new.value if new else None,
                        source=self.source_text(key, cited),
                        note=told.note,
                    )
                )
        return tuple(sorted(found, key=lambda change: (change.day, change.key)))


def _record_before(parameter: Parameter, day: dt.date) -> DatedValue | None:
    """Return the first record that ended some days before a day, with nothing known in between."""
    earlier = [entry for entry in parameter.values if entry.first_day < day]
    return earlier[-1] if earlier and earlier[-1].first_record else None


def read_policy_file(
    file: TomlFile, *, sources: Mapping[str, str] | None
) -> tuple[dict[str, Parameter], list[Problem]]:
    """Read the parameters of one policy file that was parsed.

    Parameters
    ----------
    file : TomlFile
        The file.
    sources : mapping or None
        The list of sources of its folder.

    Returns
    -------
    tuple
        ``{key: parameter}`` of the sound ones, and every problem of the file.
    """
    problems = [
        unknown_name(file.where(group), group, POLICY_GROUPS, what="group of rules")
        for group in file.data
        if group not in POLICY_GROUPS
    ]
    # A group with a wrong name is read all the same: one mistake hides no other.
    groups = {
        group: content for group, content in file.data.items() if group in POLICY_GROUPS or isinstance(content, Mapping)
    }
    if not file.data:
        problems.append(Problem(file.label, "nothing", "at least one table [group.key]"))
    parameters, found = read_groups(Parameter, groups, file=file, sources=sources)
    return {key: value for key, value in parameters.items() if key.partition(".")[0] in POLICY_GROUPS}, problems + found


def read_policy_folder(
    folder: Path, *, root: Path
) -> tuple[dict[str, tuple[Parameter, str]], dict[str, str], list[Problem]]:
    """Read every policy file of a region; a key may stand in one file only.

    Parameters
    ----------
    folder : Path
        Folder of the region.
    root : Path
        Root of the models.

    Returns
    -------
    tuple
        ``{key: (parameter, file)}``, the list of sources, and every problem.
    """
    sources, problems = read_sources(folder / "policy", root=root)
    parameters: dict[str, tuple[Parameter, str]] = {}
    for path in sorted((folder / "policy").glob("*.toml")):
        file, found = read_toml(path, root=root)
        problems += found
        if file is None:
            continue
        read, found = read_policy_file(file, sources=sources)
        problems += found
        for key, parameter in read.items():
            if key in parameters:
                other = parameters[key][1]
                problems.append(
                    Problem(file.where(key), f"{key} again", "every key in one file", f"it stands in {other} already")
                )
            else:
                parameters[key] = (parameter, file.label)
    return parameters, sources or {}, problems


def load_policy_book(region: str, *, root: Path | None = None) -> PolicyBook:
    """Load the dated rules of a region, those of the nation below them.

    Where a city declares a key of the nation, its entries hold on the days they are in force; an entry that ends
    (``to``) gives way to the national rule. Name, bounds and pro-rating come from the city. A national key that a
    parameter of the city ``replaces`` is no part of its book.

    Parameters
    ----------
    region : str
        Region id.
    root : Path, optional
        Root of the models.

    Returns
    -------
    PolicyBook
        The rules by key; ``book.on(day)`` gives those in force on a day.

    Raises
    ------
    UnknownNameError
        When the region is not declared.
    DeclarationError
        When a file is not valid; every problem of every file is listed.

    Examples
    --------
    >>> import datetime as dt
    >>> load_policy_book("national").on(dt.date(2024, 7, 1))
    <18 rules of national on 2024-07-01>
    """
    base = root or models_root()
    folder = region_folder(region, root=base)
    national, national_sources, problems = read_policy_folder(base / "national", root=base)
    sources = {"national": national_sources}
    own: dict[str, tuple[Parameter, str]] = {}
    if region != "national":
        own, sources[region], found = read_policy_folder(folder, root=base)
        problems += found
    parameters: dict[str, Parameter] = {}
    origins: dict[str, tuple[str, ...]] = {}
    problems += check_inherited(national, own)
    hidden = {name for parameter, _ in own.values() for name in parameter.replaces}
    for key, (parameter, label) in national.items():
        if key in hidden:
            continue
        parameters[key] = parameter
        origins[key] = (f"national: {label}",) * len(parameter.values)
    for key, (parameter, label) in own.items():
        place = f"{region}: {label}"
        below = national.get(key)
        if below is None or below[0].unit != parameter.unit:
            parameters[key], origins[key] = parameter, (place,) * len(parameter.values)
            continue
        spans = overlay(
            spans_of(below[0], (f"national: {below[1]}",) * len(below[0].values)),
            spans_of(parameter, (place,) * len(parameter.values)),
        )
        parameters[key] = parameter.model_copy(update={"values": close(spans)})
        origins[key] = tuple(span.origin for span in spans)
    raise_all(problems, DeclarationError)
    return PolicyBook(region=region, parameters=parameters, origins=origins, sources=sources)
