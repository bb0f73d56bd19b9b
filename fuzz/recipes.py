"""Calls of every verb that succeed, on small inputs, and which of their files are then bent one at a time."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fuzz.bends import write_rows
from fuzz.declared import GIVEN
from fuzz.seeds import ASSESSMENTS, CASES, LIST, SERIES, STAYS, TRIANGLE
from fuzz.server import run_call

__all__ = ["RECIPES", "Recipe", "write_inputs"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Hold a call that succeeds.

    Parameters
    ----------
    words : str
        What is called: ``{in}`` is the folder of the inputs, ``{out}`` an empty one.
    bent : tuple of str
        Files below the inputs that are bent; of a folder every file.
    slow : bool
        Whether it takes minutes in earnest: called seldom.
    """

    words: str
    bent: tuple[str, ...] = ()
    slow: bool = False

    @property
    def verb(self) -> str:
        """The verb: its words before the first value."""
        from fuzz.cli import verbs  # noqa: PLC0415  (loads the command line)

        said = self.words.split()
        return next(" ".join(said[:count]) for count in (3, 2, 1) if " ".join(said[:count]) in verbs())


_POLICY = "--policy {in}/city/policy.toml --budget {in}/city/budget.csv"
_CITY = "{in}/city/cases.parquet"

RECIPES: tuple[Recipe, ...] = (
    Recipe("group {in}/stays.csv --out {out}/o.csv", ("stays.csv",)),
    Recipe(f"group {_CITY} --out {{out}}/o.parquet", ("city/cases.parquet",)),
    Recipe("group {in}/dataset --out {out}/o", ("dataset",)),
    Recipe("explain {in}/stays.csv --case-id c1 --html {out}/o.html", ("stays.csv",)),
    Recipe("check {in}/list.csv --out {out}/o.csv --rejected {out}/r.csv", ("list.csv",)),
    Recipe("check {in}/dataset --out {out}/o", ("dataset",)),
    Recipe("check {in}/models/scenarios/adverse.toml --models {in}/models", ("models/scenarios/adverse.toml",)),
    Recipe("check {in}/models/reports/quarterly.toml --models {in}/models", ("models/reports/quarterly.toml",)),
    Recipe("check {in}/town", ("town",)),
    Recipe("check {in}/empty_town", ("empty_town",)),
    Recipe(
        "settle {in}/cases.csv --policy suzhou-2022 --hospitals {in}/two.csv --out {out}/o --explain a1",
        ("cases.csv", "two.csv"),
    ),
    Recipe(
        f"settle {_CITY} {_POLICY} --hospitals {{in}}/city/hospitals.csv --out {{out}}/o",
        ("city/cases.parquet", "city/policy.toml", "city/budget.csv", "city/weights.csv", "city/hospitals.csv"),
    ),
    Recipe(f"settle {{in}}/grouped {_POLICY} --out {{out}}/o", ("grouped",)),
    Recipe(
        "clear {in}/settled --scores {in}/scores.csv --prepaid {in}/prepaid.csv --charged {in}/charged.csv "
        "--deductions {in}/deductions.csv --alliances {in}/alliances.toml",
        ("settled", "scores.csv", "prepaid.csv", "charged.csv", "deductions.csv", "alliances.toml"),
    ),
    Recipe(
        f"weights {_CITY} --policy {{in}}/city/policy.toml --earlier {{in}}/city/weights.csv --hospitals "
        "{in}/city/hospitals.csv --out {out}/o.csv --quality {out}/q.csv --coefficients {out}/c.csv --form tier",
        ("city/cases.parquet", "city/weights.csv", "city/hospitals.csv"),
    ),
    Recipe("weights {in}/grouped --policy {in}/city/policy.toml --out {out}/o.csv", ("grouped",)),
    Recipe(
        f"compare {_CITY} {_POLICY} --policy suzhou-2022 --hospitals {{in}}/city/hospitals.csv --out {{out}}/o",
        ("city/cases.parquet", "city/policy.toml", "city/budget.csv"),
    ),
    Recipe(
        "standards --policy {in}/city/policy.toml --point-value 53.8 --out {out}/o.csv --unpriced {out}/u.csv",
        ("city/policy.toml", "city/weights.csv"),
    ),
    Recipe(
        "credit {in}/assessment.csv --findings {in}/findings.csv --ledger {in}/book.sqlite --out {out}/o",
        ("assessment.csv", "findings.csv", "book.sqlite"),
    ),
    Recipe("credit {in}/assessment.xlsx --out {out}/o", ("assessment.xlsx",)),
    Recipe(
        "reserve {in}/triangle.csv --method bornhuetter-ferguson --expected {in}/expected.csv --draws 10 "
        "--out {out}/o.csv",
        ("triangle.csv", "expected.csv"),
    ),
    Recipe("reserve {in}/triangle.csv --method mack --draws 10 --out {out}/o.csv", ("triangle.csv",)),
    Recipe(
        "forecast {in}/series.csv --model pooled --draws 20 --horizon 2 "
        "--products {in}/products.toml --out {out}/o.csv",
        ("series.csv", "products.toml"),
        slow=True,
    ),
    Recipe("forecast {in}/series.csv --model ets --draws 20 --horizon 2 --out {out}/o.csv", ("series.csv",)),
    Recipe(
        f"anomalies {_CITY} --hospitals {{in}}/city/hospitals.csv "
        "--rules {in}/models/alerts/anomalies.toml --out {out}/o "
        "--record {in}/book.sqlite",
        ("city/cases.parquet", "city/hospitals.csv", "models/alerts/anomalies.toml"),
    ),
    Recipe("cases list --ledger {in}/book.sqlite", ("book.sqlite",)),
    Recipe("cases show 1 --ledger {in}/book.sqlite --save {out}", ("book.sqlite", "book.sqlite.attachments")),
    Recipe(
        "cases add --kind provider --region lanzhou --subject H1 --period 2024Q4 --title x --ledger {in}/book.sqlite",
        ("book.sqlite",),
    ),
    Recipe("cases move 1 checking --ledger {in}/book.sqlite --attachment {in}/note.txt", ("book.sqlite", "note.txt")),
    Recipe("cases note 1 text --ledger {in}/book.sqlite", ("book.sqlite",)),
    Recipe("cases attach 1 {in}/note.txt --ledger {in}/book.sqlite", ("book.sqlite", "note.txt")),
    Recipe("cases export --ledger {in}/book.sqlite --out {out}/o.xlsx --events", ("book.sqlite",)),
    Recipe("cases verify --ledger {in}/book.sqlite", ("book.sqlite", "book.sqlite.attachments")),
    Recipe("cases head --ledger {in}/book.sqlite", ("book.sqlite",)),
    Recipe(
        f"audit sample {_CITY} --spend {{in}}/spend.csv --models {{in}}/models --out {{out}}/o",
        ("city/cases.parquet", "spend.csv", "models/alerts/audit.toml"),
    ),
    Recipe("audit read {in}/results.xlsx --sample {in}/audit --out {out}/o", ("results.xlsx", "audit")),
    Recipe("audit read {in}/results.csv --sample {in}/audit --out {out}/o", ("results.csv",)),
    Recipe("personal check {in}/cases.csv", ("cases.csv",)),
    Recipe("personal replace {in}/cases.csv --personal-key {in}/key --out {out}/o.csv", ("cases.csv", "key")),
    Recipe(
        "personal publish {in}/counts.csv --by hospital --by paid_group --totals --out {out}/o.csv", ("counts.csv",)
    ),
    Recipe("personal key show {in}/key", ("key",)),
    Recipe("personal key new {out}/key"),
    Recipe("scheme list --models {in}/models"),
    Recipe("scheme import {in}/scheme --name mine-1.0", ("scheme",)),
    Recipe("scheme check {in}/scheme --out {out}/o.csv", ("scheme",)),
    Recipe("scheme compare chs-drg-1.1 {in}/scheme {in}/stays.csv --out {out}/o", ("scheme", "stays.csv")),
    Recipe("data list --data {in}/data", ("data",)),
    Recipe("data show national_annual --data {in}/data", ("data",)),
    Recipe("data check --data {in}/data", ("data",)),
    Recipe("data seal --data {in}/data", ("data",)),
    Recipe("models show --city shenyang --models {in}/models", ("models/national", "models/cities/shenyang")),
    Recipe("models schema --models {in}/models", ("models",)),
    Recipe("models freeze {in}/models/national/assumptions/base.toml", ("models/national/assumptions/base.toml",)),
    Recipe("cities --models {in}/models --data {in}/data", ("models/cities", "models/national/region.toml", "data")),
    Recipe(
        f"indicators {_CITY} {_POLICY} --hospitals {{in}}/city/hospitals.csv --by hospital "
        "--publish --out {out}/o.csv",
        ("city/cases.parquet", "city/hospitals.csv"),
    ),
    Recipe(
        "indicators --city shenyang --models {in}/models --data {in}/data --out {out}/o.csv",
        ("models/national", "models/cities/shenyang", "data"),
    ),
    Recipe(
        "warn --city shenyang --no-forecast --models {in}/models --data {in}/data "
        "--record {in}/book.sqlite --out {out}/o.csv",
        ("models/alerts", "data", "book.sqlite"),
    ),
    Recipe("warn --replay --series {in}/watched", ("watched",), slow=True),
    Recipe("project --city national --models {in}/models --out {out}/o.csv", ("models/national", "models/scenarios")),
    Recipe("project --model {in}/town --out {out}/o.csv", ("town",)),
    Recipe("population --inputs {in}/people --out {out}/o", ("people",)),
    Recipe(
        "synth --cases 40 --shape {in}/models/synth/shape.toml --data {in}/data --out {out}/o",
        ("models/synth", "data"),
        slow=True,
    ),
    Recipe("init mytown --out {out}/o"),
    Recipe(
        "report --city shenyang --lang en --models {in}/models --previous {in}/previous --out {out}",
        ("models/reports", "models/alerts", "previous"),
        slow=True,
    ),
    # JupyterLab does not end; what is given to it is checked before it begins.
    Recipe("lab {in}/a {in}/b"),
)


def write_inputs(folder: Path, *, change: Callable[[Path], None] | None = None) -> None:
    """Write the inputs of all calls, some of them by calls.

    Parameters
    ----------
    folder : Path
        Where; made here.
    change : callable, optional
        Called with the folder once the files that others are made of stand there.

    Raises
    ------
    RuntimeError
        When a call fails that shall succeed.
    """
    from actuary.paths import data_root, models_root  # noqa: PLC0415

    folder.mkdir(parents=True)
    shutil.copytree(models_root(), folder / "models")
    shutil.copytree(data_root(), folder / "data")
    shutil.copytree(models_root() / "national" / "drg" / "chs-drg-1.1", folder / "scheme")
    texts = {
        "cases.csv": CASES,
        "stays.csv": STAYS,
        "list.csv": LIST,
        "series.csv": SERIES + SERIES.partition("\n")[2].replace("a,", "b,"),
        "triangle.csv": TRIANGLE,
        "expected.csv": "series_id,period,value\n" + "".join(f"s,2024-{n:02d},{110 + n}\n" for n in range(1, 10)),
        "two.csv": "hospital,tier,name\nH1,3,人民医院\nH2,2,\n",
        "products.toml": 'schema = 1\n[[product]]\nname = "ab"\nparts = ["a", "b"]\n',
        "assessment.csv": ASSESSMENTS,
        "findings.csv": "hospital,kind,level\nH1,upcoding,red\nH2,split_stay,yellow\n",
        "note.txt": "checked\n",
        "counts.csv": "hospital,paid_group,cases,mean_yuan\nH1,A,5,10\nH1,B,50,20\nH2,A,40,30\nH2,B,60,40\n",
        "watched/us_nipa_quarterly.csv": "period,social_insurance_contributions_federal,social_benefits_federal\n"
        + "".join(f"{1990 + n // 4}Q{n % 4 + 1},{100 + n},{90 + n * 1.2}\n" for n in range(80)),
        "previous/report_data.json": "{}",
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    _people(folder / "people")
    _workbook(folder / "assessment.xlsx", ASSESSMENTS.encode())
    _call(folder, "synth --cases 60 --out {in}/city")
    for number in (1, 2):
        _call(folder, f"synth --cases 30 --seed {number} --out {{in}}/city{number}")
        (folder / "dataset" / f"month={number}").mkdir(parents=True)
        shutil.copy(folder / f"city{number}" / "cases.parquet", folder / "dataset" / f"month={number}" / "p.parquet")
    shutil.copytree(folder / "dataset", folder / "grouped")
    for subject in ("H1", "H2"):
        add = f"cases add --kind provider --region lanzhou --subject {subject} --period 2024Q4 --title t"
        _call(folder, f"{add} --ledger {{in}}/book.sqlite")
    if change is not None:
        change(folder)
    _call(folder, f"settle {_CITY} {_POLICY} --hospitals {{in}}/city/hospitals.csv --out {{in}}/settled")
    pools = [(row["hospital"], row["insurance"]) for row in _rows(folder / "settled" / "hospitals.csv")]
    for name, column in (("prepaid", "prepaid_yuan"), ("charged", "charged_yuan"), ("deductions", "deduction_yuan")):
        rows = [["hospital", "insurance", column], *([*pool, "10.50"] for pool in pools)]
        (folder / f"{name}.csv").write_bytes(write_rows(rows))
    hospitals = sorted({hospital for hospital, _ in pools})
    allied = GIVEN["payment.alliance:read_alliances"][1]
    for letter, hospital in zip("AB", hospitals, strict=False):
        allied = allied.replace(f'"{letter}"', f'"{hospital}"')
    (folder / "alliances.toml").write_text(allied, encoding="utf-8")
    (folder / "spend.csv").write_bytes(write_rows([["hospital", "spend_yuan"], [hospitals[0], "1000000"]]))
    (folder / "scores.csv").write_bytes(write_rows([["hospital", "score"], *([one, "90"] for one in hospitals)]))
    _call(folder, f"audit sample {_CITY} --out {{in}}/audit")
    listed = _rows(folder / "audit" / "list.csv")
    filled = [list(listed[0]), *([{**row, "result": "ok"}[name] for name in listed[0]] for row in listed)]
    (folder / "results.csv").write_bytes(write_rows(filled))
    _workbook(folder / "results.xlsx", write_rows(filled))
    _call(folder, "cases attach 1 {in}/note.txt --ledger {in}/book.sqlite")
    _call(folder, "personal key new {in}/key")
    _call(folder, "init town --out {in}/empty_town")
    _fill(folder / "town")


def _call(folder: Path, words: str) -> None:
    done = run_call(words.format(**{"in": folder}).split(), folder)
    if done.status:
        raise RuntimeError(f"{words}: {done.said}")


def _fill(folder: Path) -> None:
    """Write the folder of a city that can be projected, in a copy of this process: who forks has begun no thread."""
    child = os.fork()
    if not child:
        from tests.fund.model.test_city_folder import fill_city  # noqa: PLC0415

        fill_city(folder)
        os._exit(0)
    os.waitpid(child, 0)


def _rows(path: Path) -> list[dict[str, str]]:
    from actuary.files import read_delimited  # noqa: PLC0415

    return [record for _, record in read_delimited(path.read_bytes(), where=path.name).records()]


def _workbook(path: Path, content: bytes) -> None:
    """Write a CSV file as a workbook of texts, as the package writes them."""
    import pandas as pd  # noqa: PLC0415

    from actuary.alerts.sheets import xlsx_bytes  # noqa: PLC0415
    from actuary.files import read_delimited  # noqa: PLC0415

    table = read_delimited(content, where=path.name)
    path.write_bytes(xlsx_bytes({"list": pd.DataFrame(table.rows, columns=list(table.columns))}))


def _people(folder: Path) -> None:
    """Write a small projection: three ages would do, but tables of people must be whole."""
    folder.mkdir()
    ages, years, sexes = range(91), (2025, 2026), ("male", "female")
    rows = {
        "base_population": [
            ["age", "sex", "population"],
            *([age, sex, 1000 - 10 * age] for sex in sexes for age in ages),
        ],
        "mortality": [
            ["year", "age", "sex", "mx"],
            *([year, age, sex, 0.001 + 0.0001 * age * age / 4] for year in years for sex in sexes for age in ages),
        ],
        "fertility": [["year", "age", "asfr"], *([year, age, 0.05] for year in years for age in range(15, 50))],
        "srb": [["year", "srb"], *([year, 1.06] for year in years)],
        "migration": [
            ["year", "age", "sex", "net_migrants"],
            *([year, age, sex, 0] for year in years for sex in sexes for age in ages),
        ],
    }
    for name, lines in rows.items():
        (folder / f"{name}.csv").write_bytes(write_rows([[str(cell) for cell in line] for line in lines]))


if __name__ == "__main__":
    write_inputs(Path(sys.argv[1]))
