"""One page a city: what is published about it, with year and source, and what must be supplied."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from actuary.report.composer import CellRef, Composer
from actuary.report.contracts import Block, Cell, Heading, ReportTable, Section
from actuary.report.inputs import CityFacts, ReportInputs, without_files
from actuary.report.numbers import number_or_none, scale_in_unit
from actuary.report.sections.citations import Citations

__all__ = ["build", "fact_table"]

#: Facts that lead the page, in this order; all others stand in the annex.
_LEADING = (
    "income",
    "expenditure",
    "current_balance",
    "balance_end",
    "enrolled",
    "active",
    "retired",
    "dependency_ratio",
    "enrolment_rate",
    "admission_rate",
    "inpatient_eligible_reimbursement_rate",
    "subsidy_per_head",
    "premium_per_head",
    "inpatient_cost_per_stay",
    "drg_hospitals",
    "drg_settlement_rate",
    "contribution_cut",
    "population_resident",
    "population_registered",
    "births",
    "deaths",
)
_ROWS = 22


def build(inputs: ReportInputs, composer: Composer) -> Section | None:
    """Write the pages of the cities; None when there is none to write.

    Parameters
    ----------
    inputs : ReportInputs
        The figures.
    composer : Composer
        Writes tables and sentences.
    """
    blocks: list[Block] = []
    for city in inputs.cities:
        blocks += _page(inputs, composer, city)
    return composer.section("city_pages", blocks) if blocks else None


def _page(inputs: ReportInputs, composer: Composer, city: CityFacts) -> list[Block]:
    name = inputs.word(city.region, "name")
    blocks: list[Block] = [Heading("", name)]
    leading = _leading(city.facts)
    if len(leading):
        table = fact_table(
            inputs, composer, f"city_{city.region.id}", leading, title="tables.city", compact=True, city=name
        )
        blocks += [*_sentences(composer, table, leading, name), table]
        if len(city.facts) > len(leading):
            blocks.append(composer.say("city_page.more"))
    note = inputs.word(city.region, "note")
    if note:
        blocks.append(composer.say("city_page.note", note=note))
    own = inputs.missing() if city.region.id == inputs.region.id else ()
    needed: dict[str, str] = {}
    for item in (*city.missing, *own):
        needed.setdefault(without_files(inputs.word(item, "what")), inputs.word(item, "needed_for"))
    if needed:
        items = [
            composer.text("city_page.missing_item", what=what, needed_for=purpose) if purpose else what
            for what, purpose in needed.items()
        ]
        blocks.append(composer.callout("missing", "city_page.missing", items=items, city=name))
    return blocks


def _leading(facts: pd.DataFrame) -> pd.DataFrame:
    order = {name: rank for rank, name in enumerate(_LEADING)}
    chosen = facts[facts["indicator"].isin(order) & facts["value"].notna() & facts["group"].eq("")]
    # The newest first within an indicator; the page keeps a page's length.
    ranked = chosen.assign(_rank=chosen["indicator"].map(order)).sort_values(
        ["quarter"], ascending=False, kind="stable"
    )
    return ranked.sort_values("_rank", kind="stable").drop(columns="_rank").head(_ROWS)


def fact_table(
    inputs: ReportInputs,
    composer: Composer,
    table_id: str,
    facts: pd.DataFrame,
    *,
    title: str,
    compact: bool = False,
    used: pd.DataFrame | None = None,
    city: str,
) -> ReportTable:
    """Build a table of fact rows: period, scheme, indicator, value, unit, source, confidence.

    Parameters
    ----------
    inputs : ReportInputs
        Gives names and language.
    composer : Composer
        Collects the table.
    table_id : str
        Id of the table.
    facts : DataFrame
        Fact rows.
    title : str
        Key of the caption.
    city : str
        Name of the place, for the caption.
    compact : bool
        Whether sources are numbers explained under the table, instead of titles; without addresses then.
    used : DataFrame, optional
        The preferred rows among them; all of them when left out.
    """
    cited = Citations()
    columns = [
        composer.text_column("indicator"),
        composer.text_column("scheme"),
        composer.text_column("period", kind="period"),
        composer.text_column("value", kind="mixed"),
        composer.text_column("unit"),
        composer.text_column("source"),
        composer.text_column("confidence"),
        *([] if compact else [composer.text_column("url"), composer.text_column("used")]),
    ]
    chosen = None if used is None else set(zip(used["table"], used["row"], strict=True))
    rows: list[list[Cell]] = []
    decimals: list[int] = []
    for fact in facts.to_dict("records"):
        published = str(fact["value_published"]).strip()
        scale = scale_in_unit(
            inputs.lang,
            str(fact["unit_published"]),
            value=number_or_none(fact["value"]),
            published=published if _is_plain(published) else None,
        )
        decimals.append(scale.decimals)
        rows.append(
            [
                inputs.names.get(str(fact["indicator"]), str(fact["indicator"])) + _group(composer, fact),
                _scheme_name(composer, str(fact["scheme"])),
                str(fact["period"]),
                scale.show(fact["value"]),
                scale.unit,
                cited(str(fact["source"])) if compact else str(fact["source"]),
                composer.text(f"confidences.{fact['confidence']}"),
                *([] if compact else [str(fact["url"] or ""), _used(composer, fact, chosen)]),
            ]
        )
    return composer.table(
        table_id,
        title,
        columns=columns,
        rows=rows,
        notes=cited.notes(),
        source=composer.text("sources.rows" if compact else "sources.rows_annex"),
        synthetic=bool(facts.attrs.get("synthetic", False)),
        row_decimals=decimals,
        title_values={"city": city},
    )


def _used(composer: Composer, fact: dict[object, Any], chosen: set[tuple[object, object]] | None) -> str:
    return composer.text("phrases.yes" if chosen is None or (fact["table"], fact["row"]) in chosen else "phrases.no")


def _is_plain(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None


def _group(composer: Composer, fact: dict[object, object]) -> str:
    group = str(fact.get("group") or "")
    return composer.text("phrases.group", name=group_words(composer, group)) if group else ""


def group_words(composer: Composer, group: str) -> str:
    """Name a group of people, such as an age band, in words.

    Examples
    --------
    >>> from actuary.report.composer import Composer
    >>> group_words(Composer("en"), "age_35_44"), group_words(Composer("en"), "age_15_plus_male")
    ('aged 35 to 44', 'aged 15 and over, men')
    """
    ages = re.fullmatch(r"age_(\d+)_(\d+|plus)(?:_(male|female))?", group)
    if ages is None:
        return composer.text(f"groups.{group}") if composer.wording.has(f"groups.{group}") else group
    low, high, sex = ages.groups()
    if high == "plus":
        words = composer.text("phrases.ages_from", low=low)
    else:
        words = composer.text("phrases.ages", low=low, high=high)
    return words if sex is None else composer.text("phrases.ages_of", ages=words, sex=composer.text(f"groups.{sex}"))


def _scheme_name(composer: Composer, scheme: str) -> str:
    key = f"schemes.{scheme}"
    return composer.text(key) if composer.wording.has(key) else ""


def _sentences(composer: Composer, table: ReportTable, facts: pd.DataFrame, name: str) -> list[Block]:
    at = {(str(f["scheme"]), str(f["indicator"])): n for n, f in reversed(list(enumerate(facts.to_dict("records"))))}

    def ref(scheme: str, indicator: str) -> CellRef | None:
        row = at.get((scheme, indicator))
        return None if row is None else composer.ref(table, row, "value")

    def period(scheme: str, indicator: str) -> str:
        return str(table.cell(at[scheme, indicator], "period"))

    sentences = []
    income, spending, balance = (ref("all", key) for key in ("income", "expenditure", "current_balance"))
    if income and spending and balance:
        sentences.append(
            composer.say(
                "city_page.fund",
                city=name,
                year=period("all", "income"),
                income=income,
                expenditure=spending,
                balance=balance,
            )
        )
    ratio, active, retired = (ref("employee", key) for key in ("dependency_ratio", "active", "retired"))
    if ratio and active and retired:
        sentences.append(
            composer.say(
                "city_page.members",
                year=period("employee", "dependency_ratio"),
                ratio=ratio,
                active=active,
                retired=retired,
            )
        )
    if not sentences:
        return []
    whole = composer.join(*sentences)
    composer.paragraphs[table.id] = whole
    return [whole]
