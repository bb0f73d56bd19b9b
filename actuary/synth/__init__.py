"""Synthetic cities: cases to try everything on, shaped by published totals, with the truth kept apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actuary.synth.city import Part, SyntheticCity, synthesise_city

__all__ = ["Part", "SyntheticCity", "synthesise_city"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'actuary.synth' has no attribute {name!r}")
    from actuary.synth import city  # noqa: PLC0415

    return getattr(city, name)
