"""Months, amounts, and how much a text can take at most."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

CENT = Decimal("0.01")
HIGHEST_BUDGET = Decimal(1_000_000_000)


def month_of(moment: datetime) -> datetime:
    """When the month of this moment began, in UTC."""
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def months_after(month: datetime, count: int) -> datetime:
    years, ahead = divmod(month.month - 1 + count, 12)
    return month.replace(year=month.year + years, month=ahead + 1)


def written(amount: Decimal | None) -> str:
    """In US dollars, with cents at least and no more digits than it has."""
    if amount is None:
        return ""
    cents = amount.quantize(CENT)
    return f"{cents if cents == amount else amount.normalize():f}"


def most_tokens(texts: Sequence[str]) -> int:
    """No token is shorter than a byte. Each text may be framed by two."""
    return sum(len(text.encode(errors="replace")) + 2 for text in texts)
