"""Every sentence of the report, by language: ``zh.toml`` and ``en.toml`` hold the same keys.

A sentence carries placeholders for the figures; Python holds none of it.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from actuary.errors import DeclarationError, OutputError, Problem, raise_all, unknown_name

__all__ = ["LANGUAGES", "Wording", "load_wording", "placeholders"]

LANGUAGES = ("zh", "en")
_CHINESE_DIGITS = "零一二三四五六七八九"
_KEY = re.compile(r"\A[a-z][a-z0-9_]*\Z")


def placeholders(text: str) -> set[str]:
    """Return the names of the placeholders of a sentence.

    Examples
    --------
    >>> sorted(placeholders("{scheme} has {months} months"))
    ['months', 'scheme']
    """
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@dataclass(frozen=True, slots=True)
class Wording:
    """Hold the sentences of one language.

    Parameters
    ----------
    lang : str
        ``zh`` or ``en``.
    texts : mapping
        Dotted key to sentence.
    """

    lang: str
    texts: Mapping[str, str]

    def has(self, key: str) -> bool:
        """Return whether there is a sentence of that key."""
        return key in self.texts

    def template(self, key: str) -> str:
        """Return a sentence with its placeholders.

        Raises
        ------
        OutputError
            When there is no such sentence; the message names the nearest key.
        """
        if key not in self.texts:
            raise OutputError(unknown_name(f"wording/{self.lang}.toml", key, self.texts, what="sentence"))
        return self.texts[key]

    def text(self, key: str, **values: str) -> str:
        """Return a sentence with its placeholders filled.

        Raises
        ------
        OutputError
            When there is no such sentence, or a placeholder is left without a value.
        """
        template = self.template(key)
        lacking = placeholders(template) - values.keys()
        raise_all(
            [
                Problem(f"wording/{self.lang}.toml, {key}", f"no value for {{{name}}}", "a value for every placeholder")
                for name in sorted(lacking)
            ],
            OutputError,
        )
        return template.format_map(values)

    def group(self, prefix: str) -> dict[str, str]:
        """Return the sentences under a prefix, by the rest of their key."""
        head = prefix + "."
        return {key[len(head) :]: text for key, text in self.texts.items() if key.startswith(head)}

    def first_level(self, position: int) -> str:
        """Return the number of a section: 一、 in Chinese, ``1`` in English.

        Examples
        --------
        >>> load_wording("zh").first_level(11), load_wording("en").first_level(11)
        ('十一、', '11')
        """
        return chinese_number(position) + "、" if self.lang == "zh" else str(position)

    def second_level(self, section: int, position: int) -> str:
        """Return the number of a heading inside a section: （一） in Chinese, ``1.1`` in English."""
        return f"（{chinese_number(position)}）" if self.lang == "zh" else f"{section}.{position}"


def chinese_number(number: int) -> str:
    """Write a number from 1 to 99 in Chinese.

    Examples
    --------
    >>> chinese_number(10), chinese_number(23)
    ('十', '二十三')
    """
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else _CHINESE_DIGITS[tens] + "十"
    return head + (_CHINESE_DIGITS[ones] if ones or not tens else "")


def _flatten(table: Mapping[str, Any], prefix: str, where: str) -> tuple[dict[str, str], list[Problem]]:
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for key, value in table.items():
        dotted = f"{prefix}{key}"
        if not _KEY.match(key):
            problems.append(Problem(f"{where}, {dotted}", repr(key), "a key of small letters, digits and underscores"))
        if isinstance(value, dict):
            below, more = _flatten(value, f"{dotted}.", where)
            texts |= below
            problems += more
        elif isinstance(value, str):
            texts[dotted] = value
        else:
            problems.append(Problem(f"{where}, {dotted}", type(value).__name__, "a sentence"))
    return texts, problems


@cache
def load_wording(lang: str) -> Wording:
    """Return the sentences of one language.

    Parameters
    ----------
    lang : str
        ``zh`` or ``en``.

    Raises
    ------
    OutputError
        When the language is unknown.
    DeclarationError
        When the file holds anything but sentences.
    """
    if lang not in LANGUAGES:
        raise OutputError(unknown_name("language", lang, LANGUAGES, what="language"))
    name = f"{lang}.toml"
    table = tomllib.loads((resources.files(__name__) / name).read_text(encoding="utf-8"))
    texts, problems = _flatten(table, "", f"wording/{name}")
    raise_all(problems, DeclarationError)
    return Wording(lang, texts)
