"""Posteriors kept on disk, by everything they rest on; a damaged one is drawn again."""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from actuary.forecast.bayes_data import BayesData
from actuary.forecast.bayes_spec import BayesSpec, SamplerSpec
from actuary.forecast.gate import Gate
from actuary.forecast.sample import Sampled, find_gaps

__all__ = [
    "cache_folder",
    "gate_key",
    "load_gate",
    "load_posterior",
    "posterior_key",
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


def store_posterior(folder: Path, key: str, sampled: Sampled) -> None:
    """Write a posterior so that it is there whole or not at all.

    The file begins with the hash of what follows: a line of JSON that names the arrays, then the arrays.
    """
    buffer = io.BytesIO()
    named = {f"a.{name}": array for name, array in sampled.arrays.items()}
    named |= {f"s.{name}": array for name, array in sampled.stats.items()}
    buffer.write(json.dumps({"free": sampled.free}).encode() + b"\n")
    np.savez(buffer, allow_pickle=False, **named)
    body = buffer.getvalue()
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{key}.{os.getpid()}"
    part.write_bytes(hashlib.sha256(body).digest() + body)
    part.replace(folder / f"{key}.posterior")


def load_posterior(folder: Path, key: str, *, effort: SamplerSpec) -> tuple[Sampled | None, bool]:
    """Read a posterior.

    Parameters
    ----------
    folder : Path
        Where posteriors are kept.
    key : str
        Of :func:`posterior_key`.
    effort : SamplerSpec
        How many chains and draws a whole one has.

    Returns
    -------
    tuple
        The posterior, or None; and whether one was there but damaged or not whole (it is removed).
    """
    path = folder / f"{key}.posterior"
    try:
        content = path.read_bytes()
    except OSError:
        return None, False
    if hashlib.sha256(content[32:]).digest() != content[:32]:
        path.unlink(missing_ok=True)
        return None, True
    head, _, arrays = content[32:].partition(b"\n")
    loaded = np.load(io.BytesIO(arrays), allow_pickle=False)
    parts: dict[str, dict[str, Any]] = {"a": {}, "s": {}}
    for name in loaded.files:
        parts[name[0]][name[2:]] = loaded[name]
    sampled = Sampled(parts["a"], tuple(json.loads(head)["free"]), parts["s"])
    if find_gaps(sampled, effort):
        path.unlink(missing_ok=True)
        return None, True
    return sampled, False


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


def store_gate(folder: Path, key: str, gate: Gate) -> None:
    """Write what the gate said under a key of :func:`gate_key`, with its checksum."""
    body = json.dumps([asdict(check) for check in gate.checks])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{key}.gate"
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(hashlib.sha256(body.encode()).hexdigest() + "\n" + body, encoding="utf-8")
    part.replace(path)


def load_gate(folder: Path, key: str) -> Gate | None:
    """Read what the gate said under a key; None where it has not been asked, or the file is damaged."""
    try:
        text = (folder / f"{key}.gate").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    checksum, _, body = text.partition("\n")
    if hashlib.sha256(body.encode()).hexdigest() != checksum:
        return None
    return Gate.from_records(json.loads(body))
