"""One fingerprint for the cases that a search looked at."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa

from actuary.alerts.anomalies.stays import Stays

__all__ = ["cases_fingerprint"]


def cases_fingerprint(stays: Stays) -> str:
    """Return the SHA-256 of what was read, row by row in the order of the table.

    Examples
    --------
    >>> import pandas as pd
    >>> from actuary.alerts.anomalies.stays import read_stays
    >>> table = pd.DataFrame({"case_id": ["a"], "hospital": ["H"], "tier": ["3"], "drg": ["BR25"], "total_cost": [9.0]})
    >>> dearer = table.assign(total_cost=10.0)
    >>> cases_fingerprint(read_stays(table)) == cases_fingerprint(read_stays(dearer))
    False
    """
    found = hashlib.sha256()
    ids = stays.case_id.combine_chunks()
    for chunk in ids.chunks if isinstance(ids, pa.ChunkedArray) else [ids]:
        # A slice is copied to buffers of its own, so that only its own cells count.
        whole = pa.concat_arrays([chunk.cast(pa.large_string())])
        for buffer in whole.buffers()[1:]:
            if buffer is not None:
                found.update(buffer)
    found.update("|".join((*stays.hospitals, *stays.tiers, *stays.drgs, *stays.adrgs, *stays.mdcs)).encode())
    columns = [stays.hospital, stays.tier_of, stays.drg, stays.adrg, stays.mdc, stays.insurance, stays.cost]
    columns += [stays.numbers[name] for name in sorted(stays.numbers)]
    columns += [one for one in (stays.admission, stays.discharge, stays.person) if one is not None]
    for column in columns:
        found.update(np.ascontiguousarray(column).data)
    return found.hexdigest()
