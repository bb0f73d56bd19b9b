"""Why spending and income changed on the year before: volume, price, structure, policy, one-offs, adding up exactly."""

from __future__ import annotations

from typing import Any

from actuary.report.composer import CellRef, Composer
from actuary.report.contracts import Block, Cell, Paragraph, ReportFigure, ReportTable, Section
from actuary.report.inputs import ReportInputs
from actuary.report.sections.balance import fund_prefix
from actuary.report.sections.projection import fund_caption
from actuary.report.sections.year_tables import figures_source
from actuary.report.waterfall import Fall, waterfall

__all__ = ["build"]

_SCHEMES = ("employee", "resident", "all")
#: What keeps the amount a member of an income together.
_OF_INCOME = "per_member_income"
_FLOW_NAMES = ("income", "pooled_income", "expenditure", "pooled_expenditure", "enrolled")


def build(inputs: ReportInputs, composer: Composer) -> Section:
    """Write the section on causes.

    Parameters
    ----------
    inputs : ReportInputs
        Holds the changes split by cause.
    composer : Composer
        Writes tables and sentences.
    """
    told = [scheme for scheme in _SCHEMES if inputs.causes.get(scheme)]
    if not told:
        callout = composer.callout("missing", "causes.missing", items=inputs.missing_reference(composer))
        return composer.section("causes", [callout])
    blocks: list[Block] = [composer.say("causes.intro")]
    for scheme in _SCHEMES:
        if scheme in told:
            blocks.append(composer.heading(f"operation.heading_{scheme}"))
            blocks += _scheme(inputs, composer, scheme)
        elif scheme != "all":
            name = composer.text(f"schemes.{scheme}")
            blocks.append(composer.callout("missing", "causes.missing_scheme", scheme=name))
    return composer.section("causes", blocks)


def _scheme(inputs: ReportInputs, composer: Composer, scheme: str) -> list[Block]:
    causes = inputs.causes[scheme]
    year = causes[0].end.year
    broken = [
        one for one in causes if inputs.is_break(scheme, f"{_prefix(inputs, scheme)}{one.flow}_yuan", one.end.year)
    ]
    if broken:
        # The change holds what changed the coverage: its parts would say nothing of the fund.
        return [composer.callout("info", "causes.broken", year=str(year), scheme=composer.text(f"schemes.{scheme}"))]
    table, starts = _table(inputs, composer, scheme)
    sentences = [
        _sentence(inputs, composer, scheme, table, one, start) for one, start in zip(causes, starts, strict=True)
    ]
    blocks: list[Block] = [*sentences, table]
    if any(len(one.found.by_cause()) > 1 for one in causes):
        blocks.append(_figure(composer, scheme, causes, str(year), _caption(inputs, composer, scheme)))
    return blocks


def _prefix(inputs: ReportInputs, scheme: str) -> str:
    return fund_prefix(inputs, scheme) if scheme == "employee" else ""


def _caption(inputs: ReportInputs, composer: Composer, scheme: str) -> str:
    return composer.text("schemes.all") if scheme == "all" else fund_caption(inputs, composer, scheme)


def _what(composer: Composer, flow: str, part: Any, lang: str) -> str:
    declared = part.name_zh if lang == "zh" else part.name_en
    if declared:
        return str(declared)
    factor = _OF_INCOME if flow == "income" and part.factor == "per_member" else part.factor
    return composer.text(f"cause_factors.{factor}")


def _table(inputs: ReportInputs, composer: Composer, scheme: str) -> tuple[ReportTable, list[int]]:
    """Build the table of one scheme; return it with the row at which every flow begins."""
    rows: list[list[Cell]] = []
    styles: list[str] = []
    starts: list[int] = []
    for one in inputs.causes[scheme]:
        found, flow = one.found, composer.text(f"flows.{one.flow}")
        starts.append(len(rows))
        first, last = str(one.end.year - 1), str(one.end.year)
        rows.append(
            [flow, composer.text("causes.level", year=first), "", composer.show(found.before_yuan, "money"), None]
        )
        for part in found.parts:
            share = part.amount_yuan / found.before_yuan if found.before_yuan else None
            rows.append([
                flow,
                composer.text(f"cause_names.{part.cause}"),
                _what(composer, one.flow, part, inputs.lang),
                composer.show(part.amount_yuan, "money"),
                composer.show(share, "share"),
            ])  # fmt: skip
        grown = found.change_yuan / found.before_yuan if found.before_yuan else None
        changed, level = composer.show(found.change_yuan, "money"), composer.show(found.after_yuan, "money")
        rows.append([flow, composer.text("causes.change"), "", changed, composer.show(grown, "share")])
        rows.append([flow, composer.text("causes.level", year=last), "", level, None])
        styles += ["", *("" for _ in found.parts), "total", ""]
    columns = [
        composer.text_column("flow"),
        composer.text_column("cause_kind"),
        composer.text_column("factor"),
        composer.column("amount", "money"),
        composer.column("contribution", "share", growth=True),
    ]
    schemes = ["employee", "resident"] if scheme == "all" else [scheme]
    return (
        composer.table(
            f"causes_{scheme}",
            "tables.causes",
            title_values={"fund": _caption(inputs, composer, scheme), "year": str(inputs.causes[scheme][0].end.year)},
            columns=columns,
            rows=rows,
            notes=[composer.text("causes.note")],
            source=figures_source(inputs, composer, schemes, _FLOW_NAMES),
            synthetic=inputs.synthetic,
            row_styles=styles,
        ),
        starts,
    )


def _sentence(
    inputs: ReportInputs, composer: Composer, scheme: str, table: ReportTable, one: Any, start: int
) -> Paragraph:
    """Say what a flow did, what made it do so in the order of size, and why the rest cannot be told apart."""
    parts = one.found.parts
    whole = start + 1 + len(parts)
    amount = one.found.change_yuan
    values: dict[str, str | CellRef] = {
        "year": str(one.end.year),
        "fund": _caption(inputs, composer, scheme),
        "flow": composer.text(f"flows.{one.flow}"),
        "amount": composer.ref(table, whole, "amount", absolute=True),
        "rate": composer.ref(table, whole, "contribution", absolute=True),
    }
    sentences = [composer.say(f"causes.{'rose' if amount >= 0 else 'fell'}", **values)]
    order = sorted(range(len(parts)), key=lambda number: -abs(parts[number].amount_yuan))
    known = [number for number in order if parts[number].cause != "not_separable"]
    open_ = [number for number in order if parts[number].cause == "not_separable"]
    for number in known:
        part = parts[number]
        sentences.append(
            composer.say(
                f"causes.{'added' if part.amount_yuan >= 0 else 'took'}",
                cause=composer.text(f"cause_names.{part.cause}"),
                factor=_what(composer, one.flow, part, inputs.lang),
                amount=composer.ref(table, start + 1 + number, "amount", absolute=True),
            )
        )
    for number in open_:
        reason = composer.text(f"cause_reasons.{_reason(inputs, scheme, one)}")
        reference = composer.ref(table, start + 1 + number, "amount")
        sentences.append(composer.say("causes.open", amount=reference, reason=reason))
    if open_ and open_[0] == order[0]:
        sentences.append(composer.say("causes.mostly_open"))
    return composer.join(*sentences)


def _reason(inputs: ReportInputs, scheme: str, one: Any) -> str:
    missing = one.found.missing
    if "members" in missing:
        return "members"
    if one.flow == "income":
        return "income"
    if scheme == "all":
        return "all"
    if scheme == "employee" and fund_prefix(inputs, scheme):
        return "pooled"
    return "cost" if "cost" in missing else "uses"


def _figure(composer: Composer, scheme: str, causes: Any, year: str, fund: str) -> ReportFigure:
    falls = []
    for one in causes:
        parts = tuple(
            (composer.text(f"cause_names.{cause}"), composer.show(amount, "money") or 0.0)
            for cause, amount in one.found.by_cause().items()
        )
        falls.append(Fall(composer.text("causes.whole", flow=composer.text(f"flows.{one.flow}")), parts))
    figure_id = f"causes_{scheme}_parts"
    svg = waterfall(
        figure_id,
        falls,
        y_label=composer.text("axes.money"),
        alt=composer.text("figures.causes_alt", fund=fund, year=year),
    )
    note = composer.text("sources.figure", table=f"[[table:causes_{scheme}]]")
    return composer.figure(figure_id, "figures.causes", svg=svg, note=note, fund=fund, year=year)
