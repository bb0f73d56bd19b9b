"""Audit of claims by sample: drawn by rule, reviewed by people, extrapolated with an interval.

See docs/audit-sampling.md.
"""

from __future__ import annotations

from actuary.alerts.audit.estimate import AuditEstimate, estimate_audit
from actuary.alerts.audit.results import AuditResults, read_results
from actuary.alerts.audit.rules import AuditDesign, AuditPlan, audit_of_policy, load_audit_plan
from actuary.alerts.audit.sample import AuditSampling, draw_audit

__all__ = [
    "AuditDesign",
    "AuditEstimate",
    "AuditPlan",
    "AuditResults",
    "AuditSampling",
    "audit_of_policy",
    "draw_audit",
    "estimate_audit",
    "load_audit_plan",
    "read_results",
]
