"""The JSON Schema of payment policies, for editors: completion and red underlines while one types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from actuary.durable.files import replace_file
from actuary.payment.declaration import PolicyFile

__all__ = ["build_payment_schema", "write_payment_schema"]


def build_payment_schema() -> dict[str, Any]:
    """Build the JSON Schema of a payment policy; a file that extends another need not hold every table.

    Examples
    --------
    >>> build_payment_schema()["additionalProperties"]
    False
    """
    body = PolicyFile.model_json_schema(by_alias=True, mode="validation")
    body["properties"]["extends"] = {"type": "string", "description": "Name or path of the policy it completes."}
    required = body.pop("required")
    body["anyOf"] = [{"required": ["extends"]}, {"required": required}]
    volume = body["$defs"]["VolumeCap"]
    volume["additionalProperties"] = {"type": "integer", "minimum": 1}
    return {**body, "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "models: payment"}


def write_payment_schema(root: Path) -> Path:
    """Write the schema into the folder schema.

    Parameters
    ----------
    root : Path
        Root of the models.

    Returns
    -------
    Path
        The file.
    """
    path = root / "schema" / "payment.schema.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(build_payment_schema(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    replace_file(path, text.encode())
    return path
