"""A bar for long work in a notebook, fed by the ``progress=`` of whatever does the work."""

from __future__ import annotations

import html
import time

import ipywidgets as widgets

__all__ = ["ProgressBar", "progress_bar"]


class ProgressBar(widgets.HBox):  # type: ignore[misc]
    """Show how far a work has come.

    It can be called as every work of this package calls its ``progress``: with a share and a phase, or with what is
    done and how much there is.

    Parameters
    ----------
    label : str
        What is being done.

    Attributes
    ----------
    bar, text : widgets
        The bar, from 0 to 1 [share], and what is said beside it.

    Examples
    --------
    >>> bar = ProgressBar("forecast")
    >>> bar(0.5, "sampling")
    >>> bar.bar.value, "50 % sampling" in bar.text.value
    (0.5, True)
    >>> bar(30, 40)
    >>> bar.bar.value
    0.75
    """

    def __init__(self, label: str = "") -> None:
        self.bar = widgets.FloatProgress(min=0.0, max=1.0, description=label)
        self.text = widgets.HTML()
        self._begin = time.monotonic()
        super().__init__([self.bar, self.text])

    def __call__(self, done: float, of: str | float | None = "") -> None:
        """Show a step: a share and its phase, or how many of how many; None where nobody knows how many."""
        seconds = time.monotonic() - self._begin
        if isinstance(of, str):
            share, said = float(done), f"{done:.0%}".replace("%", " %") + f" {of}"
        elif of:
            share, said = done / of, f"{done:,.0f} / {of:,.0f}"
        else:
            share, said = 0.0, f"{done:,.0f}"
        ended = share >= 1.0
        self.bar.value = min(share, 1.0)
        self.bar.bar_style = "success" if ended else ""
        self.text.value = f"<small>{html.escape(said.strip())}, {seconds:.0f} s</small>"


def progress_bar(label: str = "") -> ProgressBar:
    """Show a bar in the notebook at once and return what feeds it.

    Parameters
    ----------
    label : str
        What is being done.

    Returns
    -------
    ProgressBar
        To be given as ``progress=``, such as
        ``actuary.forecast_series(rows, horizon=8, progress=actuary.progress_bar())``: the share done [share] and the
        seconds passed [s] are shown.

    Examples
    --------
    >>> bar = ProgressBar("forecast")  # what is shown
    >>> bar(1, 4)
    >>> bar.bar.value
    0.25
    """
    from IPython.display import display  # noqa: PLC0415  (only where something is shown)

    bar = ProgressBar(label)
    display(bar)  # type: ignore[no-untyped-call]
    return bar
