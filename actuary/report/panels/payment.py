"""The what-if panel of payment: the value of a point, coefficients and boundaries, answered by settling the cases."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from actuary.errors import ActuaryError, DeclarationError, OutputError, Problem
from actuary.payment.case_files import read_cases
from actuary.payment.case_sums import case_keys
from actuary.payment.cases import CaseTable
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.exact import Number, as_fraction
from actuary.payment.policy_changes import change_policy
from actuary.payment.policy_copy import write_policy_copy
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.sweep_result import Outcome
from actuary.payment.sweep_settling import SweptCases
from actuary.report.panels.panel import WhatIfPanel
from actuary.report.panels.question import Answer, Lang, Slider, check_name, new_folder, spell
from actuary.report.panels.words import PAYMENT_WORDS

if TYPE_CHECKING:
    import pyarrow as pa

    from actuary.payment.hospital_list import HospitalList

__all__ = ["PaymentQuestion", "panel_payment"]

#: How far a declared number can be moved, as a share of itself: a span to look at, nobody's plan.
_SPAN = 0.2
_STEPS = 40
_SHOWN = 5
_FEN_10K_YUAN = 1e6
_KEYS = ("tier", "hospital")


class PaymentQuestion:
    """Ask what a payment policy comes to when its numbers are moved.

    The sliders are those that the policy has: the budget where one is shared out, rates where they are declared, the
    adjusting fund, coefficients of tiers and boundaries of classes.

    Parameters
    ----------
    cases : CaseTable
        The cases.
    policy : PaymentPolicy
        The policy.
    budget : mapping of str to number, or number, or None
        Budgets [yuan] by insurance, or of all together.
    lang : {"zh", "en"}
        Language.
    folder : Path
        Where policies are kept, each in a folder of its own.
    threads : int
        Threads.
    """

    def __init__(
        self,
        cases: CaseTable,
        policy: PaymentPolicy,
        *,
        budget: Mapping[str, Number] | Number | None,
        lang: Lang,
        folder: Path,
        threads: int,
    ) -> None:
        self.lang: Lang = lang
        self._texts, self._policy, self._folder = PAYMENT_WORDS[lang], policy, folder
        self._budget = None if budget is None else dict(budget) if isinstance(budget, Mapping) else {"all": budget}
        #: What a slider changes: key path to value, for a value of the slider.
        self._paths: dict[str, tuple[tuple[str, Decimal], ...]] = {}
        self.sliders = tuple(self._find_sliders())
        if not self.sliders:
            expected = "a budget, rates, coefficients of tiers or boundaries of classes"
            raise ActuaryError(Problem(f"policy {policy.id}", "no number that a slider could move", expected))
        keys = case_keys(cases)
        self._cases = cases
        self._swept = SweptCases(cases, policy, {name: keys[name] for name in _KEYS if name in keys}, threads)
        self._base = self._swept.outcome({}, self._budget)
        name = str(policy.data["policy"].get("name_zh" if lang == "zh" else "name_en", policy.id))
        self.title = self._texts["title"].format(policy=name, cases=len(cases))

    def _find_sliders(self) -> Iterator[Slider]:
        texts, data = self._texts, self._policy.data
        price = data.get("price") or {}
        if self._budget is not None and price.get("mode") != "fixed":
            self._paths["budget"] = tuple((f"budget.{name}", _decimal(value)) for name, value in self._budget.items())
            yield _percent("budget", texts["budget"], texts["budget_unit"], texts["span"])
        rates = price.get("rate") or ()
        if rates and price.get("mode") == "fixed":
            self._paths["rate"] = tuple(
                (f"price.rate[{number}].value", _decimal(one["value"])) for number, one in enumerate(rates, 1)
            )
            yield _percent("rate", texts["rate"], texts["rate_unit"], texts["span"])
        if "adjust_share" in price and self._budget is not None and price.get("mode") != "fixed":
            declared = 100 * float(price["adjust_share"])
            self._paths["adjust_share"] = (("price.adjust_share", Decimal(1)),)
            high = max(10.0, 2 * declared)
            words = {"label": texts["adjust"], "unit": texts["adjust_unit"], "note": texts["span"]}
            yield Slider(id="adjust_share", low=0.0, high=high, step=0.5, start=declared, **words)
        tiers = (data.get("coefficient") or {}).get("tier")
        for name, value in tiers.items() if isinstance(tiers, Mapping) else ():
            if name != "*" and float(value) > 0:
                key, unit = f"tier_{name}", texts["tier_unit"].format(value=value)
                self._paths[key] = ((f"coefficient.tier.{name}", Decimal(1)),)
                yield _around(
                    key, texts["tier"].format(name=texts.get(f"tier_{name}", name)), unit, float(value), texts["span"]
                )
        for number, one in enumerate(data.get("class") or (), 1):
            value = one.get("k")
            if isinstance(value, int | float | Decimal) and not isinstance(value, bool) and value > 0:
                key, unit = f"class_{one['name']}", texts["class_unit"].format(value=value)
                self._paths[key] = ((f"class[{number}].k", Decimal(1)),)
                yield _around(
                    key,
                    texts["class"].format(name=texts.get(f"class_{one['name']}", one["name"])),
                    unit,
                    float(value),
                    texts["span"],
                )

    def setting(self, values: Mapping[str, float]) -> dict[str, Decimal]:
        """Return what the sliders change, by key path, as :func:`actuary.sweep_policy` takes it.

        Parameters
        ----------
        values : mapping of str to float
            Values by slider [unit of each].
        """
        changed: dict[str, Decimal] = {}
        for one in self.sliders:
            if one.moved(values[one.id]):
                factor = Decimal(f"{values[one.id]:.6g}") / (100 if one.id in ("budget", "rate", "adjust_share") else 1)
                changed |= {path: declared * factor for path, declared in self._paths[one.id]}
        return changed

    def answer(self, values: Mapping[str, float]) -> Answer:
        """Settle the cases again; see :class:`~actuary.report.panels.question.Question`."""
        texts, setting = self._texts, self.setting(values)
        found = self._swept.outcome(setting, self._budget) if setting else self._base
        tables = []
        if "tier" in found.sums:
            tables.append((texts["by_tier"], self._sums(found, "tier", texts["of_tier"])))
        if found.point_values:
            tables.append((texts["points"], self._points(found)))
        if "hospital" in found.sums:
            whole = self._sums(found, "hospital", texts["hospital"]).iloc[:-1]
            order = whole[texts["difference"]].abs().sort_values(ascending=False, kind="stable").index
            tables.append((texts["most"], whole.loc[order].head(_SHOWN).reset_index(drop=True)))
        notes = [texts["note"], texts["moved"].format(what=spell(self.sliders, values, self.lang))]
        notes += [texts["synthetic"]] if self._cases.synthetic else []
        return Answer(tuple(tables), None, tuple(notes))

    def _sums(self, found: Outcome, key: str, head: str) -> pd.DataFrame:
        texts, names = self._texts, self._swept.keys[key].names
        now, before = found.sums[key], self._base.sums[key]
        rows = [
            (name, now["paid_cases"][place], before["fund_fen"][place], now["fund_fen"][place], now["gain_fen"][place])
            for place, name in enumerate(names)
            if name and now["paid_cases"][place]
        ]
        frame = pd.DataFrame(rows, columns=[head, texts["cases"], texts["base"], texts["asked"], texts["gain"]])
        frame.loc[len(frame)] = [texts["all"], *frame.iloc[:, 1:].sum().tolist()]
        for name in (texts["base"], texts["asked"], texts["gain"]):
            frame[name] = frame[name] / _FEN_10K_YUAN
        frame.insert(4, texts["difference"], frame[texts["asked"]] - frame[texts["base"]])
        return frame

    def _points(self, found: Outcome) -> pd.DataFrame:
        texts = self._texts
        rows = [
            (
                texts["common"] if pool == "all" else texts.get(pool, pool),
                _float(self._base.point_values.get(pool)),
                _float(value),
            )
            for pool, value in found.point_values.items()
        ]
        return pd.DataFrame(rows, columns=[texts["pool"], texts["point_base"], texts["point_asked"]])

    def save(self, name: str, values: Mapping[str, float]) -> tuple[Path, str]:
        """Write the policy as moved, with its tables and the budget, into a folder of its own.

        Raises
        ------
        DeclarationError
            When the name cannot be one, or nothing was moved.
        OutputError
            When there is a folder of that name, or it cannot be written.
        """
        check_name(name)
        setting = self.setting(values)
        if not setting:
            raise DeclarationError(Problem("policy", "nothing moved", "at least one slider moved"))
        changes = {path: value for path, value in setting.items() if not path.startswith("budget.")}
        moved = change_policy(self._policy, changes, name=name)
        budgets = None if self._budget is None else {key: _decimal(value) for key, value in self._budget.items()}
        if budgets is not None:
            budgets |= {
                path.removeprefix("budget."): value for path, value in setting.items() if path.startswith("budget.")
            }
        folder = self._folder / name
        if not self._folder.is_dir():
            raise OutputError(Problem(str(self._folder), "no such folder", "a folder that is there"))
        with new_folder(folder) as made:
            write_policy_copy(moved, made)
            load_payment_policy(made / "policy.toml")
            if budgets is not None:
                rows = [f"{key},{value:f}" for key, value in budgets.items()]
                text = "\n".join(["insurance,budget_yuan", *rows]) + "\n"
                (made / "budget.csv").write_text(text, encoding="utf-8")
        budget = "" if budgets is None else f" --budget {folder / 'budget.csv'}"
        return folder, f"actuary settle CASES --policy {folder / 'policy.toml'}{budget} --out OUT"


def panel_payment(
    cases: CaseTable | pd.DataFrame | pa.Table | str | Path,
    policy: PaymentPolicy | str | Path,
    *,
    budget: Mapping[str, Number] | Number | None = None,
    hospitals: HospitalList | pd.DataFrame | str | Path | None = None,
    lang: Lang = "zh",
    folder: Path | str | None = None,
    threads: int | None = None,
) -> WhatIfPanel:
    """Make a panel that moves the numbers of a payment policy and settles the same cases again.

    Parameters
    ----------
    cases : CaseTable, DataFrame, pyarrow.Table or path
        The cases, see :func:`actuary.settle_cases`.
    policy : PaymentPolicy, str or Path
        The policy.
    budget : mapping of str to number, or number, optional
        Budgets by insurance, or of all together [yuan].
    hospitals : DataFrame or path, optional
        List of hospitals with their tiers.
    lang : {"zh", "en"}
        Language of everything shown.
    folder : Path, optional
        Where policies are kept; the current folder when left out.
    threads : int, optional
        Threads; all cores when left out.

    Returns
    -------
    WhatIfPanel
        Shows itself in a notebook; ``panel.set(adjust_share=3)`` moves it from Python, ``panel.table`` is the answer:
        what the fund pays and hospitals gain by tier, in 10k yuan (万元).

    Raises
    ------
    ActuaryError
        When the policy has no number that could be moved, or the cases cannot be settled.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"case_id": ["a", "b"], "hospital": ["H1", "H2"], "tier": "3", "insurance": "employee",
    ...                      "drg": ["BR25", "BR25"], "total_cost": [12000.0, 9000.0]})
    >>> panel_payment(rows, "suzhou-2022", lang="en").table["tier"].tolist()
    ['3', 'all']
    """
    count = threads or os.cpu_count() or 1
    rules = policy if isinstance(policy, PaymentPolicy) else load_payment_policy(policy)
    table = read_cases(cases, hospitals=hospitals, threads=count)
    where = Path(folder).expanduser() if folder is not None else Path()
    return WhatIfPanel(PaymentQuestion(table, rules, budget=budget, lang=lang, folder=where, threads=count))


def _percent(key: str, label: str, unit: str, note: str) -> Slider:
    span = 100 * _SPAN
    return Slider(id=key, label=label, unit=unit, low=100 - span, high=100 + span, step=1.0, start=100.0, note=note)


def _around(key: str, label: str, unit: str, value: float, note: str) -> Slider:
    step = max(0.01, round(2 * _SPAN * value / _STEPS, 2))
    count = max(1, round(_SPAN * value / step))
    low, high = (round(value + side * count * step, 4) for side in (-1, 1))
    return Slider(id=key, label=label, unit=unit, low=max(low, 0.01), high=high, step=step, start=value, note=note)


def _decimal(value: Number) -> Decimal:
    exact = as_fraction(value)
    return Decimal(exact.numerator) / Decimal(exact.denominator)


def _float(value: Fraction | None) -> float:
    return float("nan") if value is None else float(value)
