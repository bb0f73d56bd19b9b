"""Credit scores as the verb runs them: from assessment, findings and ledger to scores, deposits and budget."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from actuary.alerts.amounts import require_fen
from actuary.alerts.credit import (
    BudgetShare,
    CreditScore,
    Matter,
    deposits_by_credit,
    score_credit,
    share_budget,
)
from actuary.alerts.credit_files import Assessments, matters_of_ledger, read_assessments, read_findings
from actuary.alerts.credit_rules import CreditRules, load_credit_rules
from actuary.alerts.ledger import CaseFilter
from actuary.errors import ActuaryError, Problem, raise_all, unknown_name
from actuary.files import csv_bytes
from actuary.payment.deposit import DepositOutcome
from actuary.payment.policy_files import load_payment_policy
from actuary.policy.fingerprints import fingerprint
from actuary.workflow.case_ledger import open_ledger
from actuary.workflow.outputs import check_output, staged_output

__all__ = ["CreditRun", "score_providers", "write_credit"]

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class CreditRun:
    """Hold the scores of all providers, and what follows from them.

    Parameters
    ----------
    scores : tuple of CreditScore
        In the order of the assessments.
    deposits : dict of str to DepositOutcome, or None
        Where a policy was named.
    budget : tuple of BudgetShare, or None
        Where a budget was named.
    notes : tuple of str
        What was not counted, and who has no score.
    fingerprint : str
        Of formula, assessments and matters.
    synthetic : bool
        Whether a case of the ledger is made up.
    """

    scores: tuple[CreditScore, ...]
    deposits: dict[str, DepositOutcome] | None
    budget: tuple[BudgetShare, ...] | None
    notes: tuple[str, ...]
    fingerprint: str
    synthetic: bool

    def __repr__(self) -> str:
        """Return how many were scored."""
        return f"CreditRun({len(self.scores)} scores, {self.fingerprint[:12]})"

    def _repr_html_(self) -> str:
        made_up = ", made-up data" if self.synthetic else ""
        return f"<p>{len(self.scores)} scores{made_up}</p>{self.to_frame().to_html(index=False, max_rows=20)}"

    def to_frame(self) -> pd.DataFrame:
        """Return one row a provider: score, grade, deposit and budget where there are [yuan]."""
        rows = []
        shares = {one.hospital: one for one in self.budget or ()}
        for one in self.scores:
            row: dict[str, object] = {"hospital": one.hospital, "score": one.score and float(one.score)}
            row |= {"grade": one.grade, "matters": sum(line.item == "matter" for line in one.lines)}
            if self.deposits is not None:
                outcome = self.deposits[one.hospital]
                row |= {"deposit_yuan": outcome.deposit_fen / 100, "returned_yuan": outcome.returned_fen / 100}
            if self.budget is not None:
                share = shares[one.hospital]
                row |= {"budget_yuan": share.budget_fen / 100, "neutral_yuan": share.neutral_fen / 100}
            rows.append({**row, "reason": one.reason})
        return pd.DataFrame(rows)

    def lines(self) -> pd.DataFrame:
        """Return one row a line of every calculation."""
        return pd.concat([one.to_frame() for one in self.scores], ignore_index=True)


def score_providers(
    assessment: Path | str,
    *,
    findings: Path | str | None = None,
    ledger: Path | str | None = None,
    region: str | None = None,
    year: int | None = None,
    policy: str | None = None,
    budget_yuan: str | None = None,
    models: Path | None = None,
) -> CreditRun:
    r"""Score every provider of an assessment.

    Parameters
    ----------
    assessment : path
        hospital, score, and spend_yuan and payable_yuan where known.
    findings : path, optional
        hospital, kind, level; a finding whose matter the ledger holds is taken from the ledger.
    ledger : path, optional
        Ledger of cases.
    region : str, optional
        Region of the cases; needed where the ledger holds several.
    year : int, optional
        Cases last seen in that year; all when left out.
    policy : str, optional
        Payment policy whose deposit is settled.
    budget_yuan : str, optional
        Budget of the next year, divided by spend_yuan and credit.
    models : Path, optional
        Folder of declared rules.

    Returns
    -------
    CreditRun
        Score and level of every provider, line by line, and what they move.

    Raises
    ------
    ActuaryError
        With what is wrong with the files and options.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "assessment.csv"
    >>> _ = path.write_text("hospital,score\nH1,95\nH2,70\n")
    >>> [(one.hospital, str(one.score), one.grade) for one in score_providers(path).scores]
    [('H1', '97.0', 'A'), ('H2', '82.0', 'B')]
    """
    rules = load_credit_rules(models)
    assessed = read_assessments(assessment)
    found = () if findings is None else read_findings(findings, rules, hospitals=assessed.scores)
    held, recovered, synthetic = _from_ledger(ledger, assessed, rules, region=region, year=year)
    recorded = {(matter.hospital, matter.rule_id) for matter in held}
    matters = [*held, *(one for one in found if (one.hospital, one.rule_id) not in recorded)]
    scores = tuple(
        score_credit(
            hospital,
            score,
            [one for one in matters if one.hospital == hospital],
            rules,
            recovered_fen=recovered.get(hospital, 0),
            spend_fen=assessed.spend_fen.get(hospital),
        )
        for hospital, score in assessed.scores.items()
    )
    deposits = None
    if policy is not None:
        settlement = load_payment_policy(policy, root=models, partial_ok=True).settlement
        deposits = deposits_by_credit(scores, assessed.payable_fen, settlement)
    budget = None
    if budget_yuan is not None:
        budget = share_budget(scores, assessed.spend_fen, require_fen(budget_yuan, where="--budget-yuan"), rules)
    notes = tuple(
        f"{hospital}: {money / 100:,.2f} yuan recovered are not counted, the assessment gives no spend_yuan"
        for hospital, money in recovered.items()
        if money and hospital not in assessed.spend_fen
    )
    if unscored := [one.hospital for one in scores if one.score is None]:
        shown = ", ".join(unscored[:_SHOWN]) + (f" … {len(unscored)} in all" if len(unscored) > _SHOWN else "")
        notes += (f"no score of {shown}: scores.csv leaves them out, actuary clear asks for theirs",)
    return CreditRun(scores, deposits, budget, notes, _fingerprint(rules, assessed, matters, recovered), synthetic)


def _from_ledger(
    ledger: Path | str | None, assessed: Assessments, rules: CreditRules, *, region: str | None, year: int | None
) -> tuple[tuple[Matter, ...], dict[str, int], bool]:
    if ledger is None:
        return (), {}, False
    cases = open_ledger(ledger).cases(CaseFilter(kind="provider", region=region))
    regions = sorted(cases["region"].unique())
    if len(regions) > 1:
        expected = "one: codes of hospitals may be the same in two"
        raise ActuaryError(Problem(str(ledger), f"cases of {', '.join(regions)}", expected, "choose with --region"))
    matters, recovered = matters_of_ledger(cases, rules, year=year)
    strangers = sorted({matter.hospital for matter in matters} - set(assessed.scores))
    raise_all(
        unknown_name(f"{ledger}, hospital", name, assessed.scores, what="hospital of the assessment")
        for name in strangers
    )
    return matters, recovered, bool(cases["synthetic"].any())


def _fingerprint(
    rules: CreditRules, assessed: Assessments, matters: Sequence[Matter], recovered: dict[str, int]
) -> str:
    return fingerprint(
        {
            "rules": json.loads(rules.model_dump_json()),
            "scores": {name: None if score is None else str(score) for name, score in assessed.scores.items()},
            "money": [dict(assessed.spend_fen), dict(assessed.payable_fen), recovered],
            "matters": [[one.hospital, one.rule_id, one.level, one.state, one.case, one.again] for one in matters],
        }
    )


def write_credit(run: CreditRun, out: Path) -> None:
    """Write credit.csv, lines.csv, scores.csv (for `actuary clear --scores`) and credit.json; whole or not at all.

    Parameters
    ----------
    run : CreditRun
        The scores.
    out : Path
        The folder.
    """
    target = check_output(out)
    known = [(one.hospital, str(one.score)) for one in run.scores if one.score is not None]
    files = {
        "credit.csv": csv_bytes(run.to_frame()),
        "lines.csv": csv_bytes(run.lines()),
        "scores.csv": csv_bytes(pd.DataFrame(known, columns=["hospital", "score"])),
    }
    header = {"fingerprint": run.fingerprint, "synthetic": run.synthetic, "notes": list(run.notes)}
    files["credit.json"] = (json.dumps(header, ensure_ascii=False, indent=1) + "\n").encode()
    files["manifest.json"] = (json.dumps({"outputs": [{"file": name} for name in files]}, indent=2) + "\n").encode()
    with staged_output(target) as staging:
        for name, content in files.items():
            (staging / name).write_bytes(content)
