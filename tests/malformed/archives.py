"""Archives of ReqIF that chance has spoiled: inside, outside, and both."""

import io
import random
import zipfile
from collections.abc import Callable

from tests.malformed import reqif
from tests.malformed.spoiling import chance_of

NAMES = (
    *("a.reqif", "a.REQIF", "../../a.reqif", "/etc/cron.d/a.reqif", "C:\\a.reqif", "a.reqif/"),
    *("plan.png", "a\0.reqif", "\u202efiqer.reqif", "x" * 5_000 + ".reqif", ".reqif"),
)


def case(start: int, number: int) -> bytes:
    chance = chance_of(start, number)
    packed = chance.choices([_packed, _bomb], [9, 1])[0](chance)
    return _spoiled(chance, packed) if chance.random() < 0.6 else packed


def _packed(chance: random.Random) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(
        packed, "w", chance.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    ) as archive:
        for name in chance.sample(NAMES, chance.choice([0, 1, 1, 2, 5])):
            inside = reqif.SHOP if chance.random() < 0.5 else reqif.document(chance)
            archive.writestr(name, inside.encode("utf-8", "surrogatepass"))
    return packed.getvalue()


def _spoiled(chance: random.Random, content: bytes) -> bytes:
    for _ in range(chance.choice([1, 1, 2, 8])):
        at = chance.randrange(len(content) + 1)
        if chance.random() < 0.3:  # where an archive says what is in it
            at = max(0, len(content) - chance.randrange(1, 120))
        match chance.randrange(4):
            case 0:
                content = content[:at] + chance.randbytes(chance.choice([1, 4])) + content[at + 1 :]
            case 1:
                content = content[:at]
            case 2:
                content = content[:at] + content[at + chance.randrange(1, 40) :]
            case _:
                content = content[:at] + content[at:][:50] + content[at:]
    return content


def _bomb(chance: random.Random) -> bytes:
    size = chance.choice([1, 10, 100, 300])
    bombs: list[Callable[[], tuple[bytes, int]]] = [
        lambda: (b"\0" * 2**20, size),
        lambda: (b"<REQ-IF>" + b"<a/>" * 2**18, size),
        lambda: (b"<a>" * 2**18, size),
        lambda: (b"<REQ-IF a='" + b"x" * 2**20, size),
        lambda: (reqif.SHOP.encode() + b" " * 2**20, size),
    ]
    part, times = chance.choice(bombs)()
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("a.reqif", "w") as file,
    ):
        for _ in range(times):
            file.write(part)
    return packed.getvalue()


def read_case(content: bytes) -> str:
    return reqif.read_case(content, "x.reqifz")
