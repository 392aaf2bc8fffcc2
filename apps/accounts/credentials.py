"""The shape of API keys and tokens. Pure: what is stored and looked up is the services' affair.

A key reads `lat_<id>_<secret><crc>`. The checksum lets a scanner of leaked secrets tell a real key
from a lookalike, and lets us refuse a mistyped one without asking the database.
"""

import hashlib
import re
import secrets
import string
import zlib
from typing import NamedTuple

from django.utils.crypto import salted_hmac

_ALPHABET = string.digits + string.ascii_letters
_KEY = re.compile(r"lat_([0-9A-Za-z]{12})_([0-9A-Za-z]{40})([0-9A-Za-z]{6})")


class ApiKeyParts(NamedTuple):
    public_id: str
    secret: str

    def __str__(self) -> str:
        return f"lat_{self.public_id}_{self.secret}{_checksum(self)}"


def new_api_key() -> ApiKeyParts:
    return ApiKeyParts(_random(12), _random(40))


def read_api_key(text: str) -> ApiKeyParts | None:
    match = _KEY.fullmatch(text)
    if match is None:
        return None
    parts = ApiKeyParts(match[1], match[2])
    return parts if _checksum(parts) == match[3] else None


def new_token() -> str:
    return secrets.token_urlsafe(32)


def fingerprint(secret: str) -> bytes:
    """What is stored of a secret. It has 190 bits or more, so that one plain hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


def address_digest(email: str) -> str:
    """What stands of an address where it may not be read. Keyed, or guessing would find it."""
    return salted_hmac("accounts.address", email.lower(), algorithm="sha256").hexdigest()


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _checksum(parts: ApiKeyParts) -> str:
    number = zlib.crc32(f"lat_{parts.public_id}_{parts.secret}".encode())
    digits = ""
    for _ in range(6):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
