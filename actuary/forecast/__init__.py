"""Forecast with honest intervals; the only package that may import PyMC.

The package itself can be called: ``actuary.forecast(rows, horizon=8)`` is :func:`actuary.forecast_series`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actuary.forecast.result import Forecast

__all__: list[str] = []


class _CallableModule(ModuleType):
    """Let the package be called by its own name, which is also the verb of the command line."""

    def __call__(self, *args: Any, **options: Any) -> Forecast:
        """Return :func:`actuary.forecast.face.forecast_series` of the arguments."""
        from actuary.forecast.face import forecast_series  # noqa: PLC0415  (importing actuary stays quick)

        return forecast_series(*args, **options)


sys.modules[__name__].__class__ = _CallableModule
