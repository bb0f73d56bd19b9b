"""Say which columns each kind of table has and what may stand in them."""

from __future__ import annotations

from dataclasses import dataclass

from actuary.errors import UnknownNameError, unknown_name

__all__ = [
    "BASES",
    "CONFIDENCES",
    "OBSERVED_SCHEMAS",
    "OUTLOOK",
    "SCHEMAS",
    "SCHEMES",
    "SCOPES",
    "Field",
    "Schema",
    "get_schema",
]

#: Funds and groups of people; ``none`` for facts that belong to no fund (population, procurement …).
SCHEMES = (
    "all",
    "employee",
    "resident",
    "maternity",
    "ltci",
    "nrcms",
    "urban_all",
    "resident_urban",
    "resident_all",
    "none",
)

#: What kind of publication a figure comes from; ``plan`` marks a target or budget, never an observation.
BASES = (
    "bulletin",
    "final_accounts",
    "yearbook",
    "census",
    "flash",
    "monthly_1_12",
    "notice",
    "study",
    "plan",
)

#: How far a figure was checked.
CONFIDENCES = ("verified", "derived", "recalled", "conflicting")

#: Which accounts a monthly figure covers.
SCOPES = ("all_accounts", "pooled_only")

#: Series of a published population projection with its variants and prediction bounds.
OUTLOOK = (
    "population",
    "population_male",
    "population_female",
    "births",
    "deaths",
    "net_migrants",
    "tfr",
    "e0_male",
    "e0_female",
    "e0_both",
    "srb",
)

_RELATIONS = ("above", "at_least", "equal", "about", "at_most", "text")
_NATURES = ("binding", "expected", "plan_text", "notice_text")
_KINDS = ("stock", "flow", "rate", "price", "count")


@dataclass(frozen=True, slots=True)
class Field:
    """Describe one column of a table.

    Parameters
    ----------
    name : str
        Its heading.
    kind : str
        ``name``, ``text``, ``choice``, ``period``, ``month``, ``year``, ``url``, ``number`` (a plain number),
        ``amount`` (a number in the unit of the row), ``unit``, ``indicator`` or ``quantity``.
    required : bool
        Whether every row must fill it.
    choices : tuple of str
        The values of a ``choice``.
    """

    name: str
    kind: str = "text"
    required: bool = True
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Schema:
    """Describe one kind of table.

    Parameters
    ----------
    name : str
        Name used in the catalogue.
    fields : tuple of Field
        Every column; all of them must be there, in any order, and no other.
    key : tuple of str
        Columns that together may occur once only.
    """

    name: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(field.name for field in self.fields)

    def field(self, name: str) -> Field:
        """Return the column of that name."""
        return next(field for field in self.fields if field.name == name)

    def of_kind(self, *kinds: str) -> tuple[Field, ...]:
        """Return the columns of some kinds."""
        return tuple(field for field in self.fields if field.kind in kinds)


_REGION = Field("region", "name")
_SCHEME = Field("scheme", "choice", choices=SCHEMES)
_INDICATOR = Field("indicator", "indicator")
_PROVENANCE = (
    Field("basis", "choice", choices=BASES),
    Field("source"),
    Field("url", "url", required=False),
    Field("confidence", "choice", choices=CONFIDENCES),
    Field("note", required=False),
)
# Values that differ by basis, scope, group or confidence stand side by side on purpose; the source is left out of
# the key, so that one figure typed twice with two spellings of its source is found.
_KEY = ("region", "period", "scheme", "indicator", "basis", "confidence")

#: Every schema, by the name used in the catalogue.
SCHEMAS: dict[str, Schema] = {
    schema.name: schema
    for schema in (
        Schema(
            "facts",
            (
                _REGION,
                Field("period", "period"),
                _SCHEME,
                _INDICATOR,
                Field("value", "amount"),
                Field("unit", "unit"),
                *_PROVENANCE,
            ),
            _KEY,
        ),
        Schema(
            "cumulative",
            (
                _REGION,
                Field("period", "month"),
                _SCHEME,
                _INDICATOR,
                Field("scope", "choice", choices=SCOPES),
                Field("value", "amount"),
                Field("unit", "unit"),
                Field("yoy_pct", "number", required=False),
                *_PROVENANCE,
            ),
            (*_KEY, "scope"),
        ),
        Schema(
            "group_facts",
            (
                _REGION,
                Field("period", "period"),
                _SCHEME,
                Field("group", "name"),
                _INDICATOR,
                Field("value", "amount"),
                Field("unit", "unit"),
                *_PROVENANCE,
            ),
            (*_KEY, "group"),
        ),
        Schema(
            "targets",
            (
                _REGION,
                Field("period", "year"),
                _SCHEME,
                _INDICATOR,
                Field("relation", "choice", choices=_RELATIONS),
                Field("value", "amount", required=False),
                Field("unit", "unit"),
                Field("base_period", "year", required=False),
                Field("base_value", "amount", required=False),
                Field("nature", "choice", choices=_NATURES),
                Field("target_text", required=False),
                *_PROVENANCE,
            ),
            (*_KEY, "nature"),
        ),
        Schema(
            "findings",
            (
                _REGION,
                _SCHEME,
                Field("horizon"),
                Field("finding_zh"),
                Field("finding_en"),
                Field("source"),
                Field("url", "url", required=False),
                Field("confidence", "choice", choices=CONFIDENCES),
                Field("note", required=False),
            ),
            ("region", "scheme", "horizon", "source"),
        ),
        Schema(
            "indicators",
            (
                Field("indicator", "name"),
                Field("kind", "choice", choices=_KINDS),
                Field("quantity", "quantity"),
                Field("zh"),
                Field("en"),
                Field("minimum", "number", required=False),
                Field("maximum", "number", required=False),
            ),
            ("indicator",),
        ),
        Schema(
            "ages_by_sex",
            (
                Field("region", "name"),
                Field("year", "year"),
                Field("age", "number"),
                Field("male", "number"),
                Field("female", "number"),
            ),
            ("region", "year", "age"),
        ),
        Schema(
            "ages",
            (Field("region", "name"), Field("year", "year"), Field("age", "number"), Field("value", "number")),
            ("region", "year", "age"),
        ),
        Schema(
            "outlook",
            (
                Field("region", "name"),
                Field("year", "year"),
                Field("series", "choice", choices=OUTLOOK),
                Field("medium", "number"),
                *(
                    Field(name, "number", required=False)
                    for name in ("low_80", "high_80", "low_95", "high_95", "low", "high")
                ),
            ),
            ("region", "year", "series"),
        ),
    )
}

#: Schemas whose rows are figures that somebody observed.
OBSERVED_SCHEMAS = ("facts", "cumulative", "group_facts")


def get_schema(name: str, *, where: str = "schema") -> Schema:
    """Return the schema of that name.

    Parameters
    ----------
    name : str
        A key of :data:`SCHEMAS`.
    where : str
        Where the name was written, for the message.

    Raises
    ------
    UnknownNameError
        When there is no such schema.

    Examples
    --------
    >>> get_schema("indicators").key
    ('indicator',)
    """
    if name not in SCHEMAS:
        raise UnknownNameError(unknown_name(where, name, SCHEMAS, what="schema"))
    return SCHEMAS[name]
