"""How an event's type reads to whoever watches: "accounts.member.added" is `member_added` of the
area `workspace`.
"""

from functools import cache

from apps.activity.choices import AREAS


@cache
def area_of(event_type: str) -> str:
    words = event_type.split(".")
    for length in range(len(words), 0, -1):
        if area := AREAS.get(".".join(words[:length])):
            return area
    return words[0]


@cache
def short_name(event_type: str) -> str:
    return "_".join(event_type.split(".")[1:]) or event_type


@cache
def plain_sentence(event_type: str) -> str:
    return short_name(event_type).replace("_", " ").capitalize()
