"""What earlier reports expected against what came: forecast, outcome, and the difference by cause, to the yuan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actuary.periods import Quarter
from actuary.report.composer import CellRef, Composer
from actuary.report.contracts import Block, Cell, Column, Paragraph, ReportTable, Section
from actuary.report.expectations import expectation_table, expected_years
from actuary.report.inputs import ReportInputs
from actuary.report.previous import PreviousReport, SchemeReconciliation
from actuary.report.sections.projection import fund_caption

__all__ = ["build"]

_SCHEMES = ("employee", "resident")
_YEAR_END = "year_end"


def build(inputs: ReportInputs, composer: Composer) -> Section:
    """Write the reconciliation with earlier reports, and what the next report will be held against.

    Parameters
    ----------
    inputs : ReportInputs
        Holds the comparisons.
    composer : Composer
        Writes tables and sentences.
    """
    if inputs.previous is None:
        callout = composer.callout("missing", "reconciliation.missing", items=inputs.missing_reference(composer))
        return composer.section("reconciliation", [callout])
    blocks: list[Block] = []
    for previous in inputs.previous:
        blocks += _one(inputs, composer, previous)
    now = expected_years(
        inputs.evidence.forecast, opening=lambda scheme, fund, year: _balance(inputs, scheme, fund, year)
    )
    if now:
        table = expectation_table(composer, now, synthetic=inputs.synthetic)
        composer.annex.append(table)
        blocks.append(composer.say("reconciliation.next", table=f"[[table:{table.id}]]"))
    return composer.section("reconciliation", blocks)


def _balance(inputs: ReportInputs, scheme: str, fund: str, year: int) -> float | None:
    """Return the balance before a year, None where it is forecast."""
    name = f"{fund}balance_end_yuan"
    if inputs.paths.year_status(name, scheme, year - 1) in {"projected", "gap"}:
        return None
    return inputs.paths.year(name, scheme, year - 1)


def _one(inputs: ReportInputs, composer: Composer, previous: PreviousReport) -> list[Block]:
    """Write the comparison with one earlier report."""
    values = {
        "year": str(previous.year),
        "before": str(previous.year - 1),
        "quarter": _quarter(composer, previous.quarter),
    }
    blocks: list[Block] = [
        composer.headed(composer.say(f"reconciliation.{previous.kind}_what", **values), name=values["quarter"])
    ]
    if not previous.schemes:
        if previous.kind != "given":
            return [composer.callout("missing", "reconciliation.first", **values)]
        # A report without forecasts expected no year at all.
        key = "nothing" if previous.year else "empty"
        mends = [composer.text(f"reconciliation.{name}", **values) for name in (f"mend_{key}", "mend_without")]
        return [composer.callout("missing", f"reconciliation.{key}", items=mends, **values)]
    if previous.kind == _YEAR_END:
        blocks = [composer.say("reconciliation.intro", **values)]
        if str(inputs.quarter) != f"{previous.year}Q4":
            blocks.append(composer.say("reconciliation.same_base", **values))
    elif not previous.settled:
        blocks.append(composer.say("reconciliation.not_settled", **values))
    for scheme in _SCHEMES:
        if scheme in previous.schemes:
            blocks += [composer.heading(f"operation.heading_{scheme}")] if previous.kind == _YEAR_END else []
            blocks += _Scheme(inputs, composer, previous, previous.schemes[scheme]).blocks()
        elif previous.kind == _YEAR_END:
            name = composer.text(f"schemes.{scheme}")
            blocks.append(composer.heading(f"operation.heading_{scheme}"))
            blocks.append(composer.callout("missing", "reconciliation.first_scheme", scheme=name))
    return blocks


def _quarter(composer: Composer, label: str) -> str:
    quarter = Quarter.parse(label)
    number = composer.text(f"ordinals.quarter_{quarter.number}")
    return composer.text("cover.quarter", year=str(quarter.year), number=number)


class _Scheme:
    """Write the comparison of one scheme."""

    def __init__(
        self, inputs: ReportInputs, composer: Composer, previous: PreviousReport, found: SchemeReconciliation
    ) -> None:
        self.inputs, self.composer, self.previous, self.found = inputs, composer, previous, found
        self.fund, self.year = fund_caption(inputs, composer, found.scheme), str(found.year)
        self.now = "" if previous.settled else "_now"

    def blocks(self) -> list[Block]:
        expected, steps = self.expected(), self.steps()
        blocks: list[Block] = [self.sentence(steps, expected), steps, expected]
        changes = self.changes() if self.previous.settled and self.previous.kind == _YEAR_END else None
        return [*blocks, changes] if changes is not None else blocks

    def table(
        self, name: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], note: str, **more: Any
    ) -> ReportTable:
        kind = "" if self.previous.kind == _YEAR_END else f"_{self.previous.kind}"
        title = f"tables.{name}{kind}{self.now}" if kind else f"tables.{name}"
        values = {"fund": self.fund, "year": self.year, "quarter": _quarter(self.composer, self.previous.quarter)}
        return self.composer.table(
            f"{name}{kind}_{self.found.scheme}",
            title if self.composer.wording.has(title) else f"tables.{name}",
            title_values=values,
            columns=columns,
            rows=rows,
            notes=[self.composer.text(note)],
            source=self.composer.text("sources.projection"),
            synthetic=self.inputs.synthetic,
            **more,
        )

    def expected(self) -> ReportTable:
        composer = self.composer
        rows: list[list[Cell]] = []
        for one in self.found.figures:
            shown = [composer.show(value, "money") for value in (one.forecast, one.low, one.high, one.came)]
            within = composer.text("phrases.yes" if one.low <= one.came <= one.high else "phrases.no")
            deviation = composer.show(one.came / one.forecast - 1 if one.forecast > 0 else None, "share")
            rows.append([composer.text(f"expected.{one.name}"), *shown, deviation, within])
        columns = [
            composer.text_column("item"),
            composer.column("forecast", "money"),
            composer.column("interval_low", "money"),
            composer.column("interval_high", "money"),
            composer.column("came", "money", label=composer.text(f"columns.came{self.now}")),
            composer.column("deviation", "share", growth=True),
            composer.text_column("within"),
        ]
        given = "given" if self.previous.kind == "given" else "hindsight"
        return self.table("expected", columns, rows, f"reconciliation.note_{given}")

    def steps(self) -> ReportTable:
        composer, found = self.composer, self.found
        amounts = [("forecast", found.forecast_yuan), *((step.item, step.amount_yuan) for step in found.steps)]
        amounts += [("difference", found.came_yuan - found.forecast_yuan), (f"came{self.now}", found.came_yuan)]
        rows: list[list[Cell]] = [
            [composer.text(f"reconciliation_items.{item}"), composer.show(float(amount), "money"), float(amount)]
            for item, amount in amounts
        ]
        columns = [
            composer.text_column("item"),
            composer.column("amount", "money"),
            composer.column("amount_exact", "yuan"),
        ]
        styles = ["", *("" for _ in found.steps), "total", ""]
        return self.table("reconciliation", columns, rows, "reconciliation.note", row_styles=styles)

    def sentence(self, steps: ReportTable, expected: ReportTable) -> Paragraph:
        """Say forecast and outcome, the steps from the largest down, and whether the outcome lay in its interval."""
        composer, found = self.composer, self.found
        whole = len(found.steps) + 1
        difference = found.came_yuan - found.forecast_yuan
        values: dict[str, str | CellRef] = {
            "fund": self.fund,
            "year": self.year,
            "forecast": composer.ref(steps, 0, "amount"),
            "came": composer.ref(steps, whole + 1, "amount"),
            "difference": composer.ref(steps, whole, "amount", absolute=True),
        }
        key = f"reconciliation.{'above' if difference >= 0 else 'below'}{self.now}"
        sentences = [composer.say(key, **values)]
        for number in sorted(range(len(found.steps)), key=lambda one: -abs(found.steps[one].amount_yuan)):
            step = found.steps[number]
            if step.amount_yuan:
                way = "up" if step.amount_yuan > 0 else "down"
                amount = composer.ref(steps, number + 1, "amount", absolute=True)
                sentences.append(composer.say(f"reconciliation.{step.item}_{way}", amount=amount))
        inside = found.figures[-1].low <= found.figures[-1].came <= found.figures[-1].high
        low, high = (composer.ref(expected, -1, f"interval_{end}") for end in ("low", "high"))
        sentences.append(
            composer.say(f"reconciliation.{'inside' if inside else 'outside'}{self.now}", low=low, high=high)
        )
        return composer.join(*sentences)

    def changes(self) -> ReportTable | None:
        """Set the change that was expected beside the one that came and its causes; None where not told."""
        composer, found = self.composer, self.found
        causes = {one.flow: one for one in self.inputs.causes.get(found.scheme, ()) if one.end.year == found.year}
        rows: list[list[Cell]] = []
        styles: list[str] = []
        for figure in found.figures:
            if figure.before is None or figure.name not in causes:
                continue
            flow = composer.text(f"flows.{figure.name}")
            lines = [
                (composer.text(f"cause_names.{cause}"), amount)
                for cause, amount in causes[figure.name].found.by_cause().items()
            ]
            lines.append((composer.text("reconciliation_items.change_came"), figure.came - figure.before))
            lines.append((composer.text("reconciliation_items.change_expected"), figure.forecast - figure.before))
            lines.append((composer.text("reconciliation_items.unexpected"), figure.came - figure.forecast))
            rows += [[flow, name, composer.show(amount, "money")] for name, amount in lines]
            styles += [*("" for _ in lines[:-1]), "total"]
        if not rows:
            return None
        columns = [composer.text_column("flow"), composer.text_column("item"), composer.column("amount", "money")]
        return self.table("unexpected", columns, rows, "reconciliation.note_causes", row_styles=styles)
