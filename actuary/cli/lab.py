"""`actuary lab`: start JupyterLab with the notebooks and the kernel of this installation."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from actuary.cli.console import say, teaching
from actuary.durable.files import replace_file
from actuary.errors import ActuaryError, OutputError, Problem
from actuary.paths import notebooks_root

__all__ = ["choose_folder", "lab_arguments", "own_kernel", "register", "seed_notebooks", "split_words"]

_LOOPBACK = "127.0.0.1"
_NOTEBOOKS = "notebooks"
#: Folder made in the current one where the package is installed without its repository.
_OWN_FOLDER = "actuary-lab"
#: Options by which one would open the server to other machines, or name the port: both spellings of JupyterLab.
_IP = ("--ip", "--ServerApp.ip")
_PORT = ("--port", "--ServerApp.port")


def seed_notebooks(folder: Path) -> list[Path]:
    """Copy the notebooks that a folder lacks into it; what stands there is never written over.

    Parameters
    ----------
    folder : Path
        Where notebooks shall stand; made where there is none.

    Returns
    -------
    list of Path
        What was copied.

    Raises
    ------
    OutputError
        When the folder cannot be written.
    """
    copied = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for source in sorted(notebooks_root().glob("*.ipynb")):
            target = folder / source.name
            if not target.exists():
                replace_file(target, source.read_bytes())
                copied.append(target)
    except OSError as error:
        found = (error.strerror or "a folder that cannot be written").lower()
        raise OutputError(Problem(str(folder), found, "a folder that can be written", "name another")) from None
    return copied


def choose_folder(folder: Path | None) -> tuple[Path, list[Path]]:
    """Return the folder in which JupyterLab starts, and the notebooks that were copied there.

    Parameters
    ----------
    folder : Path or None
        A folder of one's own, which gets the notebooks that it lacks. None: the project itself where there is its
        repository, else a folder ``actuary-lab`` in the current one.

    Raises
    ------
    OutputError
        When the folder cannot be written, or is a file.
    """
    own = notebooks_root()
    project = own.parent
    if folder is None and (project / "pyproject.toml").is_file():
        return project, []
    chosen = (folder or Path(_OWN_FOLDER)).expanduser().resolve()
    if chosen.exists() and not chosen.is_dir():
        raise OutputError(Problem(str(chosen), "a file", "a folder"))
    if (chosen / _NOTEBOOKS).resolve() == own.resolve():
        return chosen, []
    return chosen, seed_notebooks(chosen / _NOTEBOOKS)


def lab_arguments(folder: Path, given: Sequence[str], *, port: int | None = None, browser: bool = True) -> list[str]:
    """Return what JupyterLab is started with; what is passed on by hand goes before our own choice.

    Parameters
    ----------
    folder : Path
        The folder shown.
    given : sequence of str
        Options passed on as they are.
    port : int, optional
        The port; the first free one from JupyterLab's own on when left out.
    browser : bool
        Whether a browser is opened.

    Examples
    --------
    >>> lab_arguments(Path("x"), [], port=8899, browser=False)[1:4]
    ['--ServerApp.ip=127.0.0.1', '--ServerApp.port=8899', '--ServerApp.port_retries=0']
    >>> [one for one in lab_arguments(Path("x"), ["--ip=0.0.0.0"]) if "ip=" in one]
    ['--ip=0.0.0.0']
    """
    named = {one.partition("=")[0] for one in given}
    arguments = [f"--ServerApp.root_dir={folder}"]
    if not named & set(_IP):
        arguments.append(f"--ServerApp.ip={_LOOPBACK}")
    if port is not None and not named & set(_PORT):
        arguments += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not browser:
        arguments.append("--no-browser")
    if (folder / _NOTEBOOKS).is_dir() and "--LabApp.default_url" not in named:
        arguments.append(f"--LabApp.default_url=/lab/tree/{_NOTEBOOKS}")
    return [*arguments, *given]


@contextmanager
def own_kernel() -> Iterator[Mapping[str, str]]:
    """Name a kernel of this interpreter in a folder that goes away again; the user's own kernels stay as they are.

    Yields
    ------
    mapping
        The environment in which JupyterLab finds it before any other of that name.
    """
    with tempfile.TemporaryDirectory(prefix="actuary-lab-") as name:
        spec = Path(name) / "kernels" / "python3"
        spec.mkdir(parents=True)
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        # The name that the notebooks carry: another would be written into every notebook that is saved.
        kernel = {"argv": argv, "display_name": "Python 3", "language": "python"}
        (spec / "kernel.json").write_text(json.dumps(kernel), encoding="utf-8")
        runtime = Path(name) / "runtime"
        runtime.mkdir(mode=0o700)
        others = [one for one in (name, os.environ.get("JUPYTER_PATH", "")) if one]
        yield {"JUPYTER_PATH": os.pathsep.join(others), "JUPYTER_RUNTIME_DIR": str(runtime)}


def _check_port(port: int | None) -> None:
    if port is None or port == 0:
        return
    if not 0 < port < 65536:
        raise ActuaryError(Problem("--port", str(port), "1 to 65535, or 0 for any free one"))
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_LOOPBACK, port))
        except PermissionError:
            expected = "a port that everybody may open"
            raise ActuaryError(Problem("--port", f"{port}, which the system keeps", expected, "take 8888")) from None
        except OSError:
            mend = "name another, or leave --port out: then the first free one is taken"
            raise ActuaryError(Problem("--port", f"{port}, which is taken", "a free port", mend)) from None


def _check_installed() -> None:
    for name in ("jupyterlab", "ipykernel"):
        if importlib.util.find_spec(name) is None:
            mend = f"install it into this environment: {Path(sys.executable).name} -m pip install {name}"
            raise ActuaryError(Problem("actuary lab", f"no package {name}", name, mend))


def split_words(words: Sequence[str]) -> tuple[Path | None, list[str]]:
    """Part what was written into the folder and the options for JupyterLab.

    Raises
    ------
    ActuaryError
        When there is more than one folder.

    Examples
    --------
    >>> split_words(["work", "--ServerApp.token=abc"])[1]
    ['--ServerApp.token=abc']
    """
    options = [word for word in words if word.startswith("-") and word != "--"]
    folders = [word for word in words if not word.startswith("-")]
    if len(folders) > 1:
        mend = "write options for JupyterLab with =, such as --ServerApp.token=abc"
        raise ActuaryError(Problem("actuary lab", " ".join(folders), "one folder", mend))
    return (Path(folders[0]) if folders else None), options


def _check_user(given: Sequence[str]) -> None:
    named = {one.partition("=")[0] for one in given}
    if hasattr(os, "geteuid") and os.geteuid() == 0 and not named & {"--allow-root", "--ServerApp.allow_root"}:
        mend = "start it as another user, or, in a container of your own: actuary lab --allow-root"
        raise ActuaryError(Problem("actuary lab", "the user root", "an ordinary user", mend))


@teaching
def lab(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FOLDER] [--OPTION=VALUE]...",
            help="Folder to work in; it gets the notebooks that it lacks. Other options go to JupyterLab.",
            show_default=f"the project; {_OWN_FOLDER} here where only the package is installed",
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", "-p", help="Port; 0: any free one.", show_default="the first free from 8888")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
) -> None:
    """Start JupyterLab with the notebooks, in the Python that actuary runs in.

    Only this machine can reach it unless you pass [bold]--ip[/bold] on. It runs until you stop it with Ctrl-C.
    """
    folder, given = split_words(words or [])
    _check_installed()
    _check_user(given)
    _check_port(port)
    chosen, copied = choose_folder(folder)
    if copied:
        say(f"copied {len(copied)} notebooks to {copied[0].parent}")
    arguments = lab_arguments(chosen, given, port=port, browser=browser)
    with own_kernel() as variables:
        os.environ.update(variables)
        from jupyterlab.labapp import LabApp  # noqa: PLC0415  (seconds)

        # The server has its own way with Ctrl-C: it asks, and sees its kernels out.
        signal.set_wakeup_fd(-1)
        LabApp.launch_instance(arguments)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command(context_settings={"ignore_unknown_options": True})(lab)
