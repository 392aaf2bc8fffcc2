"""Values as YAML that `nodes` reads back as the same values, in one line."""

import re
from collections.abc import Mapping, Sequence
from datetime import time

_BARE = re.compile(r"[A-Za-z][A-Za-z0-9_./*-]*|[0-9]{2}:[0-9]{2}")
_WORDS = frozenset({"null", "true", "false"})


def in_flow(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
        case time():
            return value.isoformat("minutes")
        case str():
            bare = _BARE.fullmatch(value) and value.lower() not in _WORDS
            return value if bare else quoted(value)
        case Mapping():
            return "{" + ", ".join(f"{in_flow(k)}: {in_flow(v)}" for k, v in value.items()) + "}"
        case Sequence():
            return "[" + ", ".join(map(in_flow, value)) + "]"
    raise TypeError(f"Policies hold no {type(value).__name__}.")


def quoted(text: str) -> str:
    """Whatever is not a letter, a digit or plain ASCII is spelled out: nothing in it can escape."""
    return '"' + "".join(map(_spelled, text)) + '"'


def _spelled(one: str) -> str:
    if one in '"\\':
        return "\\" + one
    if " " <= one <= "~" or one.isalnum():
        return one
    return f"\\U{ord(one):08x}"
