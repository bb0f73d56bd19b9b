"""The statuses of a person in the insurance, in the one order of every array."""

from __future__ import annotations

from dataclasses import dataclass

from actuary.errors import UnknownNameError, unknown_name

__all__ = ["CONTRIBUTING", "EMPLOYEE", "RESIDENT", "STATUSES", "STATUS_NAMES", "Status", "get_status"]


@dataclass(frozen=True, slots=True)
class Status:
    """Name a status of a person in the insurance.

    Parameters
    ----------
    name : str
        Name in code and in tables.
    scheme : str
        ``employee``, ``resident`` or ``none``.
    zh, en : str
        Label in a report.
    contributes : bool
        Whether the person counts as active in the ratio of active to retired.
    """

    name: str
    scheme: str
    zh: str
    en: str
    contributes: bool = False


#: Every status, in the order of every array over statuses.
STATUSES: tuple[Status, ...] = (
    Status("employee_active", "employee", "在职职工", "Employed contributors", contributes=True),
    Status("employee_flexible", "employee", "灵活就业参保人员", "Flexible and platform workers", contributes=True),
    Status("employee_retired", "employee", "退休人员", "Retired members"),
    Status("resident_child", "resident", "居民参保儿童", "Children in the resident scheme"),
    Status("resident_adult", "resident", "居民参保成年人", "Adults in the resident scheme"),
    Status("resident_elderly", "resident", "居民参保老年人", "Elderly in the resident scheme"),
    Status("uninsured", "none", "未参保", "Not insured"),
)
STATUS_NAMES: tuple[str, ...] = tuple(status.name for status in STATUSES)
EMPLOYEE: tuple[str, ...] = tuple(status.name for status in STATUSES if status.scheme == "employee")
RESIDENT: tuple[str, ...] = tuple(status.name for status in STATUSES if status.scheme == "resident")
#: Statuses above the line of the ratio of active to retired.
CONTRIBUTING: tuple[str, ...] = tuple(status.name for status in STATUSES if status.contributes)


def get_status(name: str, *, where: str = "status") -> Status:
    """Return the status of that name.

    Parameters
    ----------
    name : str
        One of :data:`STATUS_NAMES`.
    where : str
        Where the name was written, for the message.

    Raises
    ------
    UnknownNameError
        When there is no such status; the message names the nearest one.

    Examples
    --------
    >>> get_status("employee_retired").zh
    '退休人员'
    >>> CONTRIBUTING
    ('employee_active', 'employee_flexible')
    """
    for status in STATUSES:
        if status.name == name:
            return status
    raise UnknownNameError(unknown_name(where, name, STATUS_NAMES, what="status"))
