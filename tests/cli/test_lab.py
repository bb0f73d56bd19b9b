"""JupyterLab is started with our kernel and notebooks, reachable from this machine only."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from actuary.cli import app
from actuary.cli.lab import choose_folder, lab_arguments, own_kernel, seed_notebooks, split_words
from actuary.errors import ActuaryError, OutputError
from actuary.paths import notebooks_root

_ROOT = ["--allow-root"] if os.geteuid() == 0 else []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_folder_gets_the_notebooks_it_lacks_and_keeps_its_own(tmp_path: Path) -> None:
    shipped = {path.name for path in notebooks_root().glob("*.ipynb")}
    mine = tmp_path / "work" / "notebooks" / "reserving.ipynb"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", encoding="utf-8")
    folder, copied = choose_folder(tmp_path / "work")
    assert folder == (tmp_path / "work").resolve()
    assert {path.name for path in copied} == shipped - {"reserving.ipynb"}
    assert mine.read_text(encoding="utf-8") == "mine"
    assert seed_notebooks(mine.parent) == []
    assert {path.name for path in mine.parent.iterdir()} == shipped, "nothing half-written is left"


def test_without_a_folder_the_project_is_opened_or_one_of_our_own_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert choose_folder(None) == (notebooks_root().parent, [])
    wheel = tmp_path / "site-packages" / "notebooks"
    wheel.mkdir(parents=True)
    (wheel / "one.ipynb").write_text("{}", encoding="utf-8")
    monkeypatch.setattr("actuary.cli.lab.notebooks_root", lambda: wheel)
    monkeypatch.chdir(tmp_path)
    folder, copied = choose_folder(None)
    assert folder == (tmp_path / "actuary-lab").resolve()
    assert [path.name for path in copied] == ["one.ipynb"]


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with pytest.raises(OutputError, match="expected a folder"):
        choose_folder(tmp_path / "x")


def test_options_pass_through_and_the_loopback_is_the_default(tmp_path: Path) -> None:
    assert split_words(["--", "w", "--LabApp.dev_mode=True"]) == (Path("w"), ["--LabApp.dev_mode=True"])
    with pytest.raises(ActuaryError, match="expected one folder; write options for JupyterLab with ="):
        split_words(["--ServerApp.token", "abc", "w"])
    plain = lab_arguments(tmp_path, [], browser=False)
    assert "--ServerApp.ip=127.0.0.1" in plain
    assert "--no-browser" in plain
    assert not [one for one in plain if "port" in one]
    given = lab_arguments(tmp_path, ["--ServerApp.ip=10.0.0.1", "--ServerApp.port=1"], port=2)
    assert [one for one in given if "ip" in one or "port" in one] == ["--ServerApp.ip=10.0.0.1", "--ServerApp.port=1"]


def test_the_kernel_is_this_interpreter_and_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_PATH", "/elsewhere")
    with own_kernel() as variables:
        first, second = variables["JUPYTER_PATH"].split(os.pathsep)
        spec = json.loads((Path(first) / "kernels" / "python3" / "kernel.json").read_text(encoding="utf-8"))
        assert (spec["argv"][0], spec["display_name"], second) == (sys.executable, "Python 3", "/elsewhere")
    assert not Path(first).exists()


def test_a_taken_port_and_a_missing_package_are_taught(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = CliRunner().invoke(app, ["lab", "--port", str(port), *_ROOT])
    assert found.exit_code == 2
    assert f"--port: found {port}, which is taken; expected a free port; name another" in found.stderr
    found = CliRunner().invoke(app, ["lab", "--port", "70000", *_ROOT])
    assert (found.exit_code, "1 to 65535" in found.stderr) == (2, True)
    monkeypatch.setattr("actuary.cli.lab.importlib.util.find_spec", lambda _name: None)
    found = CliRunner().invoke(app, ["lab"])
    assert found.exit_code == 2
    assert "no package jupyterlab" in found.stderr
    assert "-m pip install jupyterlab" in found.stderr


def test_root_is_told_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actuary.cli.lab.os.geteuid", lambda: 0)
    found = CliRunner().invoke(app, ["lab", "--no-browser"])
    assert found.exit_code == 2
    assert "actuary lab --allow-root" in found.stderr


def _ask(port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/{path}?token=t", timeout=5) as answer:
        return json.load(answer)


@pytest.mark.slow
def test_it_starts_answers_and_ends(tmp_path: Path) -> None:
    port, log = _free_port(), tmp_path / "log"
    command = [sys.executable, "-m", "actuary", "lab", str(tmp_path / "work"), "--no-browser", "--port", str(port)]
    home = {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path)}
    with log.open("wb") as stream:
        server = subprocess.Popen(
            [*command, "--ServerApp.token=t", *_ROOT], stdout=stream, stderr=stream, env={**os.environ, **home}
        )
        try:
            for _ in range(300):
                if server.poll() is not None or re.search(r"is running at", log.read_text(encoding="utf-8")):
                    break
                time.sleep(0.1)
            assert server.poll() is None, log.read_text(encoding="utf-8")
            assert _ask(port, "status")["kernels"] == 0
            specs = _ask(port, "kernelspecs")
            assert specs["default"] == "python3"
            assert specs["kernelspecs"]["python3"]["spec"]["argv"][0] == sys.executable
            names = {one["name"] for one in _ask(port, "contents/notebooks")["content"]}
            assert "reserving.ipynb" in names
        finally:
            server.terminate()
            server.wait(timeout=20)
    assert not list(tmp_path.glob("actuary-lab-*")), "the kernel's folder is gone"
    assert not (tmp_path / "home" / ".local" / "share" / "jupyter" / "kernels").exists()
