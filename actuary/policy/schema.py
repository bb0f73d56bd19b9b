"""JSON Schemas of every kind of file, for editors: completion and red underlines while one types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from actuary.durable.files import replace_file
from actuary.policy.alert_rules import AlertRuleFile
from actuary.policy.assumptions import ASSUMPTION_KEYS, BasisHeader
from actuary.policy.finance_model import FinanceFile
from actuary.policy.membership_model import MembershipFile
from actuary.policy.parameters import PARAMETER_UNITS, AssumptionParameter, Parameter
from actuary.policy.policy_book import POLICY_GROUPS
from actuary.policy.regions import RegionFile
from actuary.policy.report_plans import ReportPlanFile
from actuary.policy.scenarios import ScenarioFile

__all__ = ["SCHEMA_KINDS", "build_schema", "write_schemas"]

#: Kinds of files that have a schema.
SCHEMA_KINDS: tuple[str, ...] = (
    "policy",
    "assumptions",
    "scenario",
    "alerts",
    "report",
    "region",
    "finance",
    "membership",
)

_WHOLE: dict[str, type[BaseModel]] = {
    "scenario": ScenarioFile,
    "alerts": AlertRuleFile,
    "report": ReportPlanFile,
    "region": RegionFile,
    "finance": FinanceFile,
    "membership": MembershipFile,
}


def _parameter_schema(model: type[BaseModel]) -> tuple[dict[str, Any], dict[str, Any]]:
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.pop("$defs")
    schema["properties"]["unit"]["enum"] = list(PARAMETER_UNITS)
    return schema, definitions


def build_schema(kind: str) -> dict[str, Any]:
    """Build the JSON Schema of a kind of file.

    Parameters
    ----------
    kind : str
        One of :data:`SCHEMA_KINDS`.

    Examples
    --------
    >>> build_schema("policy")["additionalProperties"]
    False
    """
    if kind in _WHOLE:
        body = _WHOLE[kind].model_json_schema(by_alias=True)
    elif kind == "policy":
        parameter, definitions = _parameter_schema(Parameter)
        definitions["Parameter"] = parameter
        group = {"type": "object", "additionalProperties": {"$ref": "#/$defs/Parameter"}}
        body = {
            "type": "object",
            "properties": dict.fromkeys(POLICY_GROUPS, group),
            "additionalProperties": False,
            "$defs": definitions,
        }
    else:
        parameter, definitions = _parameter_schema(AssumptionParameter)
        definitions["AssumptionParameter"] = parameter
        body = BasisHeader.model_json_schema(by_alias=True)
        body["$defs"] = {**body.get("$defs", {}), **definitions}
        reference = {"$ref": "#/$defs/AssumptionParameter"}
        for key in ASSUMPTION_KEYS:
            group_name, name = key.split(".")
            held = body["properties"].setdefault(
                group_name, {"type": "object", "properties": {}, "additionalProperties": reference}
            )
            held["properties"][name] = reference
        body["additionalProperties"] = {"type": "object", "additionalProperties": reference}
    return {**body, "$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"models: {kind}"}


def write_schemas(root: Path) -> list[Path]:
    """Write the JSON Schema of every kind of file into the folder schema.

    Parameters
    ----------
    root : Path
        Root of the models.

    Returns
    -------
    list of Path
        The files written.
    """
    folder = root / "schema"
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for kind in SCHEMA_KINDS:
        path = folder / f"{kind}.schema.json"
        text = json.dumps(build_schema(kind), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        replace_file(path, text.encode())
        written.append(path)
    return written
