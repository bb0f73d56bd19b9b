"""Regions: the nation, and the cities whose rules are declared under models/cities."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from actuary.errors import DeclarationError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.paths import models_root
from actuary.policy.shapes import Shape, Text, fit
from actuary.policy.toml_files import TomlFile, read_toml

__all__ = [
    "Region",
    "RegionFile",
    "RequiredInput",
    "list_regions",
    "load_region",
    "read_region_file",
    "region_folder",
    "unknown_basis",
]


class RequiredInput(Shape):
    """Name an input that nobody has published for a region and that its user must give.

    Attributes
    ----------
    key : str
        Key of the figure or assumption.
    scheme : str
        Scheme it belongs to.
    what_zh, what_en : str
        What it is.
    needed_for_zh, needed_for_en : str
        What cannot be computed without it.
    """

    key: Text
    scheme: Literal["all", "employee", "resident", "maternity", "ltci"]
    what_zh: Text
    what_en: Text
    needed_for_zh: Text
    needed_for_en: Text


class RegionFile(Shape):
    """Hold a file region.toml or city.toml; `id` names the place whatever the folder of a team is called."""

    id: Text | None = None
    name_zh: Text
    name_en: Text
    kind: Literal["nation", "province", "city", "county", "panel"]
    province: Text | None = None
    province_en: Text | None = None
    note_zh: Text | None = None
    note_en: Text | None = None
    required_inputs: tuple[RequiredInput, ...] = ()


@dataclass(frozen=True)
class Region:
    """Hold a region and what is declared for it.

    Parameters
    ----------
    id : str
        English name in code, the folder's name.
    name_zh, name_en : str
        Name in a report.
    kind : str
        nation, province, city, county or panel (a published series whose place is inferred).
    province, province_en : str or None
        Province it lies in.
    note_zh, note_en : str or None
        What a reader should know.
    required_inputs : tuple of RequiredInput
        What the user must give before a projection can be made.
    bases : tuple of str
        Names of the assumption bases declared for it; none: nothing can be projected yet.
    """

    id: str
    name_zh: str
    name_en: str
    kind: str
    province: str | None
    province_en: str | None
    note_zh: str | None
    note_en: str | None
    required_inputs: tuple[RequiredInput, ...]
    bases: tuple[str, ...]

    def name(self, lang: str = "zh") -> str:
        """Return the name in a language, zh or en."""
        return self.name_en if lang == "en" else self.name_zh

    @property
    def note(self) -> str | None:
        """The note in Chinese, or None."""
        return self.note_zh


def list_regions(root: Path | None = None) -> tuple[str, ...]:
    """Return the ids of all declared regions, the nation first.

    Parameters
    ----------
    root : Path, optional
        Root of the models.

    Examples
    --------
    >>> list_regions()[:3]
    ('national', 'anyang', 'baoshan')
    """
    base = root or models_root()
    cities = sorted(path.parent.name for path in (base / "cities").glob("*/city.toml"))
    return (*(["national"] if (base / "national" / "region.toml").is_file() else []), *cities)


def region_folder(region: str, *, root: Path | None = None) -> Path:
    """Return the folder in which a region is declared.

    Raises
    ------
    UnknownNameError
        When the region is not declared; the message names the nearest one.

    Examples
    --------
    >>> region_folder("shenyang").name
    'shenyang'
    """
    base = root or models_root()
    known = list_regions(base)
    if region not in known:
        raise UnknownNameError(unknown_name("region", region, known, what="region"))
    return base / "national" if region == "national" else base / "cities" / region


def read_region_file(file: TomlFile) -> tuple[RegionFile | None, list[Problem]]:
    """Read a file region.toml or city.toml that was parsed."""
    return fit(RegionFile, file.data, file=file)


def unknown_basis(place: Region, name: str) -> Problem:
    """Build the problem for an assumption basis that a region does not declare.

    Parameters
    ----------
    place : Region
        The region.
    name : str
        What was asked for.

    Examples
    --------
    >>> print(unknown_basis(load_region("shenyang"), "base"))
    basis of shenyang: found 'base'; expected no basis: none is declared for shenyang; leave the basis out: ...
    >>> print(unknown_basis(load_region("national"), "bse"))
    basis of national: found 'bse'; expected a known basis (...); did you mean 'base'?
    """
    folder = "national" if place.id == "national" else f"cities/{place.id}"
    file = f"models/{folder}/assumptions/{name}.toml"
    if place.bases:
        return unknown_name(f"basis of {place.id}", name, place.bases, what="basis", declare=f"declare it: {file}")
    mend = (
        f"leave the basis out: then what is published is shown and nothing is projected; or declare one in {file}, "
        "its keys as in models/national/assumptions/base.toml"
    )
    return Problem(f"basis of {place.id}", repr(name), f"no basis: none is declared for {place.id}", mend)


def load_region(region: str, *, root: Path | None = None) -> Region:
    """Load what is declared of a region itself.

    Parameters
    ----------
    region : str
        Region id, such as ``shenyang``.
    root : Path, optional
        Root of the models.

    Raises
    ------
    UnknownNameError
        When the region is not declared.
    DeclarationError
        When its file is not valid; every problem is listed.

    Examples
    --------
    >>> place = load_region("shenyang")
    >>> place.name_zh, place.kind, place.bases
    ('沈阳市', 'city', ())
    """
    base = root or models_root()
    folder = region_folder(region, root=base)
    path = folder / ("region.toml" if region == "national" else "city.toml")
    file, problems = read_toml(path, root=base)
    declared: RegionFile | None = None
    if file is not None:
        declared, problems = read_region_file(file)
    raise_all(problems, DeclarationError)
    if declared is None:
        raise DeclarationError(Problem(str(path), "nothing", "a region"))
    bases = tuple(sorted(item.stem for item in (folder / "assumptions").glob("*.toml")))
    return Region(
        id=region,
        name_zh=declared.name_zh,
        name_en=declared.name_en,
        kind=declared.kind,
        province=declared.province,
        province_en=declared.province_en,
        note_zh=declared.note_zh,
        note_en=declared.note_en,
        required_inputs=declared.required_inputs,
        bases=bases,
    )
