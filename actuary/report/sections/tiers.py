"""Names of the tiers of hospitals, whatever a file calls them: 3, level III, 三级."""

from __future__ import annotations

import re

from actuary.report.composer import Composer
from actuary.report.wording import load_wording

__all__ = ["tier_name"]

_GROUP = "hospital_tiers"
_STEM = "tier_"


def tier_name(composer: Composer, tier: str) -> str:
    """Return the name of a tier in the language of the report; one that is not known is printed as it is given.

    Several tiers joined by ``+`` are named one by one.

    Parameters
    ----------
    composer : Composer
        Gives the words.
    tier : str
        The tier as a policy or a file of cases gives it.

    Examples
    --------
    >>> tier_name(Composer("en"), "3"), tier_name(Composer("en"), "level I")
    ('tertiary', 'primary')
    """
    known = {words: name for name, words in load_wording("zh").group(_GROUP).items()}
    names = []
    for one in tier.split("+"):
        plain = re.sub(r"\W+", "_", one.strip().lower())
        key = known.get(one.strip(), f"{_STEM}{plain}")
        found = f"{_GROUP}.{key}"
        names.append(composer.text(found) if composer.wording.has(found) else one)
    return composer.text("phrases.list_comma").join(names)
