"""The people-driven projection beside the one from published figures: year by year, and what sets them apart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from actuary.errors import Problem, UnknownNameError, raise_all
from actuary.fund.model.result import ModelProjection
from actuary.fund.result import FundProjection

__all__ = ["compare_projections"]

_KEYS = ["scheme", "year"]
#: What the flow of each scheme is counted on: the persons who pay, and those who may use.
_HEADS = {
    ("employee", "income"): "active_persons",
    ("employee", "expenditure"): "enrolled_persons",
    ("resident", "income"): "enrolled_persons",
    ("resident", "expenditure"): "enrolled_persons",
}


def compare_projections(
    people: ModelProjection, figures: FundProjection, *, scenario: str | None = None
) -> pd.DataFrame:
    r"""Lay both projections of a region side by side and split the difference of each flow.

    A flow is persons times flow a head. With the logarithmic mean :math:`L` the difference splits without remainder
    into the part of persons and that of the amount a head,

    .. math:: F_p - F_f = L(F_p, F_f) \ln\frac{N_p}{N_f} + L(F_p, F_f) \ln\frac{F_p / N_p}{F_f / N_f}.

    Parameters
    ----------
    people : ModelProjection
        The people-driven projection.
    figures : FundProjection
        The projection from published figures, of the same region.
    scenario : str, optional
        A scenario of both; the first of the people-driven one when left out.

    Returns
    -------
    DataFrame
        Rows by scheme, year and measure (``pool income``, ``pool spending``): `figures_yuan`, `people_yuan`,
        `difference_yuan`, of which `persons_yuan` and `per_head_yuan`; `heads_figures` and `heads_people` [persons],
        `balance_figures_yuan`, `balance_people_yuan`, `months_figures`, `months_people`.

    Raises
    ------
    UnknownNameError
        When the regions differ or a projection lacks the scenario.
    """
    chosen = scenario or people.scenarios[0]
    problems = [
        Problem(f"projection of {one.region}", chosen, f"one of {', '.join(one.scenarios)}", "project it too")
        for one in (people, figures)
        if chosen not in one.scenarios
    ]
    if people.region != figures.region:
        problems.append(Problem("regions", f"{people.region} and {figures.region}", "the same region"))
    raise_all(problems, UnknownNameError)
    left, right = (_years(one.annual(), chosen) for one in (figures, people))
    both = left.merge(right, on=_KEYS, suffixes=("_figures", "_people"))
    rows = []
    for record in both.to_dict("records"):
        for flow, words in (("income", "pool income"), ("expenditure", "pool spending")):
            head = _HEADS[str(record["scheme"]), flow]
            before, after = (float(record[f"pooled_{flow}_yuan_{side}"]) for side in ("figures", "people"))
            fewer, more = (float(record[f"{head}_{side}"]) for side in ("figures", "people"))
            mean = before if after == before else (after - before) / np.log(after / before)
            persons = mean * float(np.log(more / fewer))
            rows.append(
                {
                    "scheme": record["scheme"],
                    "year": record["year"],
                    "measure": words,
                    "figures_yuan": before,
                    "people_yuan": after,
                    "difference_yuan": after - before,
                    "persons_yuan": persons,
                    "per_head_yuan": after - before - persons,
                    "heads_figures": fewer,
                    "heads_people": more,
                    "balance_figures_yuan": record["pooled_balance_end_yuan_figures"],
                    "balance_people_yuan": record["pooled_balance_end_yuan_people"],
                    "months_figures": record["payable_months_figures"],
                    "months_people": record["payable_months_people"],
                }
            )
    return pd.DataFrame(rows)


def _years(annual: pd.DataFrame, scenario: str) -> pd.DataFrame:
    kept = [
        *_KEYS,
        "active_persons",
        "enrolled_persons",
        "pooled_income_yuan",
        "pooled_expenditure_yuan",
        "pooled_balance_end_yuan",
        "payable_months",
    ]
    rows = annual[(annual["scenario"] == scenario) & annual["scheme"].isin(["employee", "resident"])]
    if "phase" in rows:
        rows = rows[rows["phase"] == "projection"]
    rows = rows[rows["pooled_balance_end_yuan"].notna()]
    return rows[kept].reset_index(drop=True)
