"""Two names of a folder that change places in one step, where the system can do that."""

import ctypes
import os
from errno import EINVAL, ENOSYS, ENOTSUP, EPERM
from functools import cache
from typing import Any

_EXCHANGE = 2
_CANNOT = frozenset({EINVAL, ENOSYS, ENOTSUP, EPERM})


def exchanged(one: str, other: str, *, here: int) -> bool:
    """Whether they are, which the system or the file system may not know how to do. `here`: the
    folder, opened. Raises OSError where one of them is not there."""
    renameat2 = _renameat2()
    if renameat2 is None:
        return False
    if renameat2(here, os.fsencode(one), here, os.fsencode(other), _EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _CANNOT:
        return False
    raise OSError(number, os.strerror(number))


@cache
def _renameat2() -> Any:
    """Of Linux. There is no door to it in Python."""
    found = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if found is not None:
        found.argtypes = [*2 * (ctypes.c_int, ctypes.c_char_p), ctypes.c_uint]
    return found
