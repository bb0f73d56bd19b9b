"""The folder of an audit: the list for the reviewers, and what its extrapolation needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actuary.alerts.audit.rules import AuditPlan
from actuary.alerts.audit.sample import FILLED, AuditSampling
from actuary.alerts.sheets import xlsx_bytes
from actuary.durable.files import what_failed
from actuary.errors import Problem, TableError
from actuary.files import csv_bytes, parse_json
from actuary.tables.personal_door import persons_told

if TYPE_CHECKING:
    import pandas as pd

    from actuary.alerts.audit.estimate import AuditEstimate

__all__ = ["read_sampling", "write_estimate", "write_sampling"]

_HEADER, _POPULATION, _PROVIDERS = "audit.json", "population.parquet", "providers.csv"
#: Columns of the population, and what they hold.
_COLUMNS: Mapping[Any, Any] = {
    **dict.fromkeys(("hospital", "case_id", "insurance"), str),
    **dict.fromkeys(("year", "stratum", "amount_fen", "drawn"), "int64"),
}
_ORDER = ("hospital", "year", "case_id", "stratum", "amount_fen", "drawn", "insurance")
_DEDUCTIONS = "deductions.csv"
_MEND = "name the folder that `actuary audit sample … --out` wrote"


def _yuan(frame: pd.DataFrame) -> pd.DataFrame:
    money = [name for name in frame.columns if name.endswith("_fen")]
    shown = frame.assign(**{name: (frame[name].astype(float) / 100).round(2) for name in money})
    return shown.rename(columns={name: f"{name.removesuffix('_fen')}_yuan" for name in money})


def _write_manifest(folder: Path, names: list[str]) -> None:
    manifest = {**persons_told(), "outputs": [{"file": name} for name in names]}
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def write_sampling(sampling: AuditSampling, plan: AuditPlan, folder: Path, *, policy: str) -> None:
    """Write list.xlsx and list.csv for the reviewers, providers.csv, and the population with its header.

    Parameters
    ----------
    sampling : AuditSampling
        What was drawn.
    plan : AuditPlan
        Which kinds of errors there are.
    folder : Path
        An empty folder.
    policy : str
        Policy whose rule was used.
    """
    listed = sampling.review_list()
    names = [kind.name_zh for kind in plan.error_kind]
    notes = [
        "result：合规 / 违规 (ok / error)",
        "error_yuan：违规金额，元，至多两位小数 (what was paid too much, yuan)",
        f"error_kind：{'、'.join(names)}",
        "不得填写姓名、身份证号、电话 (no names, identity or telephone numbers)",
        f"rule {policy}, seed {sampling.seed}, fingerprint {sampling.fingerprint}",
        *(["合成数据 · synthetic data"] if sampling.synthetic else []),
    ]
    choices = {"result": ["合规", "违规"], "error_kind": names}
    (folder / "list.xlsx").write_bytes(xlsx_bytes({"list": listed}, filled=FILLED, choices=choices, notes=notes))
    (folder / "list.csv").write_bytes(csv_bytes(listed))
    (folder / _PROVIDERS).write_bytes(csv_bytes(_yuan(sampling.providers)))
    sampling.population.astype({"hospital": str, "case_id": str}).to_parquet(folder / _POPULATION, index=False)
    header = {
        "policy": policy,
        "seed": sampling.seed,
        "probability": sampling.probability,
        "fingerprint": sampling.fingerprint,
        "synthetic": sampling.synthetic,
        "left_out": dict(sampling.left_out),
        "providers": json.loads(sampling.providers.to_json(orient="records", force_ascii=False)),
    }
    text = json.dumps(header, ensure_ascii=False, indent=1) + "\n"
    (folder / _HEADER).write_text(text, encoding="utf-8")
    _write_manifest(folder, ["list.xlsx", "list.csv", _PROVIDERS, _POPULATION, _HEADER])


def read_sampling(folder: Path | str) -> AuditSampling:
    """Read what was drawn from the folder of an audit.

    Parameters
    ----------
    folder : path
        What :func:`write_sampling` filled.

    Raises
    ------
    TableError
        When it is no such folder.
    """
    import pandas as pd  # noqa: PLC0415  (only where a folder is read)

    place = Path(folder).expanduser()
    expected = "the folder of an audit"
    if not place.is_dir():
        found = "a file" if place.exists() else "no such folder"
        raise TableError(Problem(str(place), found, expected, _MEND))
    if missing := [name for name in (_HEADER, _POPULATION) if not (place / name).is_file()]:
        raise TableError(Problem(str(place), f"no {' and no '.join(missing)} in it", expected, _MEND))
    try:
        header = parse_json((place / _HEADER).read_text(encoding="utf-8"))
        population = pd.read_parquet(place / _POPULATION)
        return AuditSampling(
            population[[*_ORDER]].astype(dict(_COLUMNS)),
            pd.DataFrame(header["providers"]),
            header["left_out"],
            int(header["seed"]),
            float(header["probability"]),
            str(header["fingerprint"]),
            bool(header["synthetic"]),
        )
    except OSError as error:
        raise TableError(Problem(str(place), f"an audit that cannot be read: {what_failed(error)}", expected)) from None
    except (ValueError, KeyError, TypeError, NotImplementedError) as error:
        found = f"a damaged {_HEADER} or {_POPULATION} ({type(error).__name__})"
        mend = "draw it again with the seed in the minutes, or put the last good copy back"
        raise TableError(Problem(str(place), found, expected, mend)) from None


def write_estimate(estimate: AuditEstimate, folder: Path) -> None:
    """Write providers.csv, kinds.csv, deductions.csv (for `actuary clear`) and estimate.json into an empty folder.

    Parameters
    ----------
    estimate : AuditEstimate
        What was extrapolated.
    folder : Path
        An empty folder.
    """
    (folder / _PROVIDERS).write_bytes(csv_bytes(_yuan(estimate.providers)))
    (folder / "kinds.csv").write_bytes(csv_bytes(_yuan(estimate.kinds)))
    (folder / _DEDUCTIONS).write_bytes(csv_bytes(_yuan(estimate.deductions)))
    header = {
        "found_yuan": round(estimate.found_fen / 100, 2),
        "estimate_yuan": round(estimate.total_fen / 100, 2),
        "low_yuan": round(estimate.low_fen / 100, 2),
        "high_yuan": round(estimate.high_fen / 100, 2),
        "probability": estimate.probability,
        "fingerprint": estimate.fingerprint,
        "synthetic": estimate.synthetic,
    }
    text = json.dumps(header, ensure_ascii=False, indent=1) + "\n"
    (folder / "estimate.json").write_text(text, encoding="utf-8")
    _write_manifest(folder, [_PROVIDERS, "kinds.csv", _DEDUCTIONS, "estimate.json"])
