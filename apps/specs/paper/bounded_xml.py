"""XML, alone or in an archive, read as far as there is room: a bomb costs no more than that."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from apps.specs.paper.foreign import line_of
from apps.specs.paper.leaves import PaperFault
from apps.specs.paper.reading import Unreadable

MOST_BYTES = 32 * 1024 * 1024
MOST_ELEMENTS = 200_000
_PACKED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError, EOFError),
    *(ValueError, OSError),
)
"""What the library raises over archives that are none."""


@dataclass
class Room:
    """What may still be read, of all files together."""

    name: str
    bytes: int = MOST_BYTES
    elements: int = MOST_ELEMENTS

    def take(self, *, bytes: int = 0, elements: int = 0) -> None:
        self.bytes -= bytes
        self.elements -= elements
        if self.bytes < 0:
            self._refuse(f"{MOST_BYTES // 1024**2} MiB")
        if self.elements < 0:
            self._refuse(f"{MOST_ELEMENTS:,} elements")

    def _refuse(self, most: str) -> None:
        said = f"It holds more than is read at once, {most}. Export it in parts."
        raise Unreadable(PaperFault(self.name, said))


def root_in(content: bytes, name: str) -> Element:
    """Raises Unreadable."""
    return _parsed(io.BytesIO(content), name, Room(name))


def roots_in_archive(content: bytes, name: str, *, ending: str) -> list[tuple[str, Element]]:
    """Of the files inside that end so, each with its place. Raises Unreadable."""
    room = Room(name)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return list(_unpacked(archive, ending, room))
    except _BROKEN as error:
        raise Unreadable(PaperFault(name, f"It is no readable archive: {error}.")) from None


def _unpacked(archive: zipfile.ZipFile, ending: str, room: Room) -> Iterator[tuple[str, Element]]:
    inside = [info for info in archive.infolist() if info.filename.lower().endswith(ending)]
    if not inside:
        raise Unreadable(PaperFault(room.name, f"There is no {ending} in it."))
    for info in inside:
        place = f"{room.name}/{line_of(info.filename)}"
        if info.compress_type not in _PACKED:
            raise Unreadable(
                PaperFault(place, "It is packed in a way that is not read: deflate it.")
            )
        with archive.open(info) as file:
            yield place, _parsed(file, place, room)


@dataclass
class _Counted:
    file: IO[bytes]
    room: Room

    def read(self, size: int) -> bytes:
        found = self.file.read(size)
        self.room.take(bytes=len(found))
        return found


def _parsed(file: IO[bytes], place: str, room: Room) -> Element:
    elements = iterparse(_Counted(file, room), events=["start"], forbid_dtd=True)
    try:
        for _ in elements:
            room.take(elements=1)
    except DefusedXmlException:
        raise Unreadable(PaperFault(place, "It defines entities: that is not read.")) from None
    except (ParseError, ValueError, LookupError) as error:
        raise Unreadable(PaperFault(place, f"It is no readable XML: {error}.")) from None
    root: Element = elements.root
    return root
