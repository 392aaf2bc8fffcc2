"""Files that only the holder of a key can read, and in which every change is noticed.

AES-256-GCM over chunks, after the STREAM construction: each file has a key of its own, a chunk's
nonce is its number, and the last one's says that it is the last. So a chunk cannot be altered,
swapped, left out, or taken from another file, and memory stays constant.
"""

import io
import json
import os
import struct
from typing import IO, TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from apps.common.runtime.errors import Damaged, WrongKey

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

MAGIC = b"lattice sealed 1\n"
CHUNK = 1 << 20
TAG = 16
SCRYPT_COST = 1 << 16
"""64 MiB and a fifth of a second. Files tell theirs, so that it may grow."""
HIGHEST_COST = 1 << 18
LONGEST_LABEL = 1 << 20


class Sealer(io.RawIOBase):
    """Writes a sealed file. Without `finish` it stays recognisably unfinished."""

    def __init__(self, file: IO[bytes], secret: str, label: dict[str, Any]) -> None:
        salt = os.urandom(32)
        key, check = _derive(secret, salt, SCRYPT_COST)
        header = {
            "label": label,
            "salt": salt.hex(),
            "cost": SCRYPT_COST,
            "check": check.hex(),
        }
        encoded = json.dumps(header, separators=(",", ":")).encode()
        self._header = MAGIC + struct.pack(">I", len(encoded)) + encoded
        self._file = file
        self._cipher = AESGCM(key)
        self._buffer = bytearray()
        self._number = 0
        file.write(self._header)

    def writable(self) -> bool:
        return True

    def write(self, data: "ReadableBuffer", /) -> int:
        before = len(self._buffer)
        self._buffer += data
        added = len(self._buffer) - before
        while len(self._buffer) > CHUNK:
            self._emit(bytes(self._buffer[:CHUNK]), last=False)
            del self._buffer[:CHUNK]
        return added

    def finish(self) -> None:
        self._emit(bytes(self._buffer), last=True)
        self._buffer.clear()

    def _emit(self, chunk: bytes, *, last: bool) -> None:
        nonce = _nonce(self._number, last=last)
        self._file.write(self._cipher.encrypt(nonce, chunk, self._header))
        self._number += 1


class Unsealer(io.RawIOBase):
    """Reads a sealed file. Nothing is handed out before its chunk was authenticated."""

    def __init__(self, file: IO[bytes], secret: str) -> None:
        self._file = file
        self._header, header = _read_header(file)
        self.label: dict[str, Any] = header["label"]
        key, check = _derive(secret, bytes.fromhex(header["salt"]), header["cost"])
        if not bytes_eq(check, bytes.fromhex(header["check"])):
            raise WrongKey
        self._cipher = AESGCM(key)
        self._number = 0
        self._opened = memoryview(b"")
        self._ahead = file.read(CHUNK + TAG)
        self._finished = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        while not self._opened and not self._finished:
            self._open_next()
        wanted = memoryview(buffer)
        size = min(len(wanted), len(self._opened))
        wanted[:size] = self._opened[:size]
        self._opened = self._opened[size:]
        return size

    def _open_next(self) -> None:
        sealed, self._ahead = self._ahead, self._file.read(CHUNK + TAG)
        self._finished = not self._ahead
        try:
            opened = self._cipher.decrypt(
                _nonce(self._number, last=self._finished), sealed, self._header
            )
        except InvalidTag:
            raise Damaged(
                f"Damaged: chunk {self._number + 1} is not as it was written, "
                "or what follows it is missing."
            ) from None
        self._opened = memoryview(opened)
        self._number += 1


def _read_header(file: IO[bytes]) -> tuple[bytes, dict[str, Any]]:
    start = file.read(len(MAGIC) + 4)
    if not start.startswith(MAGIC) or len(start) < len(MAGIC) + 4:
        raise Damaged("This is not a backup, or its first bytes are damaged.")
    length = struct.unpack(">I", start[len(MAGIC) :])[0]
    encoded = file.read(length) if length <= LONGEST_LABEL else b""
    try:
        header = json.loads(encoded)
        salt, check = bytes.fromhex(header["salt"]), bytes.fromhex(header["check"])
        intact = (
            len(salt) == len(check) == 32
            and isinstance(header["label"], dict)
            and header["cost"] in {1 << bits for bits in range(1, HIGHEST_COST.bit_length())}
        )
    except (ValueError, KeyError, TypeError):
        intact = False
    if not intact:
        raise Damaged("Damaged: the header cannot be read.")
    return start + encoded, header


def _derive(secret: str, salt: bytes, cost: int) -> tuple[bytes, bytes]:
    """The file's key, and a value that tells a wrong key from a damaged file."""
    derived = Scrypt(salt=salt, length=64, n=cost, r=8, p=1).derive(secret.encode())
    return derived[:32], derived[32:]


def _nonce(number: int, *, last: bool) -> bytes:
    return struct.pack(">xxxQ?", number, last)
