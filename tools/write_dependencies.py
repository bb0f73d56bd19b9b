"""Write docs/dependencies.md, or check it, and check the licences of everything that comes with the package.

Reasons and allowed licences are tools/dependencies.toml; versions and licences come from what is installed; where a
dependency is used comes from the sources.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "dependencies.md"

#: Dependencies that no source imports: fonts lie in folders, kernels and editors are processes.
NOT_IMPORTED = {"ipykernel", "jupyterlab", "justmytype-intl-cjk", "pylopdf-fonts-zh-cn"}


def declared() -> tuple[list[Requirement], dict[str, list[Requirement]]]:
    """Return what pyproject.toml asks for: at run time, and by extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {
        name: [Requirement(one) for one in ones if not one.startswith(f"{project['name']}[")]
        for name, ones in project["optional-dependencies"].items()
    }
    return [Requirement(one) for one in project["dependencies"]], extras


def told() -> dict[str, Any]:
    """Return tools/dependencies.toml."""
    return tomllib.loads((ROOT / "tools" / "dependencies.toml").read_text(encoding="utf-8"))


def closure(wanted: Iterable[Requirement]) -> dict[str, metadata.Distribution | None]:
    """Return all that requirements bring along on this machine, by name; None for what is not installed."""
    found: dict[str, metadata.Distribution | None] = {}
    done: set[tuple[str, str]] = set()
    waiting = list(wanted)
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if name not in found:
            try:
                found[name] = metadata.distribution(name)
            except metadata.PackageNotFoundError:
                found[name] = None
        package = found[name]
        for extra in {"", *one.extras}:
            if package is None or (name, extra) in done:
                continue
            done.add((name, extra))
            for text in package.requires or []:
                needed = Requirement(text)
                if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                    waiting.append(needed)
    return found


def licence_of(package: metadata.Distribution, written: Mapping[str, str], seen: Mapping[str, str]) -> str:
    """Return the licence of a package as an SPDX expression; nothing where its metadata do not say it."""
    about = package.metadata
    name = canonicalize_name(about["Name"])
    if name in seen:
        return seen[name]
    if expression := about.get("License-Expression"):
        return str(expression)
    line = (about.get("License") or "").strip().split("\n")[0].strip()
    classified = [
        text.rpartition(" :: ")[2] for text in about.get_all("Classifier") or [] if text.startswith("License :: ")
    ]
    for text in (line, *classified):
        if text in written:
            return written[text]
    # A licence field that is an expression already, as many write it.
    return line if re.fullmatch(r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*", line) else ""


def refused(expression: str, allowed: Iterable[str]) -> list[str]:
    """Return the parts of an expression that are not allowed; of a choice one part that is allowed is enough."""
    known = set(allowed)
    bare = expression.replace("(", " ").replace(")", " ")
    wrong = []
    for part in re.split(r"\s+AND\s+", bare.strip()):
        choices = [re.sub(r"\s+", " ", choice).strip() for choice in re.split(r"\s+OR\s+", part)]
        if not set(choices) & known:
            wrong.append(part.strip() or "no licence named")
    return wrong


def problems() -> list[str]:
    """Return what is wrong: a dependency without a reason, one that is not used, a licence that is not allowed."""
    data, (runtime, extras) = told(), declared()
    licences = data["licences"]
    names = {canonicalize_name(one.name) for one in runtime}
    wrong = [f"{name}: no reason in tools/dependencies.toml" for name in sorted(names - set(data["runtime"]))]
    wrong += [f"{name}: a reason, but no dependency" for name in sorted(set(data["runtime"]) - names)]
    wrong += [f"the extra {name}: no reason" for name in sorted(set(extras) - set(data["extra"]))]
    wrong += [f"the extra {name}: a reason, but no extra" for name in sorted(set(data["extra"]) - set(extras))]
    uses = used_in()
    wrong += [f"{name}: imported nowhere" for name in sorted(names - set(uses) - NOT_IMPORTED)]
    optional = {canonicalize_name(one.name) for ones in extras.values() for one in ones}
    wrong += [
        f"{name}: imported by {sorted(places)[0]}, but no dependency"
        for name, places in sorted(uses.items())
        if name not in names | optional
    ]
    shipped = [*runtime, *(one for name, ones in extras.items() if name != "dev" for one in ones)]
    for name, package in sorted(closure(shipped).items()):
        if package is None:
            if name in names:
                wrong.append(f"{name}: not installed here")
            continue
        expression = licence_of(package, licences["written"], licences["seen"])
        wrong += [f"{name}: licence {part!r} is not allowed" for part in refused(expression, licences["allowed"])]
    return wrong


def used_in() -> dict[str, set[str]]:
    """Return the parts of the package that import a distribution, by its name."""
    uses: dict[str, set[str]] = defaultdict(set)
    package = ROOT / "actuary"
    for path in sorted(package.rglob("*.py")):
        part = path.relative_to(package).parts[0].removesuffix(".py")
        for module in _imports(ast.parse(path.read_text(encoding="utf-8"))):
            top = module.partition(".")[0]
            if top != "actuary" and top not in sys.stdlib_module_names:
                # Every package that is imported here bears the name of its module.
                uses[canonicalize_name(top)].add(part)
    return uses


def _imports(tree: ast.AST) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "importlib.import_module":
            yield from (str(one.value) for one in node.args[:1] if isinstance(one, ast.Constant))


_HEAD = """\
# Dependencies

<!-- Written by tools/write_dependencies.py from pyproject.toml, tools/dependencies.toml and what is installed. -->

Each dependency has a reason, a licence that is allowed, and something that would replace it. `make lint` fails when
one of them has none, when nothing imports it, or when something is imported that is not named. Licences are checked
for everything that comes along, not for these alone; a licence that is not named counts as one that is not allowed.

## At run time

| package | version | licence | used in | why | what would replace it |
|---|---|---|---|---|---|
"""

_OPTIONAL = """
## Optional

`pip install 'actuary[distributed]'` and so on. Everything else works without them: a test imports the package and runs
the help of every verb with all of them out of reach.

| extra | packages | why | what would replace it |
|---|---|---|---|
"""


def page() -> str:
    """Return the text of docs/dependencies.md."""
    data, (runtime, extras) = told(), declared()
    licences, uses = data["licences"], used_in()

    def licence(package: metadata.Distribution) -> str:
        return licence_of(package, licences["written"], licences["seen"])

    lines = []
    for one in runtime:
        name = canonicalize_name(one.name)
        package, reason = metadata.distribution(name), data["runtime"][name]
        places = ", ".join(f"`{place}`" for place in sorted(uses.get(name, ()))) or "a process or folder of its own"
        row = (name, package.version, licence(package), places, reason["why"], reason["instead"])
        lines.append(f"| {' | '.join(row)} |")
    along = closure(runtime)
    counts = Counter(licence(package) for package in along.values() if package is not None)
    by_count = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    lines += [
        *("", f"With all that they bring along: {len(along)} packages. Their licences:", ""),
        *("| licence | packages |", "|---|---|"),
        *(f"| {name} | {count} |" for name, count in by_count),
        "",
        f"Allowed are {', '.join(licences['allowed'])}. BSD stands for packages that do not say which.",
    ]
    rows = []
    for name, ones in extras.items():
        reason, packages = data["extra"][name], ", ".join(sorted(one.name for one in ones))
        rows.append(f"| {name} | {packages} | {reason['why']} | {reason['instead']} |")
    return _HEAD + "\n".join(lines) + "\n" + _OPTIONAL + "\n".join(rows) + "\n"


def main() -> None:
    """Write the page, or check it and the licences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail where something is wrong")
    wanted = parser.parse_args()
    if wrong := problems():
        sys.exit("\n".join(wrong))
    text = page()
    if not wanted.check:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
        sys.exit("docs/dependencies.md is not what tools/write_dependencies.py writes: run it")


if __name__ == "__main__":
    main()
