"""How hospitals are paid: the policy in force, its prices, what is published of hospitals, and what is lacking."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from actuary.report.cases_given import PAYING_KINDS
from actuary.report.composer import Composer
from actuary.report.contracts import Block, Cell, ReportTable, Section
from actuary.report.inputs import ReportInputs
from actuary.report.sections.city_pages import fact_table
from actuary.report.sections.hospital_cases import case_blocks
from actuary.report.sections.tiers import tier_name

__all__ = ["build"]

_EVERY = "*"
_STEM = "drg_"
_HOW = re.compile("[(;:（；：]")


def build(inputs: ReportInputs, composer: Composer) -> Section | None:
    """Write the section on payment; None of a region that pays no hospitals itself.

    Parameters
    ----------
    inputs : ReportInputs
        Holds the payment policies and the published facts.
    composer : Composer
        Writes tables and sentences.
    """
    if inputs.region.kind not in PAYING_KINDS:
        return None
    blocks: list[Block] = []
    if inputs.payments:
        table = _policies(inputs, composer)
        in_force = [number for number, one in enumerate(inputs.payments) if _covers(inputs, one)]
        for number in in_force or [len(inputs.payments) - 1]:
            words = {"name": str(table.cell(number, "policy")), "family": str(table.cell(number, "family"))}
            blocks.append(composer.say(f"payment.{'in_force' if in_force else 'lapsed'}", **words))
            note = inputs.word(inputs.payments[number].declared.policy, "note")
            blocks += [composer.say("payment.note", note=note)] if note else []
        blocks.append(table)
        rates = _rates(inputs, composer)
        blocks += [composer.say("payment.rates"), rates] if rates is not None else []
    else:
        blocks.append(composer.callout("missing", "payment.no_policy", region=inputs.region_name))
    facts = inputs.selected
    mine = facts[facts["indicator"].str.startswith(_STEM) & facts["value"].notna()] if len(facts) else facts
    if len(mine):
        blocks += [
            composer.say("payment.facts"),
            fact_table(
                inputs,
                composer,
                "payment_facts",
                mine,
                title="tables.payment_facts",
                compact=True,
                city=inputs.region_name,
            ),
        ]
    # What follows a bracket or a semicolon tells how to write it in the file.
    asked = [inputs.word(item, "what") for one in inputs.payments for item in one.required_inputs]
    lacking = list(dict.fromkeys(_HOW.split(one)[0].strip() for one in asked))
    # Cases come settled, by a policy that is whole: what the one on record lacks was given.
    if lacking and inputs.cases is None:
        blocks.append(composer.callout("missing", "payment.inputs", items=lacking))
    if inputs.cases is not None:
        blocks += case_blocks(inputs, composer, inputs.cases)
    else:
        blocks.append(composer.callout("missing", "payment.no_cases", region=inputs.region_name))
    return composer.section("payment", blocks)


def _covers(inputs: ReportInputs, policy: Any) -> bool:
    first, last, day = policy.valid.first_day, policy.valid.last_day, inputs.quarter.last_day
    return (first is None or first <= day) and (last is None or day <= last)


def _policies(inputs: ReportInputs, composer: Composer) -> ReportTable:
    rows: list[list[Cell]] = []
    for policy in inputs.payments:
        first, last = policy.valid.first_day, policy.valid.last_day
        rows.append(
            [
                inputs.word(policy.declared.policy, "name"),
                composer.text(f"payment_families.{policy.family}"),
                first.isoformat() if first else None,
                last.isoformat() if last else None,
                float(len(policy.weight_table.groups)),
                float(len(policy.required_inputs)),
            ]
        )
    columns = [
        composer.text_column("policy"),
        composer.text_column("family"),
        composer.text_column("valid_from", kind="period"),
        composer.text_column("valid_to", kind="period"),
        composer.column("weights_known", "count"),
        composer.column("inputs_lacking", "count"),
    ]
    return composer.table(
        "payment_policies",
        "tables.payment_policies",
        columns=columns,
        rows=rows,
        notes=[composer.text("payment.note_weights")],
        source=composer.text("sources.payment_rules"),
    )


def _rates(inputs: ReportInputs, composer: Composer) -> ReportTable | None:
    rows: list[list[Cell]] = []
    for policy in inputs.payments:
        price = policy.declared.price
        for rate in _declared(price):
            scheme = str(getattr(rate, "insurance", _EVERY))
            key = f"schemes.{scheme}"
            tier = str(getattr(rate, "tier", _EVERY))
            rows.append(
                [
                    inputs.word(policy.declared.policy, "name"),
                    composer.text("payment.every") if tier == _EVERY else tier_name(composer, tier),
                    composer.text(key) if composer.wording.has(key) else composer.text("payment.every"),
                    float(rate.value),
                    composer.text(f"payment_bases.{price.represents}"),
                ]
            )
    if not rows:
        return None
    columns = [
        composer.text_column("policy"),
        composer.text_column("hospital_tier"),
        composer.text_column("scheme"),
        composer.column("price", "ratio", label=composer.text(f"columns.price_of_{inputs.payments[-1].family}")),
        composer.text_column("represents"),
    ]
    return composer.table(
        "payment_rates",
        "tables.payment_rates",
        columns=columns,
        rows=rows,
        source=composer.text("sources.payment_rules"),
    )


def _declared(price: Any) -> Sequence[Any]:
    return () if price is None else tuple(price.rate) or tuple(price.budget_value)
