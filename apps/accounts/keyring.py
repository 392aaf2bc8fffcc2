"""Encrypted texts: a data key per workspace, wrapped by a master key from the environment.

    sealed = encrypt(workspace_id, b"...", context="memory.note:17")
    text = decrypt(workspace_id, sealed, context="memory.note:17")

AES-256-GCM. What is sealed opens in the same workspace and context alone, so that rows cannot be
swapped. A ciphertext reads: format (1 byte), data key version (4), nonce (12), text and tag.
"""

import base64
import hashlib
import os
import struct
from collections.abc import Callable
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet

from apps.accounts.errors import KeysErased, Undecipherable
from apps.accounts.models import DataKey, Workspace
from apps.common.prepared import prepared

FORMAT = 1
_HEADER = struct.Struct(">BI")
_NONCE = 12
_KEY = 32


def encrypt(workspace_id: UUID, plaintext: bytes, *, context: str) -> bytes:
    key = _newest_key(workspace_id)
    header, nonce = _HEADER.pack(FORMAT, key.version), os.urandom(_NONCE)
    place = _place(header, workspace_id, context)
    return header + nonce + AESGCM(_unwrap(key)).encrypt(nonce, plaintext, place)


def decrypt(workspace_id: UUID, sealed: bytes, *, context: str) -> bytes:
    return opener(workspace_id)(sealed, context)


def opener(workspace_id: UUID) -> Callable[[bytes, str], bytes]:
    """Opens many texts of one workspace (sealed, context), its keys read once."""
    keys = {key.version: key for key in _keys_of(workspace=workspace_id)}
    secrets: dict[int, bytes] = {}

    def open_text(sealed: bytes, context: str) -> bytes:
        if not keys:
            raise KeysErased
        header, nonce, text = _parts(sealed)
        version = _HEADER.unpack(header)[1]
        if version not in keys:
            raise Undecipherable
        try:
            if version not in secrets:
                secrets[version] = _unwrap(keys[version])
            place = _place(header, workspace_id, context)
            return AESGCM(secrets[version]).decrypt(nonce, text, place)
        except InvalidTag as error:
            raise Undecipherable from error

    return open_text


def new_data_key(workspace_id: UUID, version: int) -> DataKey:
    """Unsaved. Its version is part of what it is wrapped for."""
    key = DataKey(workspace_id=workspace_id, version=version)
    _wrap(key, os.urandom(_KEY))
    return key


def rewrap(key: DataKey) -> bool:
    """Wrap the same data key with the newest master key; False if that is how it is wrapped."""
    if key.master_key_id == newest_master_key_id():
        return False
    _wrap(key, _unwrap(key))
    return True


def newest_master_key_id() -> str:
    return next(iter(_master_keys()))


def _parts(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    header, nonce, text = (
        sealed[: _HEADER.size],
        sealed[_HEADER.size : _HEADER.size + _NONCE],
        sealed[_HEADER.size + _NONCE :],
    )
    if len(nonce) < _NONCE or _HEADER.unpack(header)[0] != FORMAT:
        raise Undecipherable
    return header, nonce, text


def _newest_key(workspace_id: UUID) -> DataKey:
    keys = _keys_of(workspace=workspace_id)
    if keys:
        return keys[0]
    if not Workspace.objects.filter(id=workspace_id, deleted_at__isnull=True).exists():
        raise KeysErased
    DataKey.objects.bulk_create([new_data_key(workspace_id, 1)], ignore_conflicts=True)
    [key] = _keys_of(workspace=workspace_id)
    return key


@prepared
def _keys_of(*, workspace: UUID) -> QuerySet[DataKey]:
    """The newest first."""
    return DataKey.objects.filter(workspace_id=workspace).order_by("-version")


def _wrap(key: DataKey, secret: bytes) -> None:
    key.master_key_id, nonce = newest_master_key_id(), os.urandom(_NONCE)
    master = _master_keys()[key.master_key_id]
    key.wrapped = nonce + AESGCM(master).encrypt(nonce, secret, _binding(key))


def _unwrap(key: DataKey) -> bytes:
    master = _master_keys().get(key.master_key_id)
    if master is None:
        raise ImproperlyConfigured(
            f"The master key {key.master_key_id} is not in LATTICE_MASTER_KEYS: "
            "data keys are still wrapped with it. Put it back, then run rotate_keys."
        )
    wrapped = bytes(key.wrapped)
    return AESGCM(master).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], _binding(key))


def _binding(key: DataKey) -> bytes:
    return b"data key" + key.workspace_id.bytes + struct.pack(">I", key.version)


def _place(header: bytes, workspace_id: UUID, context: str) -> bytes:
    return header + workspace_id.bytes + context.encode()


def _master_keys() -> dict[str, bytes]:
    """By id (a hash's beginning), newest first."""
    keys = [_master_key(text) for text in settings.MASTER_KEYS]
    return {hashlib.sha256(b"master key" + key).hexdigest()[:16]: key for key in keys}


def _master_key(text: str) -> bytes:
    key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(key) != _KEY:
        raise ImproperlyConfigured("LATTICE_MASTER_KEYS: each key is 32 bytes in base64url.")
    return key
