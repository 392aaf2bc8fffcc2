"""Names end up in subjects of mails, in lists and in questions: each is one honest line."""

from apps.accounts.errors import InvalidAccount
from apps.accounts.rules import is_readable


def readable(name: str) -> str:
    name = name.strip()
    if not is_readable(name):
        message = "One line of visible characters, without marks that turn the writing around."
        raise InvalidAccount(details=[{"field": "name", "message": message}])
    return name
