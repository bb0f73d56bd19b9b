"""The panel recursion as an operation of PyTensor, with its exact gradient.

Importing this module imports PyTensor, which takes seconds: only the modules that build a model do so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key

from actuary.kernels.panel_recursion import KNOWN, MISSING, panel_errors, panel_pullback

__all__ = ["innovations_of"]

#: Part of the compile cache's key: raised whenever the kernel's meaning changes.
_VERSION = 1


class PanelErrors(Op):
    """Turn values, opening states and rates into innovations: see :mod:`actuary.kernels.panel_recursion`."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply[Any]:
        """Return the node of the graph."""
        tensors = [pt.as_tensor_variable(one) for one in inputs]
        return Apply(self, tensors, [pt.dmatrix()])

    def perform(self, _node: Apply[Any], inputs: Sequence[Any], outputs: Any) -> None:
        """Compute without compiling."""
        outputs[0][0] = panel_errors(*inputs)

    def infer_shape(self, _node: Apply[Any], shapes: Sequence[Any]) -> list[Any]:
        """Return the shape of the innovations: that of the values."""
        return [shapes[0]]

    def pullback(
        self,
        inputs: Sequence[Variable[Any, Any]],
        _outputs: Sequence[Variable[Any, Any]],
        cotangents: Sequence[Variable[Any, Any]],
    ) -> list[Any]:
        """Return the gradient by every argument."""
        status = inputs[2]
        found: Any = _panel_pullback(*inputs, cotangents[0])
        by_value, by_opening, by_rates = found
        return [
            pt.where(pt.eq(status, KNOWN), by_value, 0.0),
            pt.where(pt.eq(status, MISSING), by_value, 0.0),
            DisconnectedType()(),
            by_opening,
            by_rates,
            DisconnectedType()(),
        ]

    def connection_pattern(self, _node: Apply[Any]) -> list[list[bool]]:
        """Say which arguments the innovations can be differentiated by."""
        return [[True], [True], [False], [True], [True], [False]]


class PanelPullback(Op):
    """Compute the gradient of :class:`PanelErrors`."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply[Any]:
        """Return the node of the graph."""
        tensors = [pt.as_tensor_variable(one) for one in inputs]
        return Apply(self, tensors, [pt.dmatrix(), pt.dmatrix(), pt.dmatrix()])

    def perform(self, _node: Apply[Any], inputs: Sequence[Any], outputs: Any) -> None:
        """Compute without compiling."""
        for storage, found in zip(outputs, panel_pullback(*inputs), strict=True):
            storage[0] = found

    def infer_shape(self, _node: Apply[Any], shapes: Sequence[Any]) -> list[Any]:
        """Return the shapes: those of values, opening states and rates."""
        return [shapes[0], shapes[3], shapes[4]]


_panel_errors = PanelErrors()
_panel_pullback = PanelPullback()


@register_funcify_default_op_cache_key(PanelErrors)
def _compile_errors(_op: PanelErrors, **_: Any) -> Any:
    @numba_njit
    def errors(z, given, status, opening, rates, phase):  # type: ignore[no-untyped-def]
        return panel_errors(z, given, status, opening, rates, phase.item())

    return errors, _VERSION


@register_funcify_default_op_cache_key(PanelPullback)
def _compile_pullback(_op: PanelPullback, **_: Any) -> Any:
    @numba_njit
    def pullback(z, given, status, opening, rates, phase, cotangent):  # type: ignore[no-untyped-def]
        return panel_pullback(z, given, status, opening, rates, phase.item(), cotangent)

    return pullback, _VERSION


def innovations_of(*, z: Any, given: Any, status: Any, opening: Any, rates: Any, phase: Any) -> Any:
    """Return the innovations of a panel as a symbolic matrix, shape (series, period).

    Parameters
    ----------
    z, given, status, opening, rates, phase : tensor
        As in :func:`actuary.kernels.panel_recursion.panel_errors`.
    """
    return _panel_errors(z, given, status, opening, rates, phase)
