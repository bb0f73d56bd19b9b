"""The report a year before against what came: forecast, outcome, and the difference by cause, closing to the yuan."""

from __future__ import annotations

from actuary.report.composer import CellRef, Composer
from actuary.report.contracts import Block, Cell, Paragraph, ReportTable, Section
from actuary.report.inputs import ReportInputs
from actuary.report.previous import SchemeReconciliation
from actuary.report.sections.projection import fund_caption

__all__ = ["build"]

_SCHEMES = ("employee", "resident")


def build(inputs: ReportInputs, composer: Composer) -> Section:
    """Write the reconciliation with the previous report.

    Parameters
    ----------
    inputs : ReportInputs
        Holds the comparison with the report a year before.
    composer : Composer
        Writes tables and sentences.
    """
    previous = inputs.previous
    if previous is None:
        callout = composer.callout("missing", "reconciliation.missing", items=inputs.missing_reference(composer))
        return composer.section("reconciliation", [callout])
    values = {"year": str(previous.year), "before": str(previous.year - 1)}
    if not previous.schemes:
        callout = composer.callout("missing", "reconciliation.first", **values)
        return composer.section("reconciliation", [callout])
    blocks: list[Block] = [composer.say("reconciliation.intro", **values)]
    if str(inputs.quarter) != f"{previous.year}Q4":
        blocks.append(composer.say("reconciliation.same_base", **values))
    for scheme in _SCHEMES:
        blocks.append(composer.heading(f"operation.heading_{scheme}"))
        if scheme in previous.schemes:
            blocks += _scheme(inputs, composer, previous.schemes[scheme])
        else:
            name = composer.text(f"schemes.{scheme}")
            blocks.append(composer.callout("missing", "reconciliation.first_scheme", scheme=name))
    return composer.section("reconciliation", blocks)


def _scheme(inputs: ReportInputs, composer: Composer, found: SchemeReconciliation) -> list[Block]:
    fund, year = fund_caption(inputs, composer, found.scheme), str(found.year)
    expected = _expected(inputs, composer, found, fund, year)
    steps = _steps(inputs, composer, found, fund, year)
    blocks: list[Block] = [_sentence(composer, found, steps, expected, fund), steps, expected]
    changes = _changes(inputs, composer, found, fund, year)
    return [*blocks, changes] if changes is not None else blocks


def _expected(
    inputs: ReportInputs, composer: Composer, found: SchemeReconciliation, fund: str, year: str
) -> ReportTable:
    rows: list[list[Cell]] = []
    for one in found.figures:
        shown = [composer.show(value, "money") for value in (one.forecast, one.low, one.high, one.came)]
        within = composer.text("phrases.yes" if one.low <= one.came <= one.high else "phrases.no")
        deviation = composer.show(one.came / one.forecast - 1 if one.forecast > 0 else None, "share")
        rows.append([composer.text(f"expected.{one.name}"), *shown, deviation, within])
    columns = [
        composer.text_column("item"),
        composer.column("forecast", "money"),
        composer.column("interval_low", "money"),
        composer.column("interval_high", "money"),
        composer.column("came", "money"),
        composer.column("deviation", "share", growth=True),
        composer.text_column("within"),
    ]
    return composer.table(
        f"expected_{found.scheme}",
        "tables.expected",
        title_values={"fund": fund, "year": year},
        columns=columns,
        rows=rows,
        notes=[composer.text("reconciliation.note_hindsight")],
        source=composer.text("sources.projection"),
        synthetic=inputs.synthetic,
    )


def _steps(inputs: ReportInputs, composer: Composer, found: SchemeReconciliation, fund: str, year: str) -> ReportTable:
    amounts = [("forecast", found.forecast_yuan), *((step.item, step.amount_yuan) for step in found.steps)]
    amounts += [("difference", found.came_yuan - found.forecast_yuan), ("came", found.came_yuan)]
    rows: list[list[Cell]] = [
        [composer.text(f"reconciliation_items.{item}"), composer.show(float(amount), "money"), float(amount)]
        for item, amount in amounts
    ]
    columns = [
        composer.text_column("item"),
        composer.column("amount", "money"),
        composer.column("amount_exact", "yuan"),
    ]
    return composer.table(
        f"reconciliation_{found.scheme}",
        "tables.reconciliation",
        title_values={"fund": fund, "year": year},
        columns=columns,
        rows=rows,
        notes=[composer.text("reconciliation.note")],
        source=composer.text("sources.projection"),
        synthetic=inputs.synthetic,
        row_styles=["", *("" for _ in found.steps), "total", ""],
    )


def _sentence(
    composer: Composer, found: SchemeReconciliation, steps: ReportTable, expected: ReportTable, fund: str
) -> Paragraph:
    """Say forecast and outcome, the steps from the largest down, and whether the outcome lay in its interval."""
    whole = len(found.steps) + 1
    difference = found.came_yuan - found.forecast_yuan
    values: dict[str, str | CellRef] = {
        "fund": fund,
        "year": str(found.year),
        "forecast": composer.ref(steps, 0, "amount"),
        "came": composer.ref(steps, whole + 1, "amount"),
        "difference": composer.ref(steps, whole, "amount", absolute=True),
    }
    sentences = [composer.say(f"reconciliation.{'above' if difference >= 0 else 'below'}", **values)]
    for number in sorted(range(len(found.steps)), key=lambda one: -abs(found.steps[one].amount_yuan)):
        step = found.steps[number]
        if step.amount_yuan:
            way = "up" if step.amount_yuan > 0 else "down"
            amount = composer.ref(steps, number + 1, "amount", absolute=True)
            sentences.append(composer.say(f"reconciliation.{step.item}_{way}", amount=amount))
    inside = found.figures[-1].low <= found.figures[-1].came <= found.figures[-1].high
    key = "inside" if inside else "outside"
    low, high = (composer.ref(expected, -1, f"interval_{end}") for end in ("low", "high"))
    sentences.append(composer.say(f"reconciliation.{key}", low=low, high=high))
    return composer.join(*sentences)


def _changes(
    inputs: ReportInputs, composer: Composer, found: SchemeReconciliation, fund: str, year: str
) -> ReportTable | None:
    """Set the change that was expected beside the one that came, and that one's causes; None where not told."""
    causes = {one.flow: one for one in inputs.causes.get(found.scheme, ()) if one.end.year == found.year}
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
    return composer.table(
        f"unexpected_{found.scheme}",
        "tables.unexpected",
        title_values={"fund": fund, "year": year},
        columns=columns,
        rows=rows,
        notes=[composer.text("reconciliation.note_causes")],
        source=composer.text("sources.projection"),
        synthetic=inputs.synthetic,
        row_styles=styles,
    )
