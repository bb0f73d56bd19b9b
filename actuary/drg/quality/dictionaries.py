"""Read the dictionary of insurance codes: which exist, which are grey, how clinical codes are written."""

from __future__ import annotations

import bisect
import hashlib
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from actuary.drg.quality.columns import as_text
from actuary.drg.quality.declarations import load_declarations
from actuary.drg.quality.files import read_raw
from actuary.drg.quality.shapes import CodeSet, Declarations
from actuary.errors import Problem, TableError, raise_all

__all__ = ["DICTIONARY_VARIABLE", "CodeDictionary", "CodeList", "load_dictionary"]

#: Environment variable that names the folder of the dictionary.
DICTIONARY_VARIABLE = "ACTUARY_DICTIONARY"

_HEADINGS = {
    "diagnosis": ("icd", "grey"),
    "procedure": ("icd9", "grey", "class"),
    "diagnosis_map": ("gl", "yb"),
    "procedure_map": ("gl", "yb"),
}


@dataclass(frozen=True)
class CodeList:
    """Hold the codes of diagnoses or procedures.

    Parameters
    ----------
    grey : mapping of str to bool
        Every code, and whether it is grey (灰码).
    classes : mapping of str to str
        Class of a procedure: surgery, intervention, therapeutic, diagnostic, or nothing.
    clinical : mapping of str to str
        Clinical codes that insurance writes differently.
    """

    grey: Mapping[str, bool]
    classes: Mapping[str, str]
    clinical: Mapping[str, str]

    @cached_property
    def _written(self) -> dict[str, str]:
        return {code.lower(): code for code in self.grey}

    @cached_property
    def _clinical_written(self) -> dict[str, str]:
        return {code.lower(): code for code in self.clinical}

    @cached_property
    def _usable(self) -> list[str]:
        return sorted(code for code, grey in self.grey.items() if not grey)

    def written(self, text: str) -> str:
        """Return the code that a text means, whatever its case, width and spaces; empty when there is none."""
        return self._written.get(_plain(text), "")

    def insurance(self, text: str) -> str:
        """Return the insurance code of a clinical code that changes; empty when there is none."""
        code = self._clinical_written.get(_plain(text), "")
        return self.clinical.get(code, "")

    def insurance_only(self, text: str) -> str:
        """Return the insurance code of a text that only the clinical edition has; empty when there is none."""
        return "" if self.written(text) else self.insurance(text)

    def other_meaning(self, code: str) -> str:
        """Return the insurance code of the clinical code that is written like this insurance code."""
        return self.clinical.get(code, "") if code in self.grey else ""

    def grey_mark(self, code: str) -> str:
        """Return the code itself when it is grey, else nothing."""
        return code if self.grey.get(code) else ""

    def near(self, text: str, *, most: int = 3) -> tuple[str, ...]:
        """Return usable codes of the same subcategory, or of the same category."""
        plain = _plain(text).upper().replace("X", "x")
        plain = plain[:1].upper() + plain[1:]
        for length in (5, 3):
            start = plain[:length]
            at = bisect.bisect_left(self._usable, start)
            found = tuple(code for code in self._usable[at : at + most] if code.startswith(start) and code != text)
            if len(start) == length and found:
                return found
        return ()


@dataclass(frozen=True)
class CodeDictionary:
    """Hold the codes in force.

    Parameters
    ----------
    code_set : CodeSet
        Which edition, and from which day of discharge.
    diagnosis, procedure : CodeList
        The codes.
    """

    code_set: CodeSet
    diagnosis: CodeList
    procedure: CodeList

    def codes(self, table: str) -> CodeList:
        """Return the codes of a table, ``diagnosis`` or ``procedure``."""
        return self.diagnosis if table == "diagnosis" else self.procedure


def load_dictionary(folder: Path | str | None = None, *, declared: Declarations | None = None) -> CodeDictionary | None:
    """Read the dictionary of codes from a folder.

    Parameters
    ----------
    folder : path, optional
        Holds the files that codes.toml names; when left out, the folder that the environment variable
        ``ACTUARY_DICTIONARY`` names.
    declared : Declarations, optional
        Those of the package when left out.

    Returns
    -------
    CodeDictionary or None
        None when no folder is named: the checks that need it are left out then, and the result says so.

    Raises
    ------
    TableError
        With every problem of the files.
    """
    named = folder if folder is not None else os.environ.get(DICTIONARY_VARIABLE)
    if not named:
        return None
    # One edition is declared so far; the newest one is the one in force.
    code_set = max((declared or load_declarations()).code_sets, key=lambda item: item.first_day)
    path = Path(named)
    stamp = tuple(_stamp(path / name) for name in code_set.files.values())
    return _assemble(_read(path, tuple(code_set.files.items()), stamp), code_set)


def _stamp(path: Path) -> str:
    """Return the hash of a file: its time tells nothing where clocks are set back or files copied with their times."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


@lru_cache(maxsize=2)
def _read(path: Path, files: tuple[tuple[str, str], ...], _stamps: tuple[str, ...]) -> dict[str, dict[str, list[str]]]:
    problems: list[Problem] = []
    read: dict[str, dict[str, list[str]]] = {}
    for kind, name in files:
        if not (path / name).is_file():
            mend = f"give the folder that holds it: --dictionary FOLDER, or {DICTIONARY_VARIABLE}"
            problems.append(Problem(str(path / name), "no such file", "a file of the dictionary of codes", mend))
            continue
        raw = read_raw(path / name, of_stays=False)
        missing = [heading for heading in _HEADINGS[kind] if heading not in raw.table.column_names]
        problems += [
            Problem(f"{name} heading", f"no column {heading!r}", ", ".join(_HEADINGS[kind])) for heading in missing
        ]
        if not missing:
            read[kind] = {
                heading: as_text(raw.table.column(heading).combine_chunks()).to_pylist() for heading in _HEADINGS[kind]
            }
    raise_all(problems, TableError)
    return read


def _assemble(read: Mapping[str, Mapping[str, list[str]]], code_set: CodeSet) -> CodeDictionary:
    dx, px = read["diagnosis"], read["procedure"]
    maps = {
        kind: dict(zip(read[kind]["gl"], read[kind]["yb"], strict=True)) for kind in ("diagnosis_map", "procedure_map")
    }
    return CodeDictionary(
        code_set,
        CodeList(_grey(dx["icd"], dx["grey"]), {}, maps["diagnosis_map"]),
        CodeList(_grey(px["icd9"], px["grey"]), dict(zip(px["icd9"], px["class"], strict=True)), maps["procedure_map"]),
    )


def _grey(codes: list[str], grey: list[str]) -> dict[str, bool]:
    return {code: flag == "1" for code, flag in zip(codes, grey, strict=True)}


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).lower()
