"""People in the schemes: stocks by quarter, average members and the ratio of active to retired."""

from __future__ import annotations

from actuary.demography.members import average_members, dependency_ratio, interpolate_stocks

__all__ = ["average_members", "dependency_ratio", "interpolate_stocks"]
