"""Every verb of the command line that writes, with small inputs: what the fault tests run."""

from __future__ import annotations

import inspect
import shutil
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import typer
from typer.testing import CliRunner

from actuary.cli import app
from actuary.paths import data_root, models_root

#: Paths that no verb writes to, by the name of their option or argument.
READ = frozenset(
    (
        *(
            "models",
            "data",
            "dictionary",
            "shape",
            "cases",
            "hospitals",
            "paths",
            "path",
            "inputs",
            "series",
            "products",
        ),
        *("previous", "earlier", "expected", "triangle", "rules", "spend", "results", "sampling", "table", "key"),
        *("scores", "prepaid", "charged", "deductions", "alliances", "assessment", "findings", "attachment"),
    )
)
#: Beside those, by verb: what one verb reads and another one writes.
READ_BY = {
    **{name: {"ledger"} for name in ("cases show", "cases export", "credit")},
    "cases attach": {"file"},
    "indicators": {"settled"},
    "scheme import": {"folder"},
}
#: Verbs that write nothing.
READERS = frozenset(
    (
        *("cities", "cases list", "cases verify", "cases head", "models show", "personal check", "personal key show"),
        *("scheme list", "data list", "data check"),
    )
)

CASES = """case_id,hospital,tier,insurance,drg,total_cost
a,H1,3,employee,BR25,9000.00
b,H1,3,employee,BR25,-1
c,H2,3,employee,BR23,100
"""


def _settled(place: Path, inputs: dict[str, Path]) -> None:
    shutil.copytree(inputs["settled"], place / "settled")


def _book(place: Path, inputs: dict[str, Path]) -> None:
    shutil.copyfile(inputs["book"], place / "book.sqlite")
    shutil.copytree(inputs["book"].with_name("cases.sqlite.attachments"), place / "book.sqlite.attachments")


def _models(place: Path, _: dict[str, Path]) -> None:
    (place / "models").mkdir()


def _basis(place: Path, _: dict[str, Path]) -> None:
    shutil.copytree(models_root() / "national", place / "models" / "national")
    for path in (place / "models").rglob("base.toml"):
        text = path.read_text(encoding="utf-8")
        path.write_text("\n".join(line for line in text.split("\n") if "fingerprint" not in line), encoding="utf-8")


def _data(place: Path, _: dict[str, Path]) -> None:
    shutil.copytree(data_root(), place / "data")
    catalog = place / "data" / "catalog.toml"
    text = catalog.read_text(encoding="utf-8")
    at = text.index('sha256 = "') + len('sha256 = "')
    catalog.write_text(text[:at] + "0" * 64 + text[at + 64 :], encoding="utf-8")


@dataclass(frozen=True)
class Verb:
    """Say how a verb is run, and what it writes.

    Parameters
    ----------
    words : str
        The command; {out} is the place, {here} its folder, other names are inputs.
    prepare : callable, optional
        Lays what the verb changes into the folder of the place first.
    out : str
        What appears, below the folder of the place.
    folder : bool
        Whether that is a folder, of which one run at a time writes one.
    book : bool
        Whether it is the ledger of cases that is written.
    again : bool
        Whether the verb may be run again in the same place, and leaves the same.
    parts : bool
        Whether finished parts are kept beside the place when it fails.
    """

    words: str
    prepare: Callable[[Path, dict[str, Path]], None] | None = None
    out: str = "out"
    folder: bool = False
    book: bool = False
    again: bool = True
    parts: bool = False

    @property
    def name(self) -> str:
        """The verb, without what is given to it."""
        return verb_of(self.words)


VERBS: dict[str, Verb] = {
    "report": Verb("report --quarter 2024Q4 --out {out}", folder=True),
    "project": Verb("project --out {out}.csv", out="out.csv"),
    "init": Verb("init mycity --out {out}", folder=True, again=False),
    "population": Verb("population --inputs {people} --out {out}", folder=True),
    "warn": Verb("warn --city urumqi --quarter 2013Q4 --no-forecast --out {out}.csv", out="out.csv"),
    "warn, recorded": Verb("warn --city urumqi --quarter 2013Q4 --no-forecast --record {here}/book.sqlite --who a",
                           prepare=_book, book=True),
    "forecast": Verb("forecast {series} --horizon 2 --draws 10 --model naive --out {out}.csv", out="out.csv"),
    "indicators": Verb("indicators --city national --quarter 2024Q4 --family fund --out {out}.csv", out="out.csv"),
    "group": Verb("group {stays} --out {out}.parquet", out="out.parquet"),
    "group in parts": Verb("group {parts} --out {out}", folder=True, parts=True),
    "explain": Verb("explain {stays} --case-id {case} --html {out}.html", out="out.html"),
    "check": Verb("check {stays} --out {out}.csv --rejected {here}/rejected.csv", out="out.csv"),
    "standards": Verb("standards --policy suzhou-2022 --out {out}.csv --unpriced {here}/rest.csv", out="out.csv"),
    "settle": Verb("settle {cases} --policy suzhou-2022 --out {out}", folder=True),
    "settle, published": Verb("settle {cases} --policy suzhou-2022 --out {here}/whole --publish {out}", folder=True),
    "settle in parts": Verb("settle {grouped} --policy {policy} --budget 1000000 --out {out}", folder=True, parts=True),
    "synth": Verb("synth --cases 300 --out {out}", folder=True),
    "weights": Verb("weights {stays} --policy {policy} --out {out}.csv --quality {here}/q.csv"
                    " --coefficients {here}/k.csv", out="out.csv"),
    "clear": Verb("clear {here}/settled --scores {scores}", prepare=_settled, out="settled/clearing", folder=True),
    "compare": Verb("compare {cases} --policy suzhou-2022 --policy suzhou-2022 --out {out}", folder=True),
    "credit": Verb("credit {assessment} --out {out}", folder=True),
    "reserve": Verb("reserve {triangle} --method mack --draws 10 --out {out}.csv", out="out.csv"),
    "anomalies": Verb("anomalies {stays} --out {out}", folder=True),
    "anomalies, recorded": Verb("anomalies {stays} --kinds upcoding --level 0.5 --record {here}/book.sqlite --who a",
                                prepare=_book, book=True),
    "cases show": Verb("cases show 1 --ledger {book} --save {here}", out="{attached}"),
    "cases add": Verb(
        "cases add --kind provider --region r --subject H --period 2025Q1 --title t --who a"
        " --ledger {here}/book.sqlite",
        prepare=_book, book=True,
    ),
    "cases move": Verb("cases move 1 checking --ledger {here}/book.sqlite --who a", prepare=_book, book=True),
    "cases note": Verb("cases note 1 seen --ledger {here}/book.sqlite --who a", prepare=_book, book=True),
    "cases attach": Verb("cases attach 1 {cases} --ledger {here}/book.sqlite --who a", prepare=_book, book=True),
    "cases export": Verb("cases export --ledger {book} --out {out}.csv", out="out.csv"),
    "audit sample": Verb("audit sample {claims} --out {out}", folder=True),
    "audit read": Verb("audit read {results} --sample {sample} --out {out}", folder=True),
    "models schema": Verb("models schema --models {here}/models", prepare=_models,
                          out="models/schema/assumptions.schema.json"),
    "models freeze": Verb("models freeze {here}/models/national/assumptions/base.toml", prepare=_basis, again=False,
                          out="models/national/assumptions/base.toml"),
    "personal replace": Verb("personal replace {persons} --personal-key {key} --out {out}.csv", out="out.csv"),
    "personal replace, folder": Verb("personal replace {folder} --personal-key {key} --out {out}", folder=True,
                                     again=False),
    "personal publish": Verb("personal publish {counts} --by hospital --out {out}.csv", out="out.csv"),
    "personal key new": Verb("personal key new {out}.key", out="out.key", again=False),
    "scheme import": Verb("scheme import {tables} --name mine-1.0", out="schemes/mine-1.0", folder=True),
    "scheme check": Verb("scheme check chs-drg-1.1 --out {out}.csv", out="out.csv"),
    "scheme compare": Verb("scheme compare chs-drg-1.1 chs-drg-1.1 {stays} --out {out}.csv", out="out.csv"),
    "data show": Verb("data show national_annual --out {out}.csv", out="out.csv"),
    "data seal": Verb("data seal --data {here}/data", prepare=_data, out="data/catalog.toml", again=False),
}  # fmt: skip


def leaves(group: typer.Typer = app, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Callable[..., object]]]:
    """Yield every verb of the command line with its function, as Typer knows them."""
    for command in group.registered_commands:
        assert command.callback is not None
        yield " ".join((*path, command.name or command.callback.__name__.replace("_", "-"))), command.callback
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from leaves(inner.typer_instance, (*path, str(inner.name)))


def paths_of(function: Callable[..., object]) -> set[str]:
    """Return the names of a verb's options and arguments that are paths."""

    def is_path(kind: object) -> bool:
        return kind is Path or any(is_path(inner) for inner in typing.get_args(kind))

    hints = typing.get_type_hints(inspect.unwrap(function))
    return {name for name, kind in hints.items() if name != "return" and is_path(kind)}


def verb_of(words: str) -> str:
    """Return the verb that a command begins with."""
    return max((name for name, _ in leaves() if f"{words} ".startswith(f"{name} ")), key=len)


def _write_people(folder: Path) -> None:
    """Write the tables of a population that neither dies out nor moves."""
    folder.mkdir()
    ages, years, sexes = range(91), range(2025, 2027), ("male", "female")
    everyone = [(year, age, sex) for year in years for age in ages for sex in sexes]
    tables = {
        "base_population": [(age, sex, 1000) for age in ages for sex in sexes],
        "mortality": [(year, age, sex, 0.0002 * 1.09**age) for year, age, sex in everyone],
        "migration": [(*one, 0.0) for one in everyone],
        "fertility": [(year, age, 0.05) for year in years for age in range(15, 50)],
        "srb": [(year, 1.06) for year in years],
    }
    columns = {
        "base_population": "age sex population", "mortality": "year age sex mx", "fertility": "year age asfr",
        "migration": "year age sex net_migrants", "srb": "year srb",
    }  # fmt: skip
    for name, rows in tables.items():
        pd.DataFrame(rows, columns=columns[name].split()).to_csv(folder / f"{name}.csv", index=False)


def make_inputs(place: Path) -> dict[str, Path]:
    """Make the inputs of all verbs, by their names in the commands."""
    from actuary.workflow.case_ledger import open_ledger  # noqa: PLC0415
    from tests.faults.test_ledger import signals  # noqa: PLC0415

    def run(*words: object) -> None:
        done = CliRunner().invoke(app, [str(word) for word in words])
        assert done.exit_code == 0, done.output

    run("synth", "--cases", "300", "--out", place / "city")
    city = place / "city"
    stays = pq.read_table(city / "cases.parquet")
    plain = stays.drop_columns(["mdc", "adrg", "drg", "severity", "group_status"])
    (place / "parts").mkdir()
    for half in (0, 1):
        pq.write_table(plain.slice(half * 150, 150), place / "parts" / f"month={half + 1}.parquet")
    run("group", place / "parts", "--with-cases", "--out", place / "grouped")
    run(
        "settle",
        city / "cases.parquet",
        "--policy",
        city / "policy.toml",
        "--budget",
        "1000000",
        "--out",
        place / "settled",
    )
    (place / "cases.csv").write_text(CASES)
    book = open_ledger(place / "cases.sqlite")
    book.record(signals(0, 3), who="office")
    book.attach(1, place / "cases.csv", who="office")
    quarters = [f"{year}Q{quarter}" for year in range(2018, 2025) for quarter in range(1, 5)]
    values = [100 + number % 4 * 5 + number for number in range(len(quarters))]
    pd.DataFrame({"series_id": "a", "period": quarters, "value": values}).to_csv(place / "series.csv", index=False)
    claims = ["case_id,hospital,insurance,drg,total_cost,fund_charged,discharge_date"]
    claims += [f"C{n:04d},H{n % 2},employee,GD25,{1000 + n}.50,{700 + n}.25,2024-03-01" for n in range(300)]
    (place / "claims.csv").write_text("\n".join(claims) + "\n", encoding="utf-8")
    run("audit", "sample", place / "claims.csv", "--out", place / "sample")
    pd.read_csv(place / "sample" / "list.csv", dtype=str).assign(result="合规").to_csv(
        place / "results.csv", index=False
    )
    seen = sorted(set(stays["hospital"].to_pylist()))
    pd.DataFrame({"hospital": seen, "score": 95}).to_csv(place / "scores.csv", index=False)
    (place / "assessment.csv").write_text("hospital,score,spend_yuan\nH0,95,1000\nH1,70,1000\n", encoding="utf-8")
    (place / "persons").mkdir()
    (place / "persons" / "list.csv").write_text("case_id,姓名\na,王一\nb,李二\n", encoding="utf-8")
    (place / "counts.csv").write_text("hospital,cases\nH1,500\nH2,2\nH3,400\nH4,9\n", encoding="utf-8")
    run("personal", "key", "new", place / "secret.key")
    triangle, people = place / "triangle.csv", place / "people"
    months = [f"2024-{month:02d}" for month in range(1, 9)]
    filled = [
        ("a", month, cutoff, 100.0 * (1 - 0.5 ** (later - early + 1)))
        for early, month in enumerate(months)
        for later, cutoff in enumerate(months)
        if later >= early
    ]
    pd.DataFrame(filled, columns=["series_id", "period", "cutoff", "value"]).to_csv(triangle, index=False)
    _write_people(people)
    made = {path.stem: path for path in place.iterdir()}
    return {
        **made, "cases": place / "cases.csv", "book": place / "cases.sqlite", "stays": city / "cases.parquet",
        "policy": city / "policy.toml", "case": Path(str(stays["case_id"][0])), "folder": place / "persons",
        "persons": place / "persons" / "list.csv", "key": place / "secret.key",
        "tables": models_root() / "national" / "drg" / "chs-drg-1.1", "triangle": triangle, "people": people,
    }  # fmt: skip
