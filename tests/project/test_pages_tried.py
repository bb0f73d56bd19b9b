"""The tour and the how-to pages, tried word for word in a copy of the checkout.

``sh`` blocks are run; a block that names a file in the sentence above it is written there, or added to its end where
that sentence says so; the lines of a ``diff`` block are replaced; other ``python`` blocks are run; every line of a
``text`` block must stand in what the last command printed. Blocks marked ``shell`` are for the reader only.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

_COPIED = ("actuary", "models", "data", "notebooks", "docs", "tools", "Makefile", "pyproject.toml")
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ROOT = Path(__file__).resolve().parent.parent.parent
#: In English; a Chinese page has the same blocks.
_PAGES = [_ROOT / "docs" / "tour.md", *sorted((_ROOT / "docs" / "how-to").glob("[a-z]*[!z][!h].md"))]


@dataclass(frozen=True)
class _Block:
    kind: str
    body: str
    lead: str

    @property
    def file(self) -> str | None:
        named = re.findall(r"`([^`\s]+\.\w+)`[:：]$", self.lead)
        return named[0] if named else None

    @property
    def added(self) -> bool:
        return re.search(r"\b[Aa]dd(ed)? (it )?(at|to) the end|末尾", self.lead) is not None


def _blocks(page: Path) -> list[_Block]:
    text, found, end = page.read_text(encoding="utf-8"), [], 0
    for match in _FENCE.finditer(text):
        paragraph = text[end : match.start()].strip().split("\n\n")[-1]
        found.append(_Block(match[1], match[2], " ".join(paragraph.split())))
        end = match.end()
    return found


class _Reader:
    """Do what a page says, in one folder."""

    def __init__(self, checkout: Path) -> None:
        self.checkout = checkout
        self.printed = ""
        commands = checkout / ".bin"
        commands.mkdir()
        for name, call in (("actuary", "-m actuary"), ("python", "")):
            path = commands / name
            path.write_text(f'#!/bin/sh\nexec "{sys.executable}" {call} "$@"\n')
            path.chmod(0o755)
        self.environment = {
            **os.environ,
            "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(checkout),
            "COLUMNS": "200",
        }

    def follow(self, block: _Block) -> None:
        if block.kind == "sh":
            self._run(["sh", "-euc", block.body])
        elif block.kind == "text":
            printed = " ".join(self.printed.split())
            for line in block.body.splitlines():
                assert " ".join(line.split()) in printed, (line, self.printed)
        elif block.kind == "diff":
            self._replace(block)
        elif block.file is not None:
            self._write(block)
        elif block.kind == "python":
            self._run([sys.executable, "-c", block.body])
        else:
            assert block.kind == "shell", block

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(
            command,
            cwd=self.checkout,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.printed = done.stdout
        assert done.returncode == 0, (command[-1], done.stdout)

    def _write(self, block: _Block) -> None:
        path = self.checkout / str(block.file)
        text = path.read_text(encoding="utf-8") if block.added else ""
        path.write_text(text + block.body, encoding="utf-8")

    def _replace(self, block: _Block) -> None:
        path = self.checkout / str(block.file)
        lines = block.body.splitlines()
        old = "\n".join(line[1:] for line in lines if not line.startswith("+"))
        new = "\n".join(line[1:] for line in lines if not line.startswith("-"))
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{block.file}: {text.count(old)} times: {old}"
        path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("page", _PAGES, ids=[page.stem for page in _PAGES])
def test_the_page_does_what_it_says(page: Path, root: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for name in _COPIED:
        # With the times of the files, so that what was compiled stays good.
        copy = shutil.copytree if (root / name).is_dir() else shutil.copy2
        copy(root / name, checkout / name)
    reader = _Reader(checkout)
    for block in _blocks(page):
        reader.follow(block)
    assert reader.printed


def test_the_pages_hold_something_to_try() -> None:
    for page in _PAGES:
        assert {"sh"} <= {block.kind for block in _blocks(page)}, page.name


def test_the_chinese_pages_have_the_same_blocks() -> None:
    for page in _PAGES:
        here, there = (
            [(one.kind, one.body, one.file, one.added) for one in _blocks(twin)]
            for twin in (page, page.with_suffix(".zh.md"))
        )
        assert here == there, page.name


def test_every_page_and_its_twin_name_each_other() -> None:
    for page in [*_PAGES, _ROOT / "docs" / "how-to" / "README.md"]:
        twin = page.with_suffix(".zh.md")
        assert f"({twin.name})" in page.read_text(encoding="utf-8"), page.name
        assert f"({page.name})" in twin.read_text(encoding="utf-8"), twin.name
