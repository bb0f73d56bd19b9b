"""What must hold of the repository itself."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import actuary

TEXT_SUFFIXES = {".csv", ".ipynb", ".json", ".lock", ".md", ".py", ".sh", ".toml", ".typ", ".txt", ".yml", ""}


def _tracked(root: Path) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [root / name for name in listed.stdout.split("\0") if name and (root / name).is_file()]


def test_environment_yml_is_written_from_pyproject(root: Path) -> None:
    subprocess.run([sys.executable, "tools/write_environment.py", "--check"], cwd=root, check=True)


def test_every_declared_dependency_is_pinned_with_hashes(root: Path) -> None:
    lock = (root / "requirements.lock").read_text(encoding="utf-8")
    pinned = set(re.findall(r"^([a-z0-9._-]+)==", lock, flags=re.MULTILINE))
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    # What runs on a GPU follows the driver of its machine and is pinned there.
    groups = [ones for name, ones in project["optional-dependencies"].items() if name != "gpu"]
    declared = {
        re.split(r"[\[<>=!~]", requirement)[0].lower().replace("_", "-")
        for requirement in itertools.chain(project["dependencies"], *groups)
    }
    assert declared - {project["name"]} <= pinned
    blocks = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in block for block in blocks)


def test_the_lock_holds_no_address(root: Path) -> None:
    lock = (root / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"://|--index|--find-links|--extra-index", lock)


def test_no_tracked_file_names_a_registry_host_or_a_path_of_a_machine(root: Path) -> None:
    hosts = re.compile("|".join(["pypi" + r"\.org", "python" + r"hosted\.org", r"/simple/\w", "conda" + r"\.anaconda"]))
    paths = re.compile(r"(?<![\w.])/(?:home|root|work|Users)/[\w.]")
    wrong = []
    for path in _tracked(root):
        if path.suffix not in TEXT_SUFFIXES:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if hosts.search(line) or paths.search(line):
                wrong.append(f"{path.relative_to(root)}:{number}: {line[:80]}")
    assert wrong == []


def test_import_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        "import time, sys; start = time.perf_counter(); import actuary; took = time.perf_counter() - start\n"
        "heavy = {'pymc', 'pytensor', 'numba', 'pandas', 'numpy', 'xarray', 'matplotlib'} & set(sys.modules)\n"
        "print(took, sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    took, heavy = done.stdout.split(maxsplit=1)
    assert heavy.strip() == "[]"
    assert float(took) < 0.4


def test_every_public_name_of_the_face_can_be_loaded() -> None:
    # The package of forecasts is a public name by itself: it can be called.
    assert sorted([*actuary._HOMES, "forecast"]) == sorted(actuary.__all__)
    for name in actuary.__all__:
        assert getattr(actuary, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'forecats'"):
        _ = actuary.forecats


def test_readmes_name_the_same_commands(root: Path) -> None:
    commands = [
        set(
            re.findall(
                r"^(?:make [a-z]+[^\n#]*|actuary [^\n#]*)", (root / name).read_text(encoding="utf-8"), re.MULTILINE
            )
        )
        for name in ("README.md", "README.zh.md")
    ]
    assert commands[0] == commands[1]
    assert {"make report", "make test"} <= {command.strip() for command in commands[0]}


def test_no_page_is_left_with_a_gap_to_fill(root: Path) -> None:
    gap = "PLACE" + "HOLDER"
    assert [
        path.name for path in _tracked(root) if path.suffix == ".md" and gap in path.read_text(encoding="utf-8")
    ] == []
