"""Random streams by name, all from one root seed."""

from __future__ import annotations

import hashlib

import numpy as np

__all__ = ["stream"]


def stream(root: int, name: str) -> np.random.Generator:
    """Return the random generator of that name under a root seed.

    The same root and name always give the same stream; different names give independent ones, whatever the order
    in which they are asked for.

    Parameters
    ----------
    root : int
        The one root seed of a run, 0 or more.
    name : str
        Path-like name, such as ``"forecast/stays"``.

    Examples
    --------
    >>> float(stream(1, "a").random()) == float(stream(1, "a").random())
    True
    >>> float(stream(1, "a").random()) == float(stream(1, "b").random())
    False
    """
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:16], "big")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([root, key])))
