"""What a Parquet file of cases says of itself: whose cases they are, and whether they are made up."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["file_marks"]

_REGION = re.compile(r"[a-z][a-z_-]{0,39}")
_FLAGS = ("true", "false")


def file_marks(metadata: Mapping[bytes, bytes] | None) -> dict[str, str]:
    """Return the marks of a file that may be repeated elsewhere: the id of a region and a flag, and nothing else.

    Parameters
    ----------
    metadata : mapping of bytes or None
        Key-value metadata of the schema.

    Returns
    -------
    dict
        ``city``, ``synthetic``, as far as they are there and are what they should be.

    Examples
    --------
    >>> file_marks({b"city": b"anyang", b"synthetic": b"true", b"author": b"somebody"})
    {'city': 'anyang', 'synthetic': 'true'}
    >>> file_marks({b"city": b"Somebody, 13800000000"})
    {}
    """
    found = {
        name: (metadata or {}).get(name.encode(), b"").decode("utf-8", "replace") for name in ("city", "synthetic")
    }
    allowed = {"city": bool(_REGION.fullmatch(found["city"])), "synthetic": found["synthetic"] in _FLAGS}
    return {name: mark for name, mark in found.items() if allowed[name]}
