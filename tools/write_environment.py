"""Write environment.yml for conda users from pyproject.toml, or check that the two agree.

The conda channels were not reachable where this file was made: the names are mapped and every specification is
checked for form, but no conda solver has confirmed them.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: conda-forge calls some packages by another name than PyPI.
CONDA_NAMES = {
    "jupyter-client": "jupyter_client",
    "matplotlib": "matplotlib-base",
    "pandera": "pandera-pandas",
    "typst": "typst-py",
}
#: Not on conda-forge: conda installs them through pip.
PIP_ONLY = {"atheris", "import-linter", "justmytype-intl-cjk", "pylopdf-fonts-zh-cn"}
SPECIFICATION = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]*)(\[[a-z,]+\])?((?:[<>=!~]=?\d[\d.]*)(?:,[<>=!~]=?\d[\d.]*)*)"
    r"(; sys_platform == '\w+')?"
)


def _conda_line(requirement: str) -> tuple[str, bool]:
    match = SPECIFICATION.fullmatch(requirement)
    if match is None:
        sys.exit(f"pyproject.toml: found {requirement!r}; expected a name with a version floor, such as numpy>=2.5")
    name, _, versions, platform = match.groups()
    if name in PIP_ONLY:
        return f"{name}{versions}{platform or ''}", True
    if platform:
        sys.exit(f"pyproject.toml: {requirement!r} is for one platform, which conda cannot say; list it in PIP_ONLY")
    return f"{CONDA_NAMES.get(name, name)}{versions}", False


def _requirements(group: str, groups: dict[str, list[str]], project: str) -> list[str]:
    """Return what a group asks for, with the groups of the project itself that it names."""
    found: list[str] = []
    for requirement in groups[group]:
        own = re.fullmatch(rf"{project}\[([a-z,]+)\]", requirement)
        found += (
            [one for name in own[1].split(",") for one in _requirements(name, groups, project)]
            if own
            else [requirement]
        )
    return found


def environment_text(pyproject: str) -> str:
    """Return the text of environment.yml for the text of a pyproject.toml."""
    project = tomllib.loads(pyproject)["project"]
    requirements = [
        *project["dependencies"],
        *_requirements("dev", project["optional-dependencies"], project["name"]),
    ]
    lines = [_conda_line(requirement) for requirement in requirements]
    conda = sorted(line for line, pip_only in lines if not pip_only)
    pip = sorted(line for line, pip_only in lines if pip_only)
    body = [
        "# Written from pyproject.toml by tools/write_environment.py; a test keeps the two the same.",
        "# The tested versions are those of requirements.lock; no conda solver has confirmed these specifications.",
        f"name: {project['name']}",
        "channels:",
        "  - conda-forge",
        "  - nodefaults",
        "dependencies:",
        f"  - python{project['requires-python']}",
        "  - pip",
        *(f"  - {line}" for line in conda),
        "  - pip:",
        *(f"      - {line}" for line in pip),
    ]
    return "\n".join(body) + "\n"


def main() -> None:
    """Write the file, or with --check fail when it differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when environment.yml differs")
    arguments = parser.parse_args()
    target = ROOT / "environment.yml"
    text = environment_text((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    if not arguments.check:
        target.write_text(text, encoding="utf-8")
    elif not target.exists() or target.read_text(encoding="utf-8") != text:
        sys.exit("environment.yml differs from pyproject.toml; run: make environment")


if __name__ == "__main__":
    main()
