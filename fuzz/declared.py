"""Targets of declarations: files under models/, each in the place of one that ships, and TOML files that users give."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from actuary.errors import ActuaryError, Problem
from fuzz.base import choice, models_copy, teaches, written

__all__ = ["GIVEN", "PLACES", "declarations", "given"]

#: Called with the file, and the root of the models.
type Reader = Callable[[Path, Path], object]


@cache
def _function(name: str) -> Any:
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(f"actuary.{module}"), function)


def _root(name: str, keyword: str = "root", *given: Any) -> Reader:
    """Return a reader that finds its file below the models."""
    return lambda _path, root: _function(name)(*given, **{keyword: root})


def _file(name: str, keyword: str = "", **more: Any) -> Reader:
    """Return a reader that is given its file, and the root of the models where it asks for it."""
    return lambda path, root: _function(name)(path, **({keyword: root} if keyword else {}), **more)


_CHECKED = _file("policy.check:check_file", "root")
_POLICY = _file("payment.policy_files:load_payment_policy", "root", partial_ok=True)


def _settlement_list(_path: Path, root: Path) -> object:
    # It is kept for as long as a process lives.
    _function("drg.quality.declarations:_load").cache_clear()
    return _function("drg.quality.declarations:load_declarations")(root)


_MEMBERSHIP = _root("policy.membership_model:load_membership_model", "root", "national")
_MODULES = _root("policy.module_model:load_modules", "root", "national")

#: Every kind of file under models/, and what reads it there.
PLACES: dict[str, Reader] = {
    "scenarios/adverse.toml": _CHECKED,
    "national/policy/payment.toml": _CHECKED,
    "national/policy/retirement.toml": _CHECKED,
    "national/policy/procurement.toml": _CHECKED,
    "national/assumptions/base.toml": _CHECKED,
    "national/region.toml": _CHECKED,
    "alerts/fund.toml": _CHECKED,
    "reports/quarterly.toml": _CHECKED,
    "national/model/finance.toml": _CHECKED,
    "national/model/membership.toml": _CHECKED,
    "national/model/modules.toml": _MODULES,
    "national/model/birth_policies.toml": _MODULES,
    "national/model/procurement_rounds.csv": _MODULES,
    "national/model/module_profiles.csv": _MODULES,
    "national/model/age_profiles.csv": _root("policy.finance_model:load_finance_model", "root", "national"),
    "national/model/membership_profiles.csv": _MEMBERSHIP,
    "national/model/flexible_retirement.csv": _MEMBERSHIP,
    "national/model/back_test.toml": _root("fund.model.back_test:load_back_test_rules"),
    "national/model/sensitivity.toml": _root("fund.model.sensitivity:load_ranges", "root", "national"),
    "national/model/panel.toml": _root("report.panels.fund:load_sliders", "root", "national"),
    "national/model/population_paths.toml": _root("policy.population_paths:load_population_paths"),
    "national/payment/points-linear.toml": _POLICY,
    "national/payment/points-from-cases.toml": _POLICY,
    "national/payment/dip-specification.toml": _POLICY,
    "cities/shenyang/payment/2021.toml": _POLICY,
    "cities/suzhou/payment/2022.toml": _POLICY,
    "cities/suzhou/payment/2022.csv": lambda path, root: _POLICY(path.with_suffix(".toml"), root),
    "national/payment/methods/dip_years.toml": _file("payment.method_files:load_method_rules", "root"),
    "national/payment/indicators/limits.toml": _file("payment.indicator_limits:load_indicator_limits"),
    "national/payment/reporting/limits.toml": _root("report.case_limits:load_case_limits", "models"),
    "national/settlement_list/rules.toml": _settlement_list,
    "national/settlement_list/limits.toml": _settlement_list,
    "national/settlement_list/codes.toml": _settlement_list,
    "national/settlement_list/tables.toml": _settlement_list,
    "national/settlement_list/case_file.toml": _settlement_list,
    "forecast/pooled.toml": _file("forecast.spec:load_pooled_spec"),
    "forecast/fund.toml": _file("forecast.fund_spec:load_fund_spec", "models"),
    "forecast/reserving.toml": _file("forecast.delay_spec:load_delay_spec"),
    "forecast/small_groups.toml": _file("forecast.delay_spec:load_small_group_spec"),
    "forecast/structural.toml": _file("forecast.bayes_spec:load_bayes_spec", "models"),
    "alerts/anomalies.toml": _file("alerts.anomalies.rules:load_anomaly_rules"),
    "alerts/credit.toml": lambda _path, root: _function("alerts.credit_rules:load_credit_rules")(root),
    "alerts/ledger.toml": lambda _path, root: _function("alerts.ledger.rules:load_ledger_rules")(root),
    "alerts/audit.toml": lambda _path, root: _function("alerts.audit.rules:load_audit_plan")(root),
    "alerts/track_record.csv": lambda _path, root: _function("alerts.track_file:load_track")(_alert_rules(), root),
    "personal/rules.toml": _root("tables.personal_rules:load_personal_rules"),
    "synth/shape.toml": _file("synth.plan:load_plan"),
    "synth/relative_cost.csv": lambda path, _root: _function("synth.plan:load_plan")(path.with_name("shape.toml")),
    "national/sources.md": lambda path, root: _CHECKED(path.with_name("region.toml"), root),
    "national/drg/chs-drg-1.1/known_findings.toml": lambda path, _root:
        _function("drg.scheme_findings:read_known_findings")(path.parent),
    "national/drg/chs-drg-1.1/scheme.toml": lambda path, _root:
        _function("drg.scheme_tables:read_tables")(path.parent)[1],
}  # fmt: skip


@cache
def _alert_rules() -> Any:
    return _function("policy:load_alert_rules")()


def declarations(content: bytes) -> None:
    """Hold declarations of every kind: the first byte says in whose place the file stands."""
    which, content = choice(content, len(PLACES))
    place, load = list(PLACES.items())[which]
    path = models_copy() / place
    before = path.read_bytes()
    try:
        path.write_bytes(content)
        _held(load(path, models_copy()))
    finally:
        path.write_bytes(before)


def _held(found: object) -> None:
    """Look at the problems that a check returns instead of raising them."""
    for problem in found if isinstance(found, list | tuple) else ():
        if isinstance(problem, Problem):
            teaches(ActuaryError(problem))


#: TOML files that users give, and a small one of each.
GIVEN: dict[str, tuple[str, str]] = {
    "forecast.products:read_products": ("toml", 'schema = 1\n[[product]]\nname = "ab"\nparts = ["a", "b"]\n'),
    "payment.alliance:read_alliances": (
        "toml",
        '[[alliance]]\nname = "east"\ninsurance = "resident"\npool_yuan = 1000.00\noutside_yuan = 250.5\n'
        'retain_share = 0.9\noverspend = "share"\nfund_share = 0.5\ncriteria = { score = 0.4, heads = 0.6 }\n'
        'member = [\n  { hospital = "A", figures = { score = 90, heads = 300 } },\n'
        '  { hospital = "B", figures = { score = 60, heads = 100 } },\n]\n',
    ),
    "payment.budget_sources:load_budget": (
        "toml",
        'adjust_share = "0.05"\n[budget_yuan]\nemployee = 1000000\nresident = "5.5"\n[[step]]\nname = "a"\n'
        'source = "judgement"\nshare = 0.1\ninsurance = "employee"\n',
    ),
    "tables.personal_keys:read_personal_key": ("key", "actuary personal key 1\n" + "ab" * 32 + "\n"),
    "cli.standards:read_point_values": ("word", "employee=53.8381"),
    "cli.switch_options:read_positions": ("word", "a=on"),
}


def given(content: bytes) -> None:
    """Hold files and words that users give beside the tables."""
    which, content = choice(content, len(GIVEN))
    name, (suffix, _) = list(GIVEN.items())[which]
    if suffix == "word":
        _function(name)([content.decode("utf-8", "surrogateescape")])
        return
    path = written(f"given.{suffix}", content)
    path.chmod(0o600)
    _function(name)(path)
