"""Outputs that appear whole or not at all, under the name by which runs know them; see `actuary.durable`."""

from __future__ import annotations

from actuary.durable.files import replace_file, written_whole
from actuary.durable.folders import MANIFEST, check_output, staged_output

__all__ = ["MANIFEST", "check_output", "replace_file", "staged_output", "written_whole"]
