"""Time the quality checks: a flat file of cases and a whole settlement list, made up on the spot.

Run with ``python -m benchmarks.quality [CASES]``. The rows are random; only their number and shape matter.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from actuary.drg.quality import QualityResult, check_settlement_list

_CODES = [f"{letter}{number:02d}.{part}00" for letter in "ABCIJKMNS" for number in range(100) for part in range(5)]


def flat_cases(count: int, rng: np.random.Generator) -> pa.Table:
    """Return cases with 3.6 diagnoses and one procedure on average."""

    def lists(mean: float, least: int) -> pa.Array:
        lengths = rng.poisson(mean, count) + least
        codes = pa.DictionaryArray.from_arrays(
            pa.array(rng.integers(0, len(_CODES), int(lengths.sum())), pa.int32()), pa.array(_CODES)
        )
        offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
        return pa.ListArray.from_arrays(offsets, codes.dictionary_decode())

    return pa.table(
        {
            "case_id": pa.array(np.char.add("c", np.arange(count).astype("U9"))),
            "sex": rng.integers(1, 3, count),
            "age_years": rng.integers(1, 95, count),
            "los_days": rng.integers(1, 40, count),
            "discharge_status": rng.integers(1, 5, count),
            "dx": lists(2.6, 1),
            "px": lists(1.0, 0),
        }
    )


def whole_lists(count: int, rng: np.random.Generator) -> dict[str, pa.Table]:
    """Return a settlement list whose amounts add up: three diagnoses, a procedure and eight charges a case."""
    ids = np.char.add("s", np.arange(count).astype("U9"))
    days = rng.integers(1, 30, count)
    admitted = np.datetime64("2024-01-01T08:00:00", "s") + rng.integers(0, 300, count).astype("timedelta64[D]")
    discharged = admitted + days.astype("timedelta64[D]")
    item_of = np.repeat(np.arange(count), 8)
    fen = rng.integers(100, 1_000_000, len(item_of))
    total = np.bincount(item_of, weights=fen).astype(np.int64)

    def yuan(amounts: np.ndarray) -> pa.Array:
        return pa.array([f"{amount // 100}.{amount % 100:02d}" for amount in amounts.tolist()])

    def same(text: str) -> pa.Array:
        return pa.repeat(pa.scalar(text), count)

    case = {
        "mdtrt_id": pa.array(ids),
        "setl_id": pa.array(ids),
        "psn_key": pa.array(ids),
        "medcasno": pa.array(ids),
        "fixmedins_code": pa.array(np.char.add("H", rng.integers(0, 200, count).astype("U3"))),
        "gend": pa.array(rng.integers(1, 3, count).astype("U1")),
        "age": pa.array(rng.integers(1, 95, count).astype("U2")),
        "adm_time": pa.array(np.char.replace(admitted.astype("U19"), "T", " ")),
        "dscg_time": pa.array(np.char.replace(discharged.astype("U19"), "T", " ")),
        "act_ipt_days": pa.array(days.astype("U2")),
        "total_cost": yuan(total),
        "psn_selfpay": yuan(total),
        "psn_cashpay": yuan(total),
    }
    fixed = {"hi_setl_lv": "03", "hi_type": "310", "insuplc": "210100", "ipt_med_type": "1", "adm_way": "1"}
    fixed |= {"trt_type": "1", "adm_caty": "03", "dscg_caty": "03", "dscg_way": "1", "days_rinp_flag_31": "0"}
    fixed |= {"psn_ownpay": "0", "acct_pay": "0", "hi_paymtd": "4"}
    three = np.repeat(np.arange(count), 3)
    codes = pa.array(_CODES)
    return {
        "case": pa.table({**case, **{name: same(text) for name, text in fixed.items()}}),
        "diagnosis": pa.table(
            {
                "mdtrt_id": pa.array(ids[three]),
                "maindiag_flag": pa.array(np.where(np.arange(len(three)) % 3 == 0, "1", "0")),
                "diag_code": codes.take(pa.array(rng.integers(0, len(_CODES), len(three)))),
                "adm_cond_type": pa.repeat(pa.scalar("1"), len(three)),
            }
        ),
        "procedure": pa.table(
            {
                "mdtrt_id": pa.array(ids),
                "oprn_oprt_type": same("1"),
                "oprn_oprt_code": same("36.0700"),
                "oprn_oprt_date": pa.array(admitted.astype("datetime64[D]").astype("U10")),
            }
        ),
        "item": pa.table(
            {
                "mdtrt_id": pa.array(ids[item_of]),
                "med_chrgitm": pa.array(np.tile(["01", "02", "03", "05", "06", "07", "08", "09"], count)),
                "amt": yuan(fen),
                "claa_sumfee": yuan(fen),
                "clab_amt": pa.repeat(pa.scalar("0"), len(fen)),
                "fulamt_ownpay_amt": pa.repeat(pa.scalar("0"), len(fen)),
                "oth_amt": pa.repeat(pa.scalar("0.00"), len(fen)),
            }
        ),
        "fund": pa.table({"mdtrt_id": pa.array(ids), "fund_pay_type": same("310100"), "fund_payamt": same("0")}),
    }


def _timed(what: str, count: int, run: Callable[[], QualityResult]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    result = run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{what:<42}{count:>10,} cases {wall:7.2f} s wall {cpu:7.2f} CPU-s {count / cpu:12,.0f} cases/CPU-s "
        f"{len(result.findings_table):>9,} findings, peak {memory:,.0f} MiB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--dictionary", help="folder of the code dictionary")
    given = parser.parse_args()
    count, rng = given.cases, np.random.default_rng(20260101)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        flat = flat_cases(count, rng)
        pq.write_table(flat, folder / "flat.parquet")
        _timed("flat, from memory", count, lambda: check_settlement_list(flat, dictionary=given.dictionary))
        path = folder / "flat.parquet"
        _timed("flat, from Parquet", count, lambda: check_settlement_list(path, dictionary=given.dictionary))
        few = max(1, count // 5)
        whole = whole_lists(few, rng)
        _timed("whole list, text in memory", few, lambda: check_settlement_list(whole, dictionary=given.dictionary))
        import pyarrow.csv as arrow_csv  # noqa: PLC0415

        for table, rows in whole.items():
            arrow_csv.write_csv(rows, folder / f"{table}.csv")
        _timed("whole list, from CSV", few, lambda: check_settlement_list(folder, dictionary=given.dictionary))


if __name__ == "__main__":
    main()
