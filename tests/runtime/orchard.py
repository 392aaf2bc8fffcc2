"""A package index on this machine with a few small wheels, and uv as it is installed here."""

import base64
import csv
import hashlib
import sysconfig
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import ThreadingHTTPServer
from importlib.metadata import distribution
from pathlib import Path

from tests.outside import QuietDoor, open_to_callers

WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


class Orchard:
    """Hands out the wheels of its folder; one that is held is asked for and does not come."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.held = ""
        self.asked = threading.Event()
        self.release = threading.Event()
        orchard = self

        class Door(QuietDoor):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                name = self.path.strip("/").rpartition("/")[2]
                if name.endswith(".whl"):
                    self._answer((orchard.folder / name).read_bytes(), "application/zip", name)
                elif found := sorted(orchard.folder.glob(f"{name}-*.whl")):
                    links = "".join(f'<a href="/files/{f.name}">{f.name}</a>' for f in found)
                    self._answer(f"<html><body>{links}</body></html>".encode(), "text/html", name)
                else:
                    self.send_error(404)

            def _answer(self, body: bytes, kind: str, name: str) -> None:
                if orchard.held and name.startswith(f"{orchard.held}-"):
                    orchard.asked.set()
                    orchard.release.wait(60)
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "GET":
                    with suppress(BrokenPipeError):  # whoever asked was killed
                        self.wfile.write(body)

            do_HEAD = do_GET

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self._server.server_port}/simple"

    @contextmanager
    def open(self) -> Iterator["Orchard"]:
        with open_to_callers(self._server):
            try:
                yield self
            finally:
                self.release.set()

    def hold(self, name: str) -> None:
        self.held, self.asked, self.release = name, threading.Event(), threading.Event()

    def grow(self, name: str, *, needs: str = "") -> str:
        """A wheel with one module that knows its name; hands back the line that locks it."""
        wants = f"Requires-Dist: {needs}\n" if needs else ""
        files = {
            f"{name}.py": f'NAME = "{name}"\n'.encode(),
            f"{name}-1.0.dist-info/METADATA": (
                f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{wants}".encode()
            ),
            f"{name}-1.0.dist-info/WHEEL": WHEEL.encode(),
        }
        return self._pack(name, "1.0", "py3-none-any", files)

    def grow_uv(self) -> str:
        """The wheel that the uv in this environment was installed from, put together again."""
        uv = distribution("uv")
        scripts, files = Path(sysconfig.get_path("scripts")).resolve(), {}
        for file in uv.files or []:
            place = Path(str(file.locate())).resolve()
            if place.parent == scripts:
                files[f"uv-{uv.version}.data/scripts/{place.name}"] = place.read_bytes()
            elif "__pycache__" not in file.parts and file.name not in ("RECORD", "INSTALLER"):
                files[str(file)] = place.read_bytes()
        return self._pack("uv", uv.version, "py3-none-any", files)

    def _pack(self, name: str, version: str, tag: str, files: dict[str, bytes]) -> str:
        path = self.folder / f"{name}-{version}-{tag}.whl"
        record = f"{name}-{version}.dist-info/RECORD"
        with zipfile.ZipFile(path, "w") as wheel, (self.folder / "record").open("w+") as lines:
            writer = csv.writer(lines)
            for inside, content in files.items():
                entry = zipfile.ZipInfo(inside)
                entry.external_attr = (0o100755 if "/scripts/" in inside else 0o100644) << 16
                wheel.writestr(entry, content)
                digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
                writer.writerow([inside, f"sha256={digest.decode().rstrip('=')}", len(content)])
            writer.writerow([record, "", ""])
            lines.seek(0)
            wheel.writestr(record, lines.read())
        whole = hashlib.sha256(path.read_bytes()).hexdigest()
        return f"{name}=={version} --hash=sha256:{whole}\n"
