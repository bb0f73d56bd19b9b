"""Random streams by name, all from one root seed."""

from __future__ import annotations

import hashlib

import numpy as np

__all__ = ["named_seed", "stream"]


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
    return np.random.Generator(np.random.PCG64(_sequence(root, name)))


def named_seed(root: int, name: str) -> int:
    """Return a root seed of its own for a part of a run: parts of different roots share none, unlike ``root + k``.

    Parameters
    ----------
    root : int
        The one root seed of a run, 0 or more.
    name : str
        Path-like name of the part.

    Examples
    --------
    >>> named_seed(1, "history/1") == named_seed(1, "history/1")
    True
    >>> named_seed(1, "history/1") == named_seed(2, "history/0")
    False
    """
    return int(_sequence(root, name).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _sequence(root: int, name: str) -> np.random.SeedSequence:
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:16], "big")
    return np.random.SeedSequence([root, key])
