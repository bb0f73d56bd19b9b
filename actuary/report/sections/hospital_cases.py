"""How hospitals were paid for their cases: points, budget and clearing, gains and losses, findings, their pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from actuary.payment.clearing_result import BOOK_LINES
from actuary.payment.paid_classes import PaidClass
from actuary.payment.statuses import PaymentReason
from actuary.report.case_figures import CaseFigures
from actuary.report.case_merging import OTHERS
from actuary.report.composer import CellRef, Composer
from actuary.report.contracts import Block, Cell, Column, Paragraph, ReportTable
from actuary.report.inputs import ReportInputs
from actuary.report.numbers import scale_in_unit, scale_of
from actuary.report.sections.tiers import tier_name

__all__ = ["case_blocks", "case_finding"]

#: Keys of a row of a hospital, a tier or the city, with what they measure.
_FIGURES: tuple[tuple[str, str], ...] = (
    ("cases", "count"),
    ("cmi", "ratio"),
    ("grouping_rate", "share"),
    ("cost_yuan", "hospital_money"),
    ("standard_yuan", "hospital_money"),
    ("standard_to_cost", "share"),
    ("settlement_rate", "share"),
    ("high_share", "share"),
    ("low_share", "share"),
)
#: What the page of a hospital sets beside its tier and its city.
_PAGE: tuple[tuple[str, str], ...] = (
    ("cases", "cases"),
    ("cmi", "ratio"),
    ("grouping_rate", "share"),
    ("cost_index", "ratio"),
    ("time_index", "ratio"),
    ("inpatient_cost_per_stay_yuan", "yuan"),
    ("length_of_stay_days", "days"),
    ("standard_to_cost", "share"),
    ("settlement_rate", "share"),
    ("high_share", "share"),
    ("low_share", "share"),
)


def case_blocks(inputs: ReportInputs, composer: Composer, found: CaseFigures) -> list[Block]:
    """Write what the settled cases tell.

    Parameters
    ----------
    inputs : ReportInputs
        Language and region.
    composer : Composer
        Writes tables and sentences.
    found : CaseFigures
        The figures.
    """
    desk = _Desk(inputs, composer, found)
    blocks: list[Block] = [composer.heading("hospital_cases.heading")]
    if found.synthetic:
        blocks.append(composer.callout("synthetic", "hospital_cases.synthetic", region=inputs.region_name))
    scope = desk.scope()
    blocks += [desk.scope_sentence(scope), scope]
    if found.missing_months:
        months = composer.text("phrases.list_gap").join(found.missing_months)
        blocks.append(composer.callout("missing", "hospital_cases.months", months=months))
    tiers = desk.rows_table("case_tiers", [*found.tiers, found.city], first=desk.tier_name)
    blocks += [composer.heading("hospital_cases.heading_tiers"), desk.city_sentence(tiers), tiers]
    blocks += desk.money()
    blocks += [composer.heading("hospital_cases.heading_classes"), *desk.classes()]
    blocks += [composer.heading("hospital_cases.heading_hospitals"), *desk.hospitals()]
    blocks += [composer.heading("hospital_cases.heading_findings"), *desk.findings()]
    for row in desk.page_hospitals():
        blocks += desk.page(row)
    return blocks


def case_finding(inputs: ReportInputs, composer: Composer) -> list[Paragraph]:
    """Write the line on hospitals for the key findings; it quotes the tables of the section on payment."""
    table = composer.tables.get("case_tiers")
    if inputs.cases is None or table is None:
        return []
    said = composer.say("hospital_cases.key", **_city_values(composer, table))
    lead = composer.text(f"hospital_cases.key_lead{'_synthetic' if inputs.cases.synthetic else ''}")
    return [composer.headed(said, name=lead)]


def _city_values(composer: Composer, table: ReportTable) -> dict[str, str | CellRef]:
    keys = ("cases", "cmi", "grouping_rate", "cost_yuan", "standard_yuan", "standard_to_cost")
    return {key: composer.ref(table, -1, key) for key in keys}


class _Desk:
    def __init__(self, inputs: ReportInputs, composer: Composer, found: CaseFigures) -> None:
        self.inputs, self.composer, self.found = inputs, composer, found
        self.zh = inputs.lang == "zh"
        self.source = composer.text("sources.settled_cases", fingerprint=found.fingerprint[:12])
        self.least = composer.text("hospital_cases.note_least", least=str(found.least))

    def table(
        self,
        name: str,
        columns: Sequence[Column],
        rows: Sequence[Sequence[Cell]],
        notes: Sequence[str] = (),
        **more: Any,
    ) -> ReportTable:
        return self.composer.table(
            name,
            f"tables.{name}" if not name.startswith("case_page_") else "tables.case_page",
            columns=columns,
            rows=rows,
            notes=notes,
            source=self.source,
            synthetic=self.found.synthetic,
            **more,
        )

    def column(self, key: str, quantity: str, *, growth: bool = False) -> Column:
        label = self.composer.text(f"columns.case_{key.removesuffix('_yuan')}")
        return self.composer.column(key, quantity, label=label, growth=growth)

    def show(self, value: Any, quantity: str) -> float | None:
        return self.composer.show(value, quantity)

    def word(self, row: Mapping[str, Any], key: str = "") -> str:
        return str(row[f"{key}{'zh' if self.zh else 'en'}"])

    def insurance(self, name: str) -> str:
        key = f"schemes.{name}"
        return self.composer.text(key) if self.composer.wording.has(key) else name

    def unit(self, quantity: str) -> str:
        """Return the word for what is counted or a ratio."""
        return self.composer.text(
            "units.cases" if quantity == "cases" else "units.number" if quantity == "count" else "units.ratio"
        )

    def tier_name(self, row: Mapping[str, Any]) -> str:
        if "tier" not in row:
            return self.composer.text("hospital_cases.city")
        return self._tier(str(row["tier"]))

    def _tier(self, name: str) -> str:
        return tier_name(self.composer, name)

    def hospital_name(self, row: Mapping[str, Any]) -> str:
        code = str(row["hospital"])
        if code.startswith(OTHERS):
            return self.composer.text("hospital_cases.others", tier=self._tier(code[1:]))
        return str(row["title"]) or code

    def scope(self) -> ReportTable:
        """Write of what, by what and how much of it these figures are."""
        found, composer = self.found, self.composer
        rows: list[list[Cell]] = [
            [found.policy_zh if self.zh else found.policy_en, found.held_first, found.held_last,
             float(found.held_cases), float(found.cases), self.show(found.cases / found.held_cases, "share")]
        ]  # fmt: skip
        columns = [
            composer.text_column("policy"),
            *(
                composer.text_column(key, kind="period", label=composer.text(f"columns.case_{key}"))
                for key in ("held_first", "held_last")
            ),
            self.column("held_cases", "count"),
            self.column("period_cases", "count"),
            self.column("period_share", "share"),
        ]
        return self.table("case_scope", columns, rows, [self.least])

    def scope_sentence(self, table: ReportTable) -> Paragraph:
        keys = ("held_cases", "period_cases", "period_share")
        values: dict[str, Any] = {key: self.composer.ref(table, 0, key) for key in keys}
        return self.composer.say(
            "hospital_cases.scope",
            first=self.found.held_first,
            last=self.found.held_last,
            period=self.period(),
            **values,
        )

    def period(self) -> str:
        if "Q" not in self.found.period:
            return self.composer.text("hospital_cases.year", year=self.found.period)
        year, _, number = self.found.period.partition("Q")
        ordinal = self.composer.text(f"ordinals.quarter_{number}")
        return self.composer.text("cover.quarter", year=year, number=ordinal)

    def rows_table(
        self, name: str, rows: Sequence[Mapping[str, Any]], *, first: Any, second: Any = None
    ) -> ReportTable:
        """Write hospitals, or tiers with the city as the total."""
        composer = self.composer
        columns = [composer.text_column("name", label=composer.text(f"columns.{name.removesuffix('_annex')}_name"))]
        columns += [composer.text_column("hospital_tier_of")] if second is not None else []
        columns += [self.column("hospitals", "count")] if second is None else []
        columns += [self.column(key, quantity) for key, quantity in _FIGURES]
        cells: list[list[Cell]] = []
        for row in rows:
            head: list[Cell] = [first(row)]
            head += [second(row)] if second is not None else [float(row["hospitals"])]
            cells.append([*head, *(self.show(row.get(key), quantity) for key, quantity in _FIGURES)])
        total = ["" if "tier" in row else "total" for row in rows]
        notes = [composer.text("hospital_cases.note_figures"), self.least]
        return self.table(name, columns, cells, notes, row_styles=total if "total" in total else ())

    def city_sentence(self, table: ReportTable) -> Paragraph:
        better = self.found.city["standard_yuan"] >= self.found.city["cost_yuan"]
        key = f"hospital_cases.{'gain' if better else 'loss'}"
        return self.composer.say(key, period=self.period(), **_city_values(self.composer, table))

    def money(self) -> list[Block]:
        """Write points and their value, the books of the pools, and the clearing."""
        found, composer = self.found, self.composer
        blocks: list[Block] = []
        if found.pools or found.books:
            blocks.append(composer.heading("hospital_cases.heading_money"))
        if found.pools:
            rows: list[list[Cell]] = [
                [self.insurance(pool["insurance"]), *(self.show(pool[key], quantity) for key, quantity in _POOL),
                 composer.text(f"hospital_cases.bound_{pool['bound'] or 'none'}")]
                for pool in found.pools
            ]  # fmt: skip
            columns = [composer.text_column("scheme"), *(self.column(key, quantity) for key, quantity in _POOL)]
            columns.append(composer.text_column("case_bound"))
            table = self.table("case_pools", columns, rows, [composer.text("hospital_cases.note_pools")])
            for place, pool in enumerate(found.pools):
                if pool["value_yuan"] is not None:
                    values = {key: composer.ref(table, place, key) for key, _ in _POOL}
                    blocks.append(
                        composer.say(
                            f"hospital_cases.pool_{found.family}", scheme=self.insurance(pool["insurance"]), **values
                        )
                    )
            blocks.append(table)
        if found.books:
            blocks.append(self._lines("case_books", found.books, lambda line: composer.text(f"case_books.{line}")))
        if found.clearing:
            blocks.append(
                self._lines("case_clearing", found.clearing, lambda line: BOOK_LINES[line][0 if self.zh else 1])
            )
        elif found.books:
            blocks.append(composer.say("hospital_cases.not_cleared"))
        return blocks

    def _lines(self, name: str, lines: Sequence[Mapping[str, Any]], word: Any) -> ReportTable:
        rows: list[list[Cell]] = [
            [self.insurance(row["insurance"]), word(row["line"]), self.show(row["amount_yuan"], "hospital_money"),
             float(row["amount_yuan"])]
            for row in lines
        ]  # fmt: skip
        composer = self.composer
        exact = Column(
            "amount_exact", composer.text("columns.amount_exact"), scale_of(self.inputs.lang, "yuan").unit, "number", 2
        )
        columns = [
            composer.text_column("scheme"),
            composer.text_column("item"),
            composer.column("amount", "hospital_money"),
            exact,
        ]
        note = composer.text("hospital_cases.note_books" if name == "case_books" else "hospital_cases.note_pools")
        return self.table(name, columns, rows, [note])

    def hidden(self, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return the notes on rows of which some may have no figure."""
        notes = [self.composer.text("hospital_cases.note_hidden")] if any(row["cases"] is None for row in rows) else []
        return [*notes, self.least]

    def classes(self) -> list[Block]:
        """Write cases by how they are paid, high and low cost ones among them, and those that are not."""
        found, composer = self.found, self.composer

        def rows(kind: str, held: Sequence[Mapping[str, Any]], words: Any) -> list[list[Cell]]:
            return [
                [words(str(row[kind])), *(self.show(row[key], quantity) for key, quantity in _COUNTED)] for row in held
            ]

        def of_class(name: str) -> str:
            return (
                PaidClass(name).text(self.inputs.lang)
                if name in list(PaidClass)
                else composer.text("hospital_cases.unpaid")
            )

        columns = [self.column(key, quantity) for key, quantity in _COUNTED]
        table = self.table(
            "case_classes",
            [composer.text_column("case_class"), *columns],
            rows("class", found.classes, of_class),
            self.hidden(found.classes),
        )
        blocks: list[Block] = []
        for place, row in enumerate(found.classes):
            if row["class"] in {"high", "low"} and row["cases"] is not None and row["standard_to_cost"] is not None:
                values = {key: composer.ref(table, place, key) for key in ("cases", "share", "standard_to_cost")}
                blocks.append(composer.say("hospital_cases.of_class", name=of_class(row["class"]), **values))
        blocks.append(table)
        if {str(row["reason"]) for row in found.statuses} != {"regular"}:
            blocks.append(
                self.table(
                    "case_reasons",
                    [composer.text_column("case_reason"), *columns],
                    rows("reason", found.statuses, lambda name: PaymentReason(name).text(self.inputs.lang)),
                    self.hidden(found.statuses),
                )
            )
        groups = found.groups[: found.shown["groups"]]
        if groups:
            cells: list[list[Cell]] = [
                [row["group"], *(self.show(row[key], quantity) for key, quantity in _GROUP)] for row in groups
            ]
            columns = [
                composer.text_column("case_group", kind="period"),
                *(self.column(key, quantity) for key, quantity in _GROUP),
            ]
            blocks.append(self.table("case_groups", columns, cells, [self.least]))
        return blocks

    def hospitals(self) -> list[Block]:
        """Write the largest hospitals, all of them in the annex, and the indicators of use."""
        found, composer = self.found, self.composer
        ordered = sorted(found.hospitals, key=lambda row: (-row["cost_yuan"], str(row["hospital"])))
        shown = ordered[: found.shown["hospitals"]]
        table = self.rows_table("case_hospitals", shown, first=self.hospital_name, second=self.tier_name)
        blocks: list[Block] = [composer.say("hospital_cases.hospitals"), table]
        if len(shown) < len(ordered):
            annex = self.rows_table("case_hospitals_annex", ordered, first=self.hospital_name, second=self.tier_name)
            composer.annex.append(annex)
            blocks.append(composer.say("hospital_cases.more", table=f"[[table:{annex.id}]]"))
        if found.use:
            blocks.append(self._use())
        return blocks

    def _use(self) -> ReportTable:
        composer, lang = self.composer, self.inputs.lang
        rows: list[list[Cell]] = []
        decimals: list[int] = []
        for row in self.found.use:
            scale = scale_in_unit(lang, row["unit"], value=row["value"])
            rows.append(
                [
                    self.word(row),
                    scale.show(row["value"]),
                    scale.unit or self.unit(str(row["unit"])),
                    float(row["cases"]),
                ]
            )
            decimals.append(scale.decimals)
        columns = [
            composer.text_column("indicator"),
            composer.text_column("value", kind="mixed"),
            composer.text_column("unit"),
            self.column("cases", "count"),
        ]
        notes = [composer.text("hospital_cases.note_use"), self.least]
        return self.table("case_use", columns, rows, notes, row_decimals=decimals)

    def findings(self) -> list[Block]:
        """Write what the search for oddities of hospitals found."""
        found, composer = self.found, self.composer
        if found.searched:
            why = "dip" if found.searched == "dip" else "other"
            return [composer.callout("missing", f"hospital_cases.not_searched_{why}")]
        blocks: list[Block] = []
        shown = found.findings[: found.shown["findings"]]
        if shown:
            rows: list[list[Cell]] = []
            decimals: list[int] = []
            for row in shown:
                share = str(row["unit"]).startswith("share")
                scale = scale_of(self.inputs.lang, "share" if share else "yuan")
                decimals.append(scale.decimals)
                rows.append(
                    [
                        row["level"],
                        str(row["title"]) or str(row["hospital"]),
                        self._tier(str(row["tier"])),
                        self.word(row, "kind_"),
                        scale.show(row["observed"]),
                        scale.show(row["expected"]),
                        scale.unit,
                        None if row["cases"] is None else float(row["cases"]),
                        self.show(row["money_yuan"], "hospital_money"),
                    ]
                )
            columns = [
                composer.text_column("level", kind="level"),
                composer.text_column("case_hospital"),
                composer.text_column("hospital_tier_of"),
                composer.text_column("case_kind"),
                composer.text_column("case_observed", kind="mixed"),
                composer.text_column("case_expected", kind="mixed"),
                composer.text_column("unit"),
                self.column("cases", "count"),
                self.column("money_yuan", "hospital_money"),
            ]
            count = self.table(
                "case_findings",
                columns,
                rows,
                [composer.text("hospital_cases.note_findings"), self.least],
                row_decimals=decimals,
            )
            blocks += [composer.say("hospital_cases.findings"), count]
        else:
            blocks.append(composer.say("hospital_cases.no_findings"))
        if found.not_searched:
            kinds = dict.fromkeys(self.word(row) for row in found.not_searched)
            blocks.append(
                composer.say("hospital_cases.not_assessed", kinds=composer.text("phrases.list_gap").join(kinds))
            )
        return blocks

    def page_hospitals(self) -> list[Mapping[str, Any]]:
        """Return the hospitals with a page: those with findings, the gravest first, then the largest."""
        found = self.found
        largest = sorted(found.hospitals, key=lambda row: (-row["cost_yuan"], str(row["hospital"])))
        names = [str(row["hospital"]) for row in (*found.findings, *largest)]
        rows = (found.of_hospital(name) for name in dict.fromkeys(names) if not name.startswith(OTHERS))
        return [row for row in rows if row is not None][: found.shown["pages"]]

    def page(self, row: Mapping[str, Any]) -> list[Block]:
        """Write one hospital beside its tier and its city."""
        composer, found = self.composer, self.found
        name, tier = self.hospital_name(row), found.of_tier(str(row["tier"])) or {}
        rows: list[list[Cell]] = []
        decimals: list[int] = []
        for key, quantity in _PAGE:
            if row.get(key) is None:
                continue
            scale = scale_of(self.inputs.lang, quantity)
            cells = [scale.show(one.get(key)) for one in (row, tier, found.city)]
            rows.append(
                [
                    composer.text(f"columns.case_{key.removesuffix('_yuan')}"),
                    *cells,
                    scale.unit or self.unit(quantity),
                ]
            )
            decimals.append(scale.decimals)
        columns = [
            composer.text_column("indicator"),
            composer.text_column("case_of_hospital", kind="mixed"),
            composer.text_column("case_of_tier", kind="mixed"),
            composer.text_column("case_of_city", kind="mixed"),
            composer.text_column("unit"),
        ]
        place = [str(one["hospital"]) for one in found.hospitals].index(str(row["hospital"]))
        table = self.table(
            f"case_page_{place}",
            columns,
            rows,
            [self.least],
            row_decimals=decimals,
            title_values={"hospital": name, "tier": self._tier(str(row["tier"]))},
        )
        kinds = dict.fromkeys(self.word(one, "kind_") for one in found.findings if one["hospital"] == row["hospital"])
        said = (
            composer.say("hospital_cases.page_findings", kinds=composer.text("phrases.list_gap").join(kinds))
            if kinds
            else composer.say("hospital_cases.page_none")
        )
        return [composer.headed(said, name=name), table]


#: Columns of the pools, of counts by class, and of groups, with what they measure.
_POOL = (
    ("budget_yuan", "hospital_money"),
    ("adjusting_yuan", "hospital_money"),
    ("points", "count"),
    ("value_yuan", "point_value"),
)
_COUNTED = (
    ("cases", "count"),
    ("share", "share"),
    ("cost_yuan", "hospital_money"),
    ("standard_yuan", "hospital_money"),
    ("standard_to_cost", "share"),
)
_GROUP = (
    ("cases", "count"),
    ("weight", "ratio"),
    ("cost_yuan", "hospital_money"),
    ("cost_per_stay_yuan", "yuan"),
    ("standard_to_cost", "share"),
)
