"""Run a notebook with parameters, in a kernel of the interpreter that is running."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import copy
import os
import re
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from actuary.errors import ActuaryError, Problem, raise_all, unknown_name

__all__ = ["NotebookError", "execute_notebook", "with_parameters"]

_TAG = "parameters"
_INJECTED = "injected-parameters"


class NotebookError(ActuaryError):
    """A notebook cannot be read, or one of its cells failed."""


def with_parameters(notebook: Any, parameters: Mapping[str, object], *, where: str = "notebook") -> Any:
    """Return a copy of a notebook with a cell after the one tagged ``parameters`` that sets other values.

    Parameters
    ----------
    notebook : NotebookNode
        The notebook.
    parameters : mapping
        Name to value: text, numbers, None, and lists of them; a path is written as text.
    where : str
        Name of the notebook, for messages.

    Raises
    ------
    NotebookError
        When no cell has the tag, or a name is not among those that cell sets.
    """
    import nbformat  # noqa: PLC0415 - kept out of the import of the report layer

    changed = copy.deepcopy(notebook)
    places = [n for n, cell in enumerate(changed.cells) if _TAG in cell.metadata.get("tags", ())]
    if not places:
        raise NotebookError(
            Problem(where, "no cell tagged 'parameters'", "one", "tag the cell that sets the parameters")
        )
    declared = _assigned(changed.cells[places[0]].source)
    raise_all(
        [unknown_name(where, name, declared, what="parameter") for name in parameters if name not in declared],
        NotebookError,
    )
    source = "\n".join(f"{name} = {_literal(value)}" for name, value in parameters.items())
    new_cell: Any = nbformat.v4.new_code_cell  # its types are not declared
    cell = new_cell(source, id=_INJECTED, metadata={"tags": [_INJECTED]})
    changed.cells.insert(places[0] + 1, cell)
    return changed


def execute_notebook(path: Path, parameters: Mapping[str, object] | None = None, *, timeout: int = 300) -> Any:
    """Run a notebook and return it with its outputs; nothing is written.

    The kernel runs in the interpreter that is running now, whatever kernels are installed, and ends with this call,
    also when the call is interrupted.

    Parameters
    ----------
    path : Path
        The ``.ipynb`` file.
    parameters : mapping, optional
        Values for the names that the cell tagged ``parameters`` sets.
    timeout : int
        Longest time for one cell [s].

    Returns
    -------
    NotebookNode
        The executed notebook.

    Raises
    ------
    NotebookError
        When the file is not a notebook, a parameter is unknown or a cell fails; the message carries the error.
    KeyboardInterrupt
        When interrupted; the kernel has ended by then.
    """
    import nbformat  # noqa: PLC0415
    from nbclient import NotebookClient  # noqa: PLC0415

    name = path.name
    try:
        read: Any = nbformat.read  # its types are not declared
        notebook = read(path, as_version=4)
    except OSError as error:
        raise NotebookError(Problem(str(path), error.strerror or "no file", "a notebook")) from None
    except (ValueError, nbformat.reader.NotJSONError) as error:
        raise NotebookError(Problem(str(path), str(error).splitlines()[0][:200], "a notebook")) from None
    if parameters:
        notebook = with_parameters(notebook, parameters, where=name)
    with tempfile.TemporaryDirectory(prefix="actuary-kernel-") as folder:
        manager = _kernel_manager(Path(folder))
        client = NotebookClient(
            notebook, km=manager, timeout=timeout, record_timing=False, shutdown_kernel="immediate", kernel_name=""
        )
        try:
            with _signals_kept():
                client.execute(cleanup_kc=True)
        except asyncio.CancelledError:  # stopped while the kernel was starting
            raise KeyboardInterrupt from None
        except Exception as error:
            # The client takes a signal as its order to stop the kernel, and then reports the kernel as dead.
            if getattr(client, "_async_cleanup_kernel_future", None) is not None:
                raise KeyboardInterrupt from None
            raise NotebookError(_failure(name, error, timeout)) from None
        finally:
            _stop(manager)
    return notebook


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    """Give signals their handlers back: the client leaves those of the system behind it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    # What is told of signals, too: the client's event loop takes its place. It is read by setting it.
    told = signal.set_wakeup_fd(-1)
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)


def _failure(name: str, error: Exception, timeout: int) -> Problem:
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError  # noqa: PLC0415

    match error:
        case CellExecutionError():
            return Problem(name, f"{error.ename}: {_plain(error.evalue)}", "a notebook that runs to its end")
        case CellTimeoutError():
            return Problem(name, f"a cell that ran longer than {timeout} s", "cells that end in time")
        case DeadKernelError():
            return Problem(name, "a kernel that died", "a kernel that lives to the end", "see whether memory is short")
        case _:
            raise error


def _kernel_manager(folder: Path) -> Any:
    from jupyter_client.kernelspec import KernelSpec  # noqa: PLC0415
    from jupyter_client.manager import AsyncKernelManager  # noqa: PLC0415

    class InterpreterKernel(AsyncKernelManager):
        """Start the running interpreter, not whatever kernel is installed under a name."""

        @property
        def kernel_spec(self) -> KernelSpec:
            argv = [
                sys.executable,
                "-m",
                "ipykernel_launcher",
                "-f",
                "{connection_file}",
                "--HistoryManager.enabled=False",
            ]
            return KernelSpec(argv=argv, display_name="Python 3", language="python")

    # Sockets in a private folder: no port of the machine is opened, nobody can listen in.
    transport = {"transport": "ipc", "ip": str(folder / "kernel")} if os.name == "posix" else {}
    return InterpreterKernel(connection_file=str(folder / "kernel.json"), autorestart=False, **transport)


def _stop(manager: Any) -> None:
    """Kill the kernel's process if it still lives: an interrupt may come before the client has taken hold of it."""
    process = getattr(getattr(manager, "provisioner", None), "process", None)
    if process is not None and process.poll() is None:
        process.kill()
        with contextlib.suppress(Exception):
            process.wait(timeout=5)
    with contextlib.suppress(Exception):
        manager.cleanup_connection_file()


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text).strip()


def _assigned(source: str) -> list[str]:
    names: list[str] = []
    for node in ast.parse(source).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        names.extend(target.id for target in targets if isinstance(target, ast.Name))
    return names


def _literal(value: object) -> str:
    if isinstance(value, Path):
        return repr(str(value))
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    if value is None or isinstance(value, (str, bool, int, float)):
        return repr(value)
    raise NotebookError(Problem("parameters", type(value).__name__, "text, a number, a path, None or a list of them"))
