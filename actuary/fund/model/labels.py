"""Labelled arrays that must fit each other exactly, and stacks of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import xarray as xr

__all__ = ["exact_labels", "stack_labelled"]


def exact_labels() -> AbstractContextManager[Any]:
    """Return a context in which labels that differ are an error, never a reason to drop what only one side has."""
    context: AbstractContextManager[Any] = xr.set_options(arithmetic_join="exact")  # type: ignore[no-untyped-call]
    return context


def stack_labelled(parts: Sequence[xr.DataArray], dim: str, labels: Sequence[str]) -> xr.DataArray:
    """Stack arrays along a new dim, each first broadcast to the dims of all; the new dim comes first, quarters last.

    Parameters
    ----------
    parts : sequence of DataArray
        Arrays with equal labels along the dims they share, and a dim ``quarter``.
    dim : str
        Name of the new dim.
    labels : sequence of str
        Its labels, one for each array.

    Returns
    -------
    DataArray, dims (dim, ..., quarter)

    Examples
    --------
    >>> flow = xr.DataArray([1.0, 2.0], dims="quarter", coords={"quarter": ["2025Q1", "2025Q2"]})
    >>> stack_labelled([flow, 2 * flow], "scheme", ["employee", "resident"]).values.tolist()
    [[1.0, 2.0], [2.0, 4.0]]
    """
    sizes: dict[str, int] = {}
    coords: dict[str, xr.DataArray] = {}
    for part in parts:
        sizes |= {str(name): size for name, size in part.sizes.items()}
        coords |= {str(name): value for name, value in part.coords.items() if name in part.dims}
    order = [*(name for name in sizes if name != "quarter"), "quarter"]
    rows = [_broadcast(part, sizes).transpose(*order).to_numpy() for part in parts]
    return xr.DataArray(np.stack(rows), dims=(dim, *order), coords={dim: list(labels), **coords})


def _broadcast(part: xr.DataArray, sizes: dict[str, int]) -> xr.Variable:
    laid: xr.Variable = part.variable.set_dims(sizes)  # type: ignore[no-untyped-call]
    return laid
