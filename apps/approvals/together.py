"""Reading requests once for all who ask at the same time. One that cannot be read is a failure for
those alone who asked for it.
"""

from collections.abc import Callable, Collection, Mapping
from typing import TypeVar
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError

from apps.activity.threads import in_database
from apps.ledger.deliveries import kind_of_error

Found = TypeVar("Found")

log = structlog.get_logger("lattice.approvals")


async def read_together(
    read: Callable[[Collection[UUID]], Mapping[UUID, Found]], wanted: Collection[UUID]
) -> dict[UUID, Found | Exception]:
    """By their ids. Raises where the database itself is away: that is nobody's failure alone."""
    try:
        return dict(await in_database(read, wanted))
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001 (whose it is comes out when each is read by itself)
        return await _read_apart(read, wanted)


async def _read_apart(
    read: Callable[[Collection[UUID]], Mapping[UUID, Found]], wanted: Collection[UUID]
) -> dict[UUID, Found | Exception]:
    found: dict[UUID, Found | Exception] = {}
    for request_id in wanted:
        try:
            found |= await in_database(read, [request_id])
        except (OperationalError, InterfaceError):
            raise
        except Exception as failure:  # noqa: BLE001 (whoever asked is told)
            log.warning("request not read", request=str(request_id), because=kind_of_error(failure))
            found[request_id] = failure
    return found
