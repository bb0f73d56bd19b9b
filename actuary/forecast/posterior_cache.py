"""Posteriors kept on disk, by everything they rest on; a damaged one is drawn again."""

from __future__ import annotations

import hashlib
import io
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from actuary.durable.checked import CacheFolder
from actuary.forecast.bayes_data import BayesData
from actuary.forecast.bayes_spec import BayesSpec, SamplerSpec
from actuary.forecast.gate import Gate
from actuary.forecast.sample import Sampled, find_gaps

__all__ = [
    "cache_folder",
    "gate_key",
    "gates",
    "load_gate",
    "load_posterior",
    "posterior_key",
    "posteriors",
    "store_gate",
    "store_posterior",
]

#: Raised whenever the model's code changes its meaning.
_MODEL_VERSION = 2

_PACKAGES = ("numba", "numpy", "nutpie", "pymc", "pytensor")


def cache_folder(folder: Path | str | None = None) -> Path:
    """Return where posteriors are kept: the folder given, or the user's own.

    Parameters
    ----------
    folder : path, optional
        A folder of one's own; it is made where it does not exist.
    """
    if folder is None:
        from platformdirs import user_cache_path  # noqa: PLC0415

        return user_cache_path("actuary") / "forecast"
    return Path(folder).expanduser()


def posterior_key(data: BayesData, spec: BayesSpec, *, seed: int) -> str:
    """Return the hash of model, data, seed and versions."""
    digest = hashlib.sha256()
    packages = [f"{name} {version(name)}" for name in _PACKAGES]
    head = (_MODEL_VERSION, packages, platform.machine(), platform.python_version(), seed)
    digest.update(repr(head).encode())
    digest.update(spec.model_dump_json(exclude={"gate", "search", "product", "trial"}).encode())
    panel = data.panel
    digest.update(repr((panel.series, panel.freq, panel.season, panel.first, panel.ends, data.sums)).encode())
    width = data.z.shape[1]
    for array in (data.z, data.status, data.size, data.columns[:, :width], data.members, data.windows[:, :width]):
        digest.update(repr(array.shape).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def posteriors(folder: Path) -> CacheFolder:
    """Return the posteriors kept in a folder."""
    return CacheFolder(folder, f"posterior {_MODEL_VERSION}", ".posterior")


def gates(folder: Path) -> CacheFolder:
    """Return what gates said, kept in a folder."""
    return CacheFolder(folder, f"gate {_MODEL_VERSION}", ".gate")


def store_posterior(cache: CacheFolder, key: str, sampled: Sampled) -> None:
    """Keep a posterior: a line of JSON that names the arrays, then the arrays."""
    buffer = io.BytesIO()
    named = {f"a.{name}": array for name, array in sampled.arrays.items()}
    named |= {f"s.{name}": array for name, array in sampled.stats.items()}
    buffer.write(json.dumps({"free": sampled.free}).encode() + b"\n")
    np.savez(buffer, allow_pickle=False, **named)
    cache.store(key, buffer.getvalue())


def load_posterior(cache: CacheFolder, key: str, *, effort: SamplerSpec) -> Sampled | None:
    """Read a posterior.

    Parameters
    ----------
    cache : CacheFolder
        Of :func:`posteriors`.
    key : str
        Of :func:`posterior_key`.
    effort : SamplerSpec
        How many chains and draws a whole one has.

    Returns
    -------
    Sampled or None
        The posterior; None where there is none, or it is damaged or not whole, which the cache notes.
    """
    body = cache.load(key)
    if body is None:
        return None
    head, _, arrays = body.partition(b"\n")
    loaded = np.load(io.BytesIO(arrays), allow_pickle=False)
    parts: dict[str, dict[str, Any]] = {"a": {}, "s": {}}
    for name in loaded.files:
        parts[name[0]][name[2:]] = loaded[name]
    sampled = Sampled(parts["a"], tuple(json.loads(head)["free"]), parts["s"])
    if find_gaps(sampled, effort):
        cache.reject()
        return None
    return sampled


def gate_key(
    key: str,
    data: BayesData,
    spec: BayesSpec,
    *,
    horizon: int,
    covariates: Mapping[str, pd.DataFrame] | None = None,
) -> str:
    """Return the hash of a posterior, of everything its futures rest on, and of the bounds they are held against.

    Parameters
    ----------
    key : str
        Of :func:`posterior_key`.
    data : BayesData
        The panel, with the future of effects and outbreaks.
    spec : BayesSpec
        The declaration.
    horizon : int
        Periods ahead.
    covariates : mapping of str to DataFrame, optional
        Rows of covariates; every draw of a simulated future counts, not their mean alone.
    """
    digest = hashlib.sha256(repr((key, horizon, spec.gate.model_dump_json())).encode())
    for array in (data.columns, data.windows):
        digest.update(repr(array.shape).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    for name, rows in sorted((covariates or {}).items()):
        columns = [column for column in ("draw", "period", "value") if column in rows.columns]
        ordered = rows[columns].sort_values(columns[:-1])
        digest.update(repr((name, columns)).encode())
        digest.update(ordered.to_csv(index=False, float_format="%.17g").encode())
    return digest.hexdigest()


def store_gate(cache: CacheFolder, key: str, gate: Gate) -> None:
    """Keep what the gate said under a key of :func:`gate_key`."""
    cache.store(key, json.dumps([asdict(check) for check in gate.checks]).encode())


def load_gate(cache: CacheFolder, key: str) -> Gate | None:
    """Read what the gate said under a key; None where it has not been asked, or the file is damaged."""
    body = cache.load(key)
    return None if body is None else Gate.from_records(json.loads(body))
