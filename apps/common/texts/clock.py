"""Moments, as the clock of whoever looks shows them."""

from datetime import datetime

from django.utils.timezone import localtime

DAY = "%-d %b, %H:%M"
MOMENT = "%Y-%m-%d %H:%M"
HOUR = "%H:%M"


def by_the_clock(at: datetime, form: str) -> str:
    """With the name of its zone."""
    return localtime(at).strftime(f"{form} %Z")
