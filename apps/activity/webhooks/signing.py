"""Signatures as Standard Webhooks has them: `v1,` and the HMAC of id, time and body."""

import base64
import hmac
import os
from collections.abc import Sequence

PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(os.urandom(_BYTES)).decode()


def signature_header(secrets: Sequence[str], *, message: str, timestamp: int, body: bytes) -> str:
    """One signature for each secret, so that receivers may change theirs when it suits them."""
    signed = f"{message}.{timestamp}.".encode() + body
    return " ".join(f"v1,{_sign(secret, signed)}" for secret in secrets)


def _sign(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
