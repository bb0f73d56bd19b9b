"""Check amounts, in integer fen: totals, payments, fees that imply something (Q04, Q05, Q09, Q10)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from actuary.drg.quality.columns import Mask, format_fen
from actuary.drg.quality.findings import Hit
from actuary.drg.quality.registry import Context, check
from actuary.drg.quality.stays import charged

__all__ = ["charges_add_up", "nursing_fees", "payments_add_up", "surgery_fees"]

_CLASSES = ("claa_sumfee", "clab_amt", "fulamt_ownpay_amt", "oth_amt")


def _all_known(context: Context, table: str, name: str) -> Mask:
    """Return the cases whose amounts in a table could all be read: a sum without one of them says nothing."""
    column = context.lists.column(table, name)
    return ~context.lists.any_of(table, ~column.known)


@check("Q04")
def charges_add_up(context: Context) -> Iterator[Hit]:
    """Yield totals that are not the sum of the charges, and charges that are not the sum of their classes."""
    lists, tolerance = context.lists, context.limit("tolerance_fen")
    amount = lists.column("item", "amt")
    if lists.has("case", "total_cost"):
        total = lists.column("case", "total_cost")
        charges = lists.sum_of("item", amount.values, amount.known)
        known = total.known & _all_known(context, "item", "amt")
        rows = np.flatnonzero(known & (np.abs(total.values - charges) > tolerance))
        if len(rows):
            yield Hit("Q04", "total", "case", rows, "total_cost", filling={"expected": format_fen(charges[rows])})
    if lists.has("item", *_CLASSES):
        classes = [lists.column("item", name) for name in _CLASSES]
        known = amount.known & np.logical_and.reduce([column.known for column in classes])
        parts = np.sum([column.values for column in classes], axis=0)
        rows = np.flatnonzero(known & (np.abs(amount.values - parts) > tolerance))
        if len(rows):
            yield Hit("Q04", "classes", "item", rows, "amt", filling={"expected": format_fen(parts[rows])})


@check("Q05")
def payments_add_up(context: Context) -> Iterator[Hit]:
    """Yield cases whose funds and patient do not pay the total, or whose patient's share is not what was paid."""
    lists, tolerance = context.lists, context.limit("tolerance_fen")
    shares = [lists.column("case", name) for name in ("psn_selfpay", "psn_ownpay")]
    patient = shares[0].values + shares[1].values
    known = shares[0].known & shares[1].known
    if lists.has("case", "total_cost") and lists.has("fund", "fund_payamt"):
        paid = lists.column("fund", "fund_payamt")
        counted = paid.known
        if lists.has("fund", "fund_pay_type"):
            # What the personal account pays is part of the patient's share already.
            counted = counted & ~lists.column("fund", "fund_pay_type").where(context.codes("account_payment").holds)
        together = lists.sum_of("fund", paid.values, counted) + patient
        total = lists.column("case", "total_cost")
        sure = known & total.known & _all_known(context, "fund", "fund_payamt")
        rows = np.flatnonzero(sure & (np.abs(total.values - together) > tolerance))
        if len(rows):
            yield Hit("Q05", "total", "case", rows, "total_cost", filling={"expected": format_fen(together[rows])})
    if lists.has("case", "acct_pay", "psn_cashpay"):
        ways = [lists.column("case", name) for name in ("acct_pay", "psn_cashpay")]
        given = ways[0].values + ways[1].values
        rows = np.flatnonzero(known & ways[0].known & ways[1].known & (np.abs(patient - given) > tolerance))
        if len(rows):
            filling = {"expected": format_fen(patient[rows]), "paid": format_fen(given[rows])}
            yield Hit("Q05", "patient", "case", rows, "psn_cashpay", filling=filling)


@check("Q09")
def surgery_fees(context: Context) -> Iterator[Hit]:
    """Yield cases with a surgery fee and no procedure code."""
    lists = context.lists
    fee = charged(context, "surgery_charge")
    coded = lists.any_of("procedure", lists.column("procedure", "oprn_oprt_code").known)
    rows = np.flatnonzero((fee > 0) & ~coded)
    if len(rows):
        yield Hit("Q09", "missing", "case", rows, ("item", "amt"), format_fen(fee[rows]))


@check("Q10")
def nursing_fees(context: Context) -> Iterator[Hit]:
    """Yield stays of more than a day without a nursing fee."""
    stay = context.lists.column("case", "act_ipt_days")
    long = stay.known & (stay.values > context.limit("stay_without_nursing_days"))
    rows = np.flatnonzero(long & (charged(context, "nursing_charge") <= 0))
    if len(rows):
        yield Hit("Q10", "missing", "case", rows, "act_ipt_days")
