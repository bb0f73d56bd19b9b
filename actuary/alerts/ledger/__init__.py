"""The ledger of cases: from alert to archive, in one SQLite file that only grows.

See docs/case-ledger.md.
"""

from __future__ import annotations

from actuary.alerts.ledger.book import CaseLedger
from actuary.alerts.ledger.events import Head, LedgerEvent
from actuary.alerts.ledger.listing import CaseFilter
from actuary.alerts.ledger.rules import LedgerRules, load_ledger_rules
from actuary.alerts.ledger.sightings import Recorded
from actuary.alerts.ledger.store import LedgerError
from actuary.alerts.ledger.verify import Fault, Verification

__all__ = [
    "CaseFilter",
    "CaseLedger",
    "Fault",
    "Head",
    "LedgerError",
    "LedgerEvent",
    "LedgerRules",
    "Recorded",
    "Verification",
    "load_ledger_rules",
]
