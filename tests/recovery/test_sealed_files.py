"""A sealed file opens whole and unchanged, or not at all."""

import io
import random

import pytest

from apps.common.runtime import sealed
from apps.common.runtime.errors import Damaged, WrongKey
from apps.common.runtime.sealed import CHUNK, TAG, Sealer, Unsealer

pytestmark = pytest.mark.row(17)
SECRET = "correct horse battery staple"


def seal(content: bytes, secret: str = SECRET) -> bytes:
    file = io.BytesIO()
    sealer = Sealer(file, secret, {"made": "today"})
    sealer.write(content)
    sealer.finish()
    return file.getvalue()


def unseal(sealed_bytes: bytes, secret: str = SECRET) -> bytes:
    return Unsealer(io.BytesIO(sealed_bytes), secret).read()


@pytest.fixture(autouse=True)
def small_and_fast(monkeypatch):
    """A file of a few kilobytes has many chunks, and its key costs little."""
    monkeypatch.setattr(sealed, "CHUNK", 1024)
    monkeypatch.setattr(sealed, "SCRYPT_COST", 1 << 4)


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 1025, 4096, 10_000])
def test_what_went_in_comes_out(size):
    content = random.Random(size).randbytes(size)
    assert unseal(seal(content)) == content


def test_the_label_comes_back_and_the_content_cannot_be_read():
    sealed_bytes = seal(b"the plan is to ship on Friday")
    assert Unsealer(io.BytesIO(sealed_bytes), SECRET).label == {"made": "today"}
    assert b"Friday" not in sealed_bytes


def test_another_key_is_called_another_key():
    with pytest.raises(WrongKey):
        unseal(seal(b"content"), "another secret of mine")


def test_two_files_of_the_same_content_have_nothing_in_common():
    first, second = seal(bytes(5000)), seal(bytes(5000))
    assert first[-5000:] != second[-5000:]


def test_every_flipped_byte_is_noticed():
    chance = random.Random(2026)
    intact = seal(chance.randbytes(5000))
    for position in [*chance.sample(range(len(intact)), 120), 0, len(intact) - 1]:
        flipped = bytearray(intact)
        flipped[position] ^= 1 << chance.randrange(8)
        with pytest.raises((Damaged, WrongKey)):
            unseal(bytes(flipped))


def test_every_truncation_is_noticed():
    chance = random.Random(2026)
    intact = seal(chance.randbytes(5000))
    body = len(intact) - (5000 + 5 * TAG)
    at_chunk_ends = [body + number * (1024 + TAG) for number in range(5)]
    for length in [*chance.sample(range(len(intact)), 40), *at_chunk_ends, 0, len(intact) - 1]:
        with pytest.raises(Damaged):
            unseal(intact[:length])


def test_swapped_repeated_and_missing_chunks_are_noticed():
    intact = seal(random.Random(1).randbytes(5000))
    body = len(intact) - (5000 + 5 * TAG)
    step = 1024 + TAG
    header = intact[:body]
    chunks = [intact[start : start + step] for start in range(body, len(intact), step)]
    first, second, third, *rest = chunks
    for order in (
        [second, first, third, *rest],
        [first, first, second, third, *rest],
        [first, third, *rest],
        [*chunks, chunks[-1]],
        [*chunks, b"x"],
        chunks[:-1],
    ):
        with pytest.raises(Damaged):
            unseal(header + b"".join(order))


def test_a_chunk_of_another_file_is_noticed():
    one, other = seal(bytes(5000)), seal(bytes(5000))
    with pytest.raises(Damaged):
        unseal(one[:-500] + other[-500:])


def test_a_file_that_was_never_finished_is_noticed():
    file = io.BytesIO()
    Sealer(file, SECRET, {}).write(bytes(5000))
    with pytest.raises(Damaged):
        unseal(file.getvalue())


def test_a_changed_label_is_noticed():
    with pytest.raises(Damaged):
        unseal(seal(b"content").replace(b"today", b"later"))


@pytest.mark.parametrize("content", [b"", b"PGDMP", b"lattice sealed 1\n", bytes(100)])
def test_something_else_is_not_a_backup(content):
    with pytest.raises(Damaged):
        unseal(content)


def test_memory_stays_constant():
    written = []

    class Counter(io.BytesIO):
        def write(self, data):
            written.append(len(data))
            return len(data)

    sealer = Sealer(Counter(), SECRET, {})
    for _ in range(50):
        sealer.write(bytes(1000))
        assert len(sealer._buffer) <= 1024
    sealer.finish()
    assert max(written[1:]) == 1024 + TAG
    assert CHUNK == 1 << 20
