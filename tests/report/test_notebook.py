from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import nbformat
import pytest

from actuary.paths import notebooks_root
from actuary.report import ReportData, execute_notebook, render_html
from actuary.report.notebook import NotebookError, with_parameters

# Whole reports, kernels of notebooks and cities as their users make them: seconds each.
pytestmark = pytest.mark.slow


def _write(path: Path, *sources: str) -> Path:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_parameters_are_set_after_their_defaults(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.ipynb", 'city = "a"\nout: str | None = None', "print(city, out, sep='|')")
    executed = execute_notebook(path, {"city": "沈阳 'x'", "out": tmp_path})
    assert executed.cells[1].metadata.tags == ["injected-parameters"]
    assert executed.cells[2].outputs[0].text == f"沈阳 'x'|{tmp_path}\n"
    assert nbformat.read(path, as_version=4).cells[1].outputs == []


def test_the_kernel_is_the_running_interpreter(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.ipynb", "a = 1", "import sys; print(sys.executable)")
    assert execute_notebook(path).cells[1].outputs[0].text.strip() == sys.executable


@pytest.mark.parametrize(
    ("source", "message"),
    [("1 / 0", "ZeroDivisionError: division by zero"), ("import os; os._exit(3)", "a kernel that died")],
)
def test_a_failing_cell_says_why(tmp_path: Path, source: str, message: str) -> None:
    with pytest.raises(NotebookError, match=message):
        execute_notebook(_write(tmp_path / "a.ipynb", "a = 1", source))


def test_a_cell_that_runs_too_long_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match="longer than 1 s"):
        execute_notebook(_write(tmp_path / "a.ipynb", "a = 1", "import time; time.sleep(60)"), timeout=1)


def test_a_file_that_is_no_notebook_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{", encoding="utf-8")
    with pytest.raises(NotebookError, match=r"broken\.ipynb.*expected a notebook"):
        execute_notebook(broken)
    with pytest.raises(NotebookError, match="No such file"):
        execute_notebook(tmp_path / "absent.ipynb")


def test_unknown_parameters_are_answered_with_the_nearest() -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell('city = "a"', metadata={"tags": ["parameters"]})]
    )
    with pytest.raises(NotebookError, match="did you mean 'city'"):
        with_parameters(notebook, {"citty": "b"})
    with pytest.raises(NotebookError, match="no cell tagged 'parameters'"):
        with_parameters(nbformat.v4.new_notebook(), {"city": "b"})
    with pytest.raises(NotebookError, match="text, a number, a path"):
        with_parameters(notebook, {"city": object()})


@pytest.mark.slow
def test_an_interrupt_ends_the_kernel_at_once(tmp_path: Path) -> None:
    started = tmp_path / "kernel.pid"
    source = f"import os, time; open({str(started)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    path = _write(tmp_path / "a.ipynb", "a = 1", source)
    script = textwrap.dedent(f"""
        from pathlib import Path
        from actuary.report import execute_notebook
        try:
            execute_notebook(Path({str(path)!r}))
        except KeyboardInterrupt:
            raise SystemExit(130)
    """)
    with subprocess.Popen([sys.executable, "-c", script]) as process:
        _wait_for(lambda: started.is_file() and started.read_text() != "")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 130
    kernel = int(started.read_text())
    _wait_for(lambda: not _is_alive(kernel))


def _wait_for(condition, seconds: float = 20.0) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_the_quarterly_notebook_writes_the_data_and_shows_the_report(tmp_path: Path, shenyang_zh: ReportData) -> None:
    target = tmp_path / "report_data.json"
    notebook = notebooks_root() / "quarterly_report.ipynb"
    executed = execute_notebook(notebook, {"city": "shenyang", "quarter": "2024Q4", "output": target})
    report = ReportData.from_json(target.read_text(encoding="utf-8"))
    assert report == shenyang_zh
    page = render_html(report, executed).decode()
    for section in report.sections:
        assert f'id="section-{section.id}"' in page
    assert "build_report_data" not in page
    assert "nbval" not in page
    assert page == render_html(report, executed).decode()


def test_remarks_in_the_notebook_reach_the_page_and_hidden_cells_do_not(made_up: ReportData) -> None:
    cells = [
        nbformat.v4.new_markdown_cell("**本局意见**：同意。"),
        nbformat.v4.new_markdown_cell("只供操作人员", metadata={"tags": ["notebook-only"]}),
        nbformat.v4.new_code_cell("secret = 1"),
    ]
    page = render_html(made_up, nbformat.v4.new_notebook(cells=cells)).decode()
    assert "<strong>本局意见</strong>" in page
    assert "只供操作人员" not in page
    assert "secret" not in page
