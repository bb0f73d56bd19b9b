"""The built wheel in a clean environment: whole, without the checkout, the same from the sdist, byte for byte."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

EPOCH = "1577836800"
EMBEDDED = ("models", "data", "notebooks")


def tracked(root: Path) -> list[str]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("no git checkout: what belongs to the package is not known")
    return [name for name in done.stdout.split("\0") if name and (root / name).is_file()]


def build(source: Path, kind: str, out: Path) -> Path:
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(out)],
        cwd=source,
        env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="module")
def source(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what is tracked, and of nothing else."""
    place = tmp_path_factory.mktemp("source") / "project"
    for name in tracked(root):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, place / name)
    return place


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(source, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the python of an environment that holds the wheel, and sees the other packages of this one."""
    place = tmp_path_factory.mktemp("clean") / "env"
    venv.create(place, with_pip=False, symlinks=True)
    python = place / "bin" / "python"
    packages = next((place / "lib").glob("python3*")) / "site-packages"
    command = [sys.executable, "-m", "uv", "pip", "install", "--offline", "--no-deps", "--no-cache", "--quiet"]
    done = subprocess.run([*command, "--python", str(python), str(wheel)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # Of a folder that is named here the .pth files are not read: an editable install there stays out of the way.
    (packages / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return python


#: Stops at the first file of the checkout that is opened, as if the checkout were gone.
HIDDEN = """
import sys
from pathlib import Path
checkout = {checkout!r}
def guard(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and str(arguments[0]).startswith(checkout):
        raise RuntimeError(f"the checkout is read: {{arguments[0]}}")
sys.addaudithook(guard)
"""


def run(installed: Path, code: str, *words: str | Path, root: Path, cwd: Path) -> str:
    # Packages of this environment may lie below the checkout, in .venv: they are no part of it.
    hidden = HIDDEN.format(checkout=tuple(f"{root / name}{os.sep}" for name in ("actuary", *EMBEDDED)))
    done = subprocess.run(
        [installed, "-c", hidden + code, *map(str, words)],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": str(cwd), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_the_wheel_holds_what_is_tracked_and_nothing_else(root: Path, wheel: Path) -> None:
    wanted = set()
    for name in tracked(root):
        top, _, rest = name.partition("/")
        if top == "actuary":
            wanted.add(name)
        elif top in EMBEDDED:
            wanted.add(f"actuary/embedded/{top}/{rest}")
    with zipfile.ZipFile(wheel) as package:
        names = package.namelist()
    found = {name for name in names if ".dist-info/" not in name}
    assert found == wanted
    assert len(names) == len(set(names))
    about = {name.partition(".dist-info/")[2] for name in names if ".dist-info/" in name}
    assert about == {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}


def test_no_path_of_a_machine_travels_along(root: Path, wheel: Path) -> None:
    machine = re.compile(rb"(?<![\w.$}-])/(?:home|root|work|Users)/\w")
    with zipfile.ZipFile(wheel) as package:
        for name in package.namelist():
            assert not machine.search(package.read(name)), name


def test_the_sdist_builds_the_same_wheel(source: Path, wheel: Path, tmp_path: Path) -> None:
    sdist = build(source, "sdist", tmp_path / "sdist")
    assert sdist.read_bytes() == build(source, "sdist", tmp_path / "again").read_bytes()
    with tarfile.open(sdist) as package:
        package.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    assert build(unpacked, "wheel", tmp_path / "wheel").read_bytes() == wheel.read_bytes()


IMPORTS = """
import importlib.metadata
from pathlib import Path
import actuary
from actuary.paths import data_root, models_root, notebooks_root
home = Path(sys.prefix)
for place in (Path(actuary.__file__), data_root(), models_root(), notebooks_root()):
    assert place.is_relative_to(home) and place.exists(), place
for name in actuary.__all__:
    getattr(actuary, name)
assert importlib.metadata.version("actuary") == "0.1.0"
assert list(notebooks_root().rglob("*.ipynb"))
print(len(actuary.__all__))
"""
VERB = """
from actuary.cli import main
main()
"""


def test_it_imports_and_finds_models_data_and_notebooks(installed: Path, root: Path, tmp_path: Path) -> None:
    assert int(run(installed, IMPORTS, root=root, cwd=tmp_path)) > 20


def test_its_verbs_work_from_another_folder(installed: Path, root: Path, tmp_path: Path) -> None:
    script = installed.with_name("actuary")
    helped = subprocess.run(
        [script, "--help"], cwd=tmp_path, env={"HOME": str(tmp_path)}, capture_output=True, check=False
    )
    assert helped.returncode == 0, helped.stderr
    assert "national" in run(installed, VERB, "cities", root=root, cwd=tmp_path)
    (tmp_path / "cases.csv").write_text(
        "case_id,age_days,age_years,birth_weight_g,dx,px,sex\n1,,60,,I21.001,,1\n2,,,,nothing,,1\n"
    )
    run(installed, VERB, "group", "cases.csv", "--out", "groups.csv", root=root, cwd=tmp_path)
    lines = (tmp_path / "groups.csv").read_text().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("case_id,")
