"""Check the declared rules and the tables of figures, all problems at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from actuary.errors import ActuaryError, Problem
from actuary.files import check_regular
from actuary.paths import given_folder, models_root

__all__ = ["CheckOutcome", "check_inputs"]


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """Say what was checked and what was wrong.

    Parameters
    ----------
    checked : str
        What was looked at, in words.
    problems : tuple of Problem
        Everything that was wrong, file by file.
    """

    checked: str
    problems: tuple[Problem, ...]

    def __repr__(self) -> str:
        """Return what was checked, and every problem on a line of its own."""
        return "\n".join([f"{self.checked}: {len(self.problems) or 'no'} problem(s)", *map(str, self.problems)])


def check_inputs(paths: Sequence[Path] = (), *, models: Path | None = None, data: Path | None = None) -> CheckOutcome:
    """Check files, or the whole of the rules and the figures.

    Parameters
    ----------
    paths : path or sequence of paths
        Declarations (``.toml``), tables (``.csv``) and folders of a city (``actuary init``); everything when empty.
    models, data : Path, optional
        Folders; those of the package when left out.

    Returns
    -------
    CheckOutcome
        Its problems are empty when all is well.

    Raises
    ------
    ActuaryError
        When a folder or file that is named does not exist.

    Examples
    --------
    >>> from actuary import check_inputs
    >>> check_inputs().problems
    ()
    """
    from actuary.policy import check_file, check_models  # noqa: PLC0415  (tables load pandas: only when needed)
    from actuary.tables import check_data  # noqa: PLC0415

    models, data = given_folder(models, what="models"), given_folder(data, what="data")
    files = [Path(path) for path in ([paths] if isinstance(paths, Path | str) else paths)]
    if not files:
        found = (
            *check_models(models),
            *_grouping_problems(models),
            *_payment_problems(models),
            *_forecast_problems(models),
            *_synthetic_problems(models),
            *_case_problems(models),
            *_personal_problems(models),
            *check_data(data),
        )
        return CheckOutcome("rules and tables", found)
    problems: list[Problem] = []
    for path in files:
        if (path / "city.toml").is_file():
            from actuary.workflow.cities import check_city  # noqa: PLC0415  (loads the model)

            problems.extend(check_city(path, models=models))
        elif not path.is_file():
            problems.append(
                Problem(str(path), "no such file", "a .toml declaration, a .csv table or the folder of a city")
            )
        elif path.suffix == ".toml" and path.name == "catalog.toml":
            problems.extend(check_data(path.parent))
        elif path.name == "scheme.toml":
            problems.extend(_scheme_problems(path.parent))
        elif path.name == "rules.toml" and path.parent.name == "personal":
            problems.extend(_personal_problems(path.resolve().parent.parent))
        elif path.suffix == ".toml" and _is_payment(path):
            problems.extend(_payment_file_problems(path))
        elif path.name in (readers := _case_readers(path.resolve().parent.parent)) and path.parent.name == "alerts":
            problems.extend(_problems_of(readers[path.name]))
        elif path.suffix == ".toml":
            problems.extend(check_file(path))
        else:
            problems.extend(_table_problems(path, data))
    kind = "folder" if all(path.is_dir() for path in files) else "file"
    return CheckOutcome(f"{len(files)} {kind}" + "s" * (len(files) > 1), tuple(problems))


def _grouping_problems(models: Path | None) -> tuple[Problem, ...]:
    """Check what the grouping layer declares: the settlement list and every shipped scheme."""
    from actuary.drg.quality import check_declarations  # noqa: PLC0415

    schemes = sorted(((models or models_root()) / "national" / "drg").glob("*/scheme.toml"))
    found = [problem for path in schemes for problem in _scheme_problems(path.parent)]
    return (*check_declarations(models), *found)


def _forecast_problems(models: Path | None) -> list[Problem]:
    """Check the declarations of forecasting models: those with a reader of their own, and every sampled one."""
    from actuary.forecast.bayes_spec import load_bayes_spec  # noqa: PLC0415
    from actuary.forecast.delay_spec import load_delay_spec, load_small_group_spec  # noqa: PLC0415
    from actuary.forecast.fund_spec import load_fund_spec  # noqa: PLC0415
    from actuary.forecast.spec import load_pooled_spec  # noqa: PLC0415

    own: dict[str, Callable[[Path], object]] = {
        "pooled.toml": load_pooled_spec,
        "fund.toml": load_fund_spec,
        "reserving.toml": load_delay_spec,
        "small_groups.toml": load_small_group_spec,
    }
    folder = (models or models_root()) / "forecast"
    # Whatever is none of these is a sampled model; a file of another kind is refused by its reader.
    found = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    readers = [partial(own.get(path.name, load_bayes_spec), path) for path in found]
    return [problem for read in readers for problem in _problems_of(read)]


def _synthetic_problems(models: Path | None) -> list[Problem]:
    """Check the declared shape of synthetic cities."""
    from actuary.synth.plan import load_plan  # noqa: PLC0415

    path = (models or models_root()) / "synth" / "shape.toml"
    return _problems_of(partial(load_plan, path)) if path.is_file() else []


def _case_readers(models: Path) -> dict[str, Callable[[], object]]:
    """Return the readers of the declarations of anomalies, the ledger, audits and credit scores, by the file's name."""
    from actuary.alerts.anomalies.rules import load_anomaly_rules  # noqa: PLC0415
    from actuary.alerts.audit.rules import load_audit_plan  # noqa: PLC0415
    from actuary.alerts.credit_rules import load_credit_rules  # noqa: PLC0415
    from actuary.alerts.ledger.rules import load_ledger_rules  # noqa: PLC0415

    readers = {"ledger.toml": load_ledger_rules, "audit.toml": load_audit_plan, "credit.toml": load_credit_rules}
    anomalies = partial(load_anomaly_rules, models / "alerts" / "anomalies.toml")
    return {**{name: partial(read, models) for name, read in readers.items()}, "anomalies.toml": anomalies}


def _case_problems(models: Path | None) -> list[Problem]:
    """Check what is declared of cases: anomalies, the ledger, audits, credit scores."""
    base = models or models_root()
    readers = _case_readers(base)
    present = [read for name, read in readers.items() if (base / "alerts" / name).is_file()]
    return [problem for read in present for problem in _problems_of(read)]


def _personal_problems(models: Path | None) -> list[Problem]:
    """Check what is declared of persons."""
    from actuary.tables.personal_rules import load_personal_rules  # noqa: PLC0415

    return _problems_of(partial(load_personal_rules, models))


def _problems_of(read: Callable[[], object]) -> list[Problem]:
    try:
        read()
    except ActuaryError as error:
        return list(error.problems)
    return []


def _payment_problems(models: Path | None) -> list[Problem]:
    from actuary.payment.method_files import check_method_file, method_rule_paths  # noqa: PLC0415
    from actuary.payment.shipped_policies import check_payment_policies  # noqa: PLC0415

    methods = [p for path in method_rule_paths(models).values() for p in check_method_file(path, root=models)]
    return [*check_payment_policies(models), *methods]


def _payment_file_problems(path: Path) -> list[Problem]:
    from actuary.payment.method_files import check_method_file, is_method_file  # noqa: PLC0415
    from actuary.payment.policy_files import check_payment_file  # noqa: PLC0415

    return check_method_file(path) if is_method_file(path) else check_payment_file(path)


def _is_payment(path: Path) -> bool:
    """Tell a payment policy, or the rules of another method, by its folder or by the tables that only it has."""
    from actuary.policy.toml_files import read_toml  # noqa: PLC0415

    if path.resolve().parent.name == "payment":
        return True
    file, _ = read_toml(path)
    if file is None:
        return False
    return "extends" in file.data or "method" in file.data or {"policy", "weights"} <= set(file.data)


def _scheme_problems(folder: Path) -> tuple[Problem, ...]:
    from actuary.drg.scheme import load_scheme  # noqa: PLC0415

    try:
        load_scheme(str(folder))
    except ActuaryError as error:
        return error.problems
    return ()


def _table_problems(path: Path, data: Path | None) -> tuple[Problem, ...]:
    from actuary.tables import read_file  # noqa: PLC0415

    try:
        read_file(path, _nearest_schema(path), root=data)
    except ActuaryError as error:
        return error.problems
    return ()


def _nearest_schema(path: Path) -> str:
    """Return the kind of table whose columns the header names best; facts when it names none."""
    from actuary.tables import SCHEMAS  # noqa: PLC0415

    check_regular(path, where=str(path))
    with path.open("rb") as stream:
        header = stream.readline().decode("utf-8-sig", errors="replace")
    names = {name.strip().strip('"') for name in header.replace(";", ",").replace("\t", ",").split(",")}

    def fit(name: str) -> tuple[float, bool]:
        columns = set(SCHEMAS[name].columns)
        return len(names & columns) / len(names | columns), name == "facts"

    return max(SCHEMAS, key=fit)
