"""Draw the stays of a synthetic city: who, where, what for, how long and how dear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actuary.synth.prototypes import AGE_BANDS
from actuary.synth.setting import Setting

__all__ = ["EARLIEST", "LAST_DAY", "Stays", "draw_stays", "join_stays"]

#: First day of admission that is drawn, and last day of discharge that belongs to the year [days from 1 January].
EARLIEST, LAST_DAY = -40, 364

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_YEARS = np.array([years for _, years, _, _ in AGE_BANDS])
_DAYS = np.array([-1 if days is None else days for _, _, days, _ in AGE_BANDS])
_GRAMS = np.array([-1 if grams is None else grams for _, _, _, grams in AGE_BANDS])
_BANDS = [name for name, _, _, _ in AGE_BANDS]


@dataclass(frozen=True, eq=False)
class Stays:
    """Hold stays as arrays of one length; days count from the first of January of the plan's year.

    Parameters
    ----------
    group, prototype, hospital, insurance, person : array
        Indices; `insurance` 0 employee, 1 resident; `person` is a number within the draw.
    age_years, age_days, birth_weight_g : array
        Age [years, days] and birth weight [g]; -1 where not stated.
    admission, los_days : array
        Day of admission and length of stay [days].
    cost_yuan : array
        Total cost [yuan], before rounding.
    outpatient_yuan : array
        Outpatient cost within 14 days around the stay [yuan].
    drug_factor, consumable_factor, self_paid_factor : array
        How much more of these is on the bill than usual.
    true_prototype : array
        The prototype that the patient really was; differs from `prototype` where the stay was upcoded.
    kind : array
        Misbehaviour behind the stay as a number, one more than its place in `KINDS`; 0 for none.
    """

    group: IntArray
    prototype: IntArray
    hospital: IntArray
    insurance: IntArray
    person: IntArray
    age_years: IntArray
    age_days: IntArray
    birth_weight_g: IntArray
    admission: IntArray
    los_days: IntArray
    cost_yuan: FloatArray
    outpatient_yuan: FloatArray
    drug_factor: FloatArray
    consumable_factor: FloatArray
    self_paid_factor: FloatArray
    true_prototype: IntArray
    kind: IntArray

    def __len__(self) -> int:
        return int(self.group.size)

    def take(self, rows: IntArray | NDArray[np.bool_]) -> Stays:
        """Return some of the stays."""
        return Stays(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


def join_stays(*parts: Stays) -> Stays:
    """Put stays one after another."""
    return Stays(**{n: np.concatenate([getattr(p, n) for p in parts]) for n in Stays.__dataclass_fields__})


def _pick(table: FloatArray, row: IntArray, u: FloatArray) -> IntArray:
    """Draw a column for each row of running shares."""
    flat = table + np.arange(table.shape[0])[:, None]
    column = np.searchsorted(flat.ravel(), row + u) - row * table.shape[1]
    return np.asarray(np.clip(column, 0, table.shape[1] - 1), dtype=np.int64)


def _pick_prototype(setting: Setting, group: IntArray, u: FloatArray) -> IntArray:
    """Draw a prototype of each group by its running share."""
    start = setting.prototypes.start
    group_of = np.repeat(np.arange(start.size - 1), np.diff(start))
    chosen = np.searchsorted(setting.prototype_table + group_of, group + u)
    return np.asarray(np.clip(chosen, start[group], start[group + 1] - 1), dtype=np.int64)


def _draw_ages(setting: Setting, prototype: IntArray, insurance: IntArray, rng: np.random.Generator) -> IntArray:
    """Return ages in years within the band of the prototype: mothers young, the rest as those in hospital are."""
    band = np.array([_BANDS.index(name) for name in setting.prototypes.table["band"].to_pylist()])[prototype]
    letter = np.array([code[0] for code in setting.prototypes.table["drg"].to_pylist()])[prototype]
    size = prototype.size
    ages = setting.plan.ages
    old = rng.random(size) < np.array(ages.elderly)[insurance]
    adult = np.where(old, rng.normal(*ages.elderly_years, size), rng.normal(*ages.other_years, size))
    adult = np.where(letter == "O", rng.normal(*ages.mother_years, size), adult)
    adult = np.clip(np.rint(adult), 18, 98)
    child = rng.integers(1, 18, size)
    years = np.where(band == 0, adult, np.where(band == 1, child, _YEARS[band]))
    return np.asarray(years, dtype=np.int64)


def draw_stays(setting: Setting, cases: int, *, rng: np.random.Generator) -> Stays:
    r"""Draw stays of one year without misbehaviour.

    Within a group cost is log-normal around relative cost × price of the hospital × mean of the insurance; length of
    stay goes with it; a few stays have a longer tail. Stays of one person follow each other with gaps.

    .. math:: C = \bar C_s \, w_g \, k_h \, e^{\sigma_g z - \sigma_g^2/2}

    Parameters
    ----------
    setting : Setting
        Hospitals, groups and calibration.
    cases : int
        Stays to draw.
    rng : numpy.random.Generator
        Where the randomness is from.

    Returns
    -------
    Stays
        In no order that means anything.
    """
    plan = setting.plan
    group = np.searchsorted(np.cumsum(setting.group_share), rng.random(cases)).clip(0, setting.group_share.size - 1)
    prototype = _pick_prototype(setting, group, rng.random(cases))
    hospital = _pick(setting.hospital_table, group, rng.random(cases))
    insurance = (rng.random(cases) >= setting.employee_share).astype(np.int64)
    age = _draw_ages(setting, prototype, insurance, rng)
    insurance = np.where(age < 18, 1, insurance)
    sex = np.array(setting.prototypes.table["sex"].to_pylist()).astype(np.int64)

    # Who comes again: neighbours of one sex, insurance and age are one person now and then.
    order = np.lexsort((rng.random(cases), age, sex[prototype], insurance))
    key = np.stack([insurance[order], sex[prototype][order], age[order]])
    alike = np.concatenate([[False], (key[:, 1:] == key[:, :-1]).all(axis=0)])
    grown = age[order] > 0
    again = alike & grown & (rng.random(cases) < 1 - 1 / plan.mix.stays_per_person)
    person = np.empty(cases, dtype=np.int64)
    run = np.cumsum(~again) - 1
    person[order] = run
    first = np.maximum.accumulate(np.where(~again, np.arange(cases), 0))
    same = again & (rng.random(cases) < plan.mix.same_group_again)
    source = np.where(same, first, np.arange(cases))
    for values in (group, prototype, hospital):
        values[order] = values[order][source]

    z = rng.normal(size=cases)
    rho = plan.cost.cost_stay_correlation
    z_stay = rho * z + np.sqrt(1 - rho**2) * rng.normal(size=cases)
    sigma = setting.sigma[group]
    cost = (
        setting.mean_cost[insurance]
        * setting.relative_cost[group]
        * setting.cost_factor[hospital]
        * np.exp(sigma * z - sigma**2 / 2)
    )
    tail = rng.random(cases) < plan.cost.tail_share
    cost = cost * np.where(tail, np.exp(np.abs(rng.normal(0, plan.cost.tail_sigma, cases))), 1.0)
    spread = plan.cost.stay_sigma
    stay = (
        setting.mean_stay[insurance]
        * setting.relative_cost[group] ** plan.cost.stay_power
        * setting.stay_factor[hospital]
        * np.exp(spread * z_stay - spread**2 / 2)
    )
    los = np.clip(np.rint(stay), 1, 300).astype(np.int64)
    admission = _draw_days(order, run, again, los, rng)
    late = admission < EARLIEST  # more stays than the year has room for: they are other people's
    admission[late] = rng.integers(EARLIEST, 366, int(late.sum()))
    person[late] = run[-1] + 1 + np.arange(int(late.sum()))
    band = np.array([_BANDS.index(name) for name in setting.prototypes.table["band"].to_pylist()])[prototype]
    return Stays(
        group=group,
        prototype=prototype,
        hospital=hospital,
        insurance=insurance,
        person=person,
        age_years=age,
        age_days=_DAYS[band],
        birth_weight_g=_GRAMS[band],
        admission=admission,
        los_days=los,
        cost_yuan=np.maximum(cost, plan.cost.least_yuan),
        outpatient_yuan=np.asarray(
            rng.gamma(plan.cost.outpatient_shape, plan.cost.outpatient_yuan / plan.cost.outpatient_shape, cases)
        ),
        drug_factor=np.ones(cases),
        consumable_factor=np.ones(cases),
        self_paid_factor=np.ones(cases),
        true_prototype=prototype.copy(),
        kind=np.zeros(cases, dtype=np.int64),
    )


def _draw_days(
    order: IntArray, run: IntArray, again: NDArray[np.bool_], los: IntArray, rng: np.random.Generator
) -> IntArray:
    """Return days of admission: the first stay of a person any day, the next ones after a gap, the year permitting.

    A person's stays move forward together until the last one begins within the year; a day below `EARLIEST` says that
    there was no room for that.
    """
    size = order.size
    gap = np.rint(rng.exponential(55.0, size)).astype(np.int64) + 1
    start = rng.integers(EARLIEST, 366, size)
    step = np.where(again, np.concatenate([[0], los[order][:-1]]) + gap, 0)
    total = np.cumsum(step)
    base = np.maximum.accumulate(np.where(~again, np.arange(size), 0))
    offset = total - total[base]
    last = np.zeros(run[-1] + 1, dtype=np.int64) if size else np.zeros(0, dtype=np.int64)
    np.maximum.at(last, run, offset)
    begin = np.minimum(start[base], 365 - last[run])
    days = np.empty(size, dtype=np.int64)
    days[order] = begin + offset
    return days
