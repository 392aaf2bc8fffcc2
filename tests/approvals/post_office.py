"""Mail servers for tests, on real sockets: one takes what it is given, one refuses, one hangs."""

import email
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default

from tests.outside import open_to_callers


class PostOffice:
    """`does`: "take", "refuse" (says so at once), "hang" (never says anything) or "die" (takes the
    mail, and goes before it says so)."""

    def __init__(self) -> None:
        self.does = "take"
        self.mails: list[EmailMessage] = []
        self.callers = 0
        self.ended = threading.Event()
        office = self

        class Counter(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                office.callers += 1
                if office.does == "hang":
                    office.ended.wait(60)
                elif office.does == "refuse":
                    self.say("554 no mail is taken here")
                else:
                    self.serve()

            def say(self, line: str) -> None:
                self.wfile.write(f"{line}\r\n".encode())

            def serve(self) -> None:
                self.say("220 post office")
                while line := self.rfile.readline().strip().upper():
                    if line.startswith(b"DATA"):
                        self.say("354 go on")
                        self.take()
                        if office.does == "die":
                            return
                    self.say("221 bye" if line == b"QUIT" else "250 well")
                    if line == b"QUIT":
                        return

            def take(self) -> None:
                lines = iter(self.rfile.readline, b".\r\n")
                text = b"".join(line.removeprefix(b".") for line in lines)
                mail = email.message_from_bytes(text, policy=default)
                assert isinstance(mail, EmailMessage)
                office.mails.append(mail)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False

        self.server = Server(("127.0.0.1", 0), Counter)
        self.port: int = self.server.server_address[1]

    def to(self, person: object) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == person.email]  # type: ignore[attr-defined]


@contextmanager
def open_office() -> Iterator[PostOffice]:
    office = PostOffice()
    with open_to_callers(office.server):
        try:
            yield office
        finally:
            office.ended.set()


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def page_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())
