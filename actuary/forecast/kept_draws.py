"""Results of forecasts kept on disk by everything they rest on; what is damaged is made again, never trusted."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actuary.durable.checked import CacheFolder, say_once
from actuary.paths import models_root
from actuary.policy import fingerprint

__all__ = ["code_fingerprints", "kept_key", "load_kept", "store_kept"]

#: Raised whenever what is kept changes its meaning.
_VERSION = 1
_KIND = "kept draw 3"
#: Parts of the package, and libraries, that draws rest on.
_CODE, _LIBRARIES = ("drivers", "forecast", "kernels", "tables"), ("numba", "numpy", "scipy")


@lru_cache(maxsize=1)
def code_fingerprints() -> Mapping[str, str]:
    """Return the hashes of the sources and the versions of the libraries that draws rest on."""
    package = Path(__file__).resolve().parent.parent
    found = {name: version(name) for name in _LIBRARIES}
    for part in _CODE:
        digest = hashlib.sha256()
        for path in sorted((package / part).glob("*.py")):
            digest.update(path.name.encode() + path.read_bytes())
        found[part] = digest.hexdigest()
    return found


def kept_key(kind: str, asked: Mapping[str, Any], *, spec: Any, data: str) -> str:
    """Return the hash of a result: what was asked, the declaration, the data, the code and the libraries.

    Parameters
    ----------
    kind : str
        What is kept, such as ``backtest``.
    asked : mapping
        Everything else that the result depends on, as JSON can hold it.
    spec : FundSpec
        The declaration.
    data : str
        Fingerprint of the data.
    """
    parts = {
        "kind": kind,
        "version": _VERSION,
        "asked": dict(asked),
        "spec": spec.model_dump(mode="json"),
        "data": data,
        "code": dict(code_fingerprints()),
        "models": _declared(),
    }
    return fingerprint(parts)


@lru_cache(maxsize=1)
def _declared() -> str:
    """Return the hash of the declarations of models beside that of the fund: a sampled one has its own file."""
    digest = hashlib.sha256()
    for path in sorted((models_root() / "forecast").glob("*.toml")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def store_kept(path: Path, head: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]] | None = None) -> None:
    """Keep a result, whole or not at all; where the folder cannot be written it is made again next time.

    The file begins with the hash of what follows: a line of JSON, then the arrays.

    Parameters
    ----------
    path : Path
        The file.
    head : mapping
        What JSON can hold.
    arrays : mapping of str to array, optional
        The rest.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "kept"
    ...     store_kept(file, {"gate": "open"}, {"draws": np.arange(3.0)})
    ...     whole = load_kept(file)
    >>> whole[0], whole[1]["draws"].tolist()
    ({'gate': 'open'}, [0.0, 1.0, 2.0])
    """
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **dict(arrays or {}))
    body = json.dumps(dict(head)).encode() + b"\n" + buffer.getvalue()
    cache = _folder(path)
    cache.store(path.name, body)
    say_once(cache.notes)


def _folder(path: Path) -> CacheFolder:
    return CacheFolder(path.parent, _KIND, "")


def load_kept(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
    """Read what is kept: JSON and arrays; None where there is nothing, or it is damaged, which is said once.

    Parameters
    ----------
    path : Path
        The file.
    """
    cache = _folder(path)
    body = cache.load(path.name)
    say_once(cache.notes)
    if body is None:
        return None
    head, _, arrays = body.partition(b"\n")
    try:
        with np.load(io.BytesIO(arrays), allow_pickle=False) as loaded:
            return json.loads(head), {name: loaded[name] for name in loaded.files}
    except (ValueError, OSError, zipfile.BadZipFile):  # an older layout with a checksum of its own
        return None
