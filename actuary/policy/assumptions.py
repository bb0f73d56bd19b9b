"""Assumption bases: how the drivers of a projection develop, each value dated and with its reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field

from actuary.drivers import ALL_DRIVERS
from actuary.durable.files import replace_file
from actuary.errors import DeclarationError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.paths import models_root
from actuary.policy.dated import DatedBook
from actuary.policy.fingerprints import fingerprint
from actuary.policy.parameters import AssumptionParameter, read_groups
from actuary.policy.regions import load_region, region_folder, unknown_basis
from actuary.policy.shapes import Shape, Text, fit
from actuary.policy.toml_files import TomlFile, locate_root, read_sources, read_toml

__all__ = ["ASSUMPTION_KEYS", "AssumptionBasis", "BasisHeader", "freeze_basis", "load_basis", "read_basis_file"]

#: Keys an assumption basis may hold without declaring them: the drivers, and whose seasons are used.
ASSUMPTION_KEYS: tuple[str, ...] = (*ALL_DRIVERS, "seasonal.source_region")


class ExtraKeys(Shape):
    """Declare keys that are no drivers of the fund, so that a misspelt driver is never taken for one."""

    keys: tuple[Text, ...] = Field(min_length=1)


class BasisHeader(Shape):
    """Hold what an assumption file says of itself; one that `extends` another takes the keys it lacks from there.

    ``extends = "national:people"`` in a city's file names a basis of the nation.
    """

    name_zh: Text
    name_en: Text
    extends: Text | None = None
    frozen: Text | None = None
    note: Text | None = None
    note_en: Text | None = None
    extra: ExtraKeys | None = None


@dataclass(frozen=True, repr=False)
class AssumptionBasis(DatedBook):
    """Hold an assumption basis of a region.

    Parameters
    ----------
    name : str
        Name of its file.
    header : BasisHeader
        What it says of itself.

    Examples
    --------
    >>> import datetime as dt
    >>> basis = load_basis("national")
    >>> basis.value("employee.relative_cost_retired", dt.date(2025, 1, 1))
    3.99
    """

    name: str = "base"
    header: BasisHeader | None = None

    def reason(self, key: str, day: Any, *, lang: str = "zh") -> str:
        """Return why the value in force on a day was chosen, in a language (zh or en).

        Raises
        ------
        UnknownNameError, DeclarationError
            As :meth:`DatedBook.entry`.
        """
        entry = self.entry(key, day)
        chinese = str(getattr(entry, "reason", ""))
        return str(getattr(entry, "reason_en", None) or chinese) if lang == "en" else chinese

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over all assumptions of the basis; its names, notes and seal are left out."""
        return fingerprint({"region": self.region, "basis": self.name, "parameters": dict(self.parameters)})


def read_basis_file(
    file: TomlFile, *, region: str, sources: Mapping[str, str] | None
) -> tuple[AssumptionBasis | None, list[Problem]]:
    """Read one assumption file that was parsed.

    Parameters
    ----------
    file : TomlFile
        The file.
    region : str
        Region it belongs to.
    sources : mapping or None
        The list of sources of its folder.

    Returns
    -------
    tuple
        The basis or None, and every problem of the file.
    """
    tables = {name: content for name, content in file.data.items() if isinstance(content, Mapping) and name != "extra"}
    header, problems = fit(BasisHeader, {name: v for name, v in file.data.items() if name not in tables}, file=file)
    extra = file.data.get("extra")
    declared = extra.get("keys", ()) if isinstance(extra, Mapping) else ()
    keys = (
        *ASSUMPTION_KEYS,
        *(key for key in (declared if isinstance(declared, tuple) else ()) if isinstance(key, str)),
    )
    groups = {key.partition(".")[0] for key in keys}
    known: dict[str, dict[str, Any]] = {}
    for group, content in tables.items():
        if group not in groups:
            problems.append(unknown_name(file.where(group), group, groups, what="group of assumptions"))
        for name, table in content.items():
            key = f"{group}.{name}"
            if group in groups and key not in keys:
                problems.append(unknown_name(file.where(key), key, keys, what="assumption"))
            known.setdefault(group, {})[name] = table
    parameters, found = read_groups(AssumptionParameter, known, file=file, sources=sources)
    problems += found
    for key, parameter in parameters.items():
        if key in ALL_DRIVERS and parameter.unit != ALL_DRIVERS[key].unit:
            unit = ALL_DRIVERS[key].unit
            problems.append(Problem(file.where(f"{key}.unit"), repr(parameter.unit), repr(unit), f"{key} is in {unit}"))
        for word, given in (("kind", parameter.kind != "rule"), ("replaces", bool(parameter.replaces))):
            if given:
                problems.append(Problem(file.where(f"{key}.{word}"), word, "an assumption without it", "remove it"))
    if not tables and not problems:
        problems.append(Problem(file.label, "nothing", "at least one table [group.key]"))
    if problems or header is None:
        return None, problems
    origin = f"{region}: {file.label}"
    basis = AssumptionBasis(
        region=region,
        parameters=parameters,
        origins={key: (origin,) * len(parameter.values) for key, parameter in parameters.items()},
        sources={region: sources or {}},
        name=file.path.stem,
        header=header,
    )
    if header.frozen is not None and header.frozen != basis.fingerprint:
        problems.append(
            Problem(
                file.where("frozen"),
                f"a content with fingerprint {basis.fingerprint[:12]}…",
                f"the sealed content {header.frozen[:12]}…",
                f"a report used this basis: restore it, copy the new one to another name beside {file.path.name} "
                "and remove the line frozen there",
            )
        )
        return None, problems
    return basis, problems


def load_basis(region: str, name: str = "base", *, root: Path | None = None) -> AssumptionBasis:
    """Load an assumption basis of a region.

    Parameters
    ----------
    region : str
        Region id.
    name : str
        Name of the basis.
    root : Path, optional
        Root of the models.

    Returns
    -------
    AssumptionBasis
        The assumptions by key, each dated, with source and reason.

    Raises
    ------
    UnknownNameError
        When the region or the basis is not declared.
    DeclarationError
        When the file is not valid, when a sealed basis was changed, or when the region has no basis at all: then
        every input its user must give is listed.

    Examples
    --------
    >>> basis = load_basis("national")
    >>> import datetime as dt
    >>> basis.value("employee.active_growth", dt.date(2025, 7, 1))
    0.012
    """
    base = root or models_root()
    place = load_region(region, root=base)
    folder = region_folder(region, root=base)
    path = folder / "assumptions" / f"{name}.toml"
    if not place.bases:
        label = path.relative_to(base).as_posix()
        raise_all(
            [
                Problem(
                    f"{label}: {needed.key}",
                    "nothing",
                    f"{needed.what_en} ({needed.what_zh})",
                    f"needed for {needed.needed_for_en}",
                )
                for needed in place.required_inputs
            ]
            or [Problem(label, "no such file", "an assumption basis", "write one, see models/README.md")],
            DeclarationError,
        )
    if name not in place.bases:
        raise UnknownNameError(unknown_basis(place, name))
    sources, problems = read_sources(path.parent, root=base)
    file, found = read_toml(path, root=base)
    problems += found
    basis: AssumptionBasis | None = None
    if file is not None:
        basis, found = read_basis_file(file, region=region, sources=sources)
        problems += found
    raise_all(problems, DeclarationError)
    if basis is None or basis.header is None:
        raise DeclarationError(Problem(path.name, "nothing", "an assumption basis"))
    return _extend(basis, file, place.bases, root=base) if basis.header.extends else basis


def _extend(basis: AssumptionBasis, file: TomlFile | None, bases: tuple[str, ...], *, root: Path) -> AssumptionBasis:
    """Lay a basis over the one it extends."""
    below = basis.header.extends if basis.header else None
    where = file.where("extends") if file else basis.name
    if below is not None and below.startswith("national:"):
        return _over_nation(basis, below.removeprefix("national:"), root=root)
    if below not in bases:
        raise DeclarationError(unknown_name(where, str(below), bases, what="basis"))
    under = load_basis(basis.region, str(below), root=root) if below != basis.name else basis
    if under.header is None or under.header.extends:
        raise DeclarationError(Problem(where, repr(below), "a basis that stands alone", "extend one that extends none"))
    return replace(
        basis,
        parameters={**under.parameters, **basis.parameters},
        origins={**under.origins, **basis.origins},
    )


def _over_nation(basis: AssumptionBasis, below: str, *, root: Path) -> AssumptionBasis:
    """Lay a city's basis over one of the nation: what the city does not assume itself is assumed as there."""
    under = load_basis("national", below, root=root)
    return replace(
        basis,
        parameters={**under.parameters, **basis.parameters},
        origins={**under.origins, **basis.origins},
        sources={**under.sources, **basis.sources},
    )


def freeze_basis(path: Path) -> str:
    """Seal an assumption basis that a report has used: write the fingerprint of its content into the file.

    Parameters
    ----------
    path : Path
        The file; only its line ``frozen`` is written.

    Returns
    -------
    str
        The fingerprint. A basis that is sealed already and unchanged is left as it is.

    Raises
    ------
    DeclarationError
        When the file is not valid, or was changed after it was sealed.
    """
    root = locate_root(path)
    file, problems = read_toml(path, root=root)
    raise_all(problems, DeclarationError)
    if file is None:
        raise DeclarationError(Problem(str(path), "nothing", "an assumption basis"))
    sources, _ = read_sources(path.parent, root=root)
    basis, problems = read_basis_file(file, region=path.resolve().parent.parent.name, sources=sources)
    raise_all(problems, DeclarationError)
    if basis is None or basis.header is None:
        raise DeclarationError(Problem(file.label, "nothing", "an assumption basis"))
    if basis.header.frozen is None:
        text = path.read_text(encoding="utf-8")
        line = f'frozen = "{basis.fingerprint}"\n'
        place = re.search(r"^name_en\s*=.*\n", text, re.MULTILINE)
        cut = place.end() if place else 0
        replace_file(path, (text[:cut] + line + text[cut:]).encode())
    return basis.fingerprint
