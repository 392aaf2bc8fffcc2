"""Webhooks go to public addresses alone, whatever the URL says."""

import socket
import threading
from ipaddress import ip_address, ip_network

import pytest

from apps.activity.webhooks.addresses import Refused, is_allowed, is_public, read_url
from apps.activity.webhooks.transport import post

NOT_PUBLIC = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_special_addresses_are_not_public(address):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_ordinary_addresses_are_public(address):
    assert is_public(ip_address(address))


def test_the_operator_may_allow_a_network_and_only_that():
    allowed = [ip_network("10.1.0.0/16")]
    assert is_allowed(ip_address("10.1.2.3"), allowed)
    assert is_allowed(ip_address("::ffff:10.1.2.3"), allowed)
    assert not is_allowed(ip_address("10.2.0.1"), allowed)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://example.org/", "Only http"),
        ("file:///etc/passwd", "Only http"),
        ("gopher://example.org/", "Only http"),
        ("//example.org/", "Only http"),
        ("https://", "not a URL"),
        ("https:///path", "not a URL"),
        ("https://user:secret@example.org/", "user or password"),
        ("https://example.org@127.0.0.1/", "user or password"),
        ("https://example.org\\@127.0.0.1/", "not a URL"),
        ("https://example.org/\r\nX: 1", "not a URL"),
        ("https://example.org/a b", "not a URL"),
        ("https://exämple.org/", "not a URL"),
        ("https://example.org:22/", "port"),
        ("https://example.org:99999/", "not a URL"),
        ("https://[::1/", "not a URL"),
        ("https://example.org/#top", "fragment"),
    ],
)
def test_urls_that_are_none_or_hide_something_are_refused(url, why):
    with pytest.raises(Refused, match=why):
        read_url(url, https_only=False)


def test_production_speaks_https_alone():
    assert read_url("https://example.org/x?y=1", https_only=True).path == "/x?y=1"
    with pytest.raises(Refused, match="Only https"):
        read_url("http://example.org/", https_only=True)


TRICKS = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0x7f.0.0.1",
    "127.0.0.1.",
    "localhost",
    "LOCALHOST.",
    "0",
    "0.0.0.0",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
]


@pytest.mark.parametrize("host", TRICKS)
def test_no_spelling_of_the_loopback_is_reached(receiver, host):
    answer = post(f"http://{host}:{receiver.port}/", b"{}", {}, https_only=False, allowed=[])
    assert answer.error == "Refused: The address is not a public one."
    assert receiver.received == []


@pytest.fixture
def names(monkeypatch):
    """What names resolve to. The resolver is not ours, and no test may need the internet."""
    known: dict[str, list[list[str]]] = {}
    real = socket.getaddrinfo

    def look_up(host, port, *rest, **options):
        if host not in known:
            return real(host, port, *rest, **options)
        answers = known[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (name, port)) for name in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


def test_a_name_of_a_private_address_is_refused(receiver, names):
    names["inside.example.org"] = [["10.0.0.7"]]
    url = f"http://inside.example.org:{receiver.port}/"
    answer = post(url, b"{}", {}, https_only=False, allowed=[])
    assert answer.error == "Refused: The address is not a public one."


def test_one_private_address_among_public_ones_spoils_the_name(names):
    names["mixed.example.org"] = [["1.1.1.1", "127.0.0.1"]]
    answer = post("http://mixed.example.org/", b"{}", {}, https_only=False, allowed=[])
    assert answer.error == "Refused: The address is not a public one."


def test_a_name_that_changes_its_mind_is_asked_only_once(receiver, names):
    """What was judged is what is connected to: the second answer would lead elsewhere."""
    names["fickle.example.org"] = [["127.0.0.1"], ["127.0.0.2"]]
    url = f"http://fickle.example.org:{receiver.port}/x"
    answer = post(url, b"{}", {}, https_only=False, allowed=[ip_network("127.0.0.1/32")])
    assert answer.status == 200
    assert len(names["fickle.example.org"]) == 1
    (received,) = receiver.received
    assert received.headers["host"] == f"fickle.example.org:{receiver.port}"


def test_another_address_of_a_name_is_tried_when_the_first_does_not_answer(receiver, names):
    names["two.example.org"] = [["127.0.0.2", "127.0.0.1"]]
    url = f"http://two.example.org:{receiver.port}/"
    answer = post(url, b"{}", {}, https_only=False, allowed=[ip_network("127.0.0.0/8")])
    assert answer.status == 200


def test_redirects_are_not_followed(receiver):
    receiver.will_answer(302, headers={"Location": "http://127.0.0.1:1/"})
    answer = post(receiver.url, b"{}", {}, https_only=False, allowed=[ip_network("127.0.0.0/8")])
    assert (answer.status, answer.accepted) == (302, False)
    assert len(receiver.received) == 1


def test_an_answer_takes_neither_long_nor_much(receiver):
    allowed = [ip_network("127.0.0.0/8")]
    receiver.will_answer(200, text=b"x\0" * 5_000_000)
    answer = post(receiver.url, b"{}", {}, https_only=False, allowed=allowed)
    assert (answer.accepted, len(answer.text), "\0" in answer.text) == (True, 1000, False)
    receiver.hold.clear()
    answer = post(receiver.url, b"{}", {}, https_only=False, allowed=allowed, patience=0.3)
    assert answer.error == "No whole answer within 0.3 s."


def test_a_slow_name_server_takes_no_longer_either(monkeypatch):
    free = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: free.wait(60) and [])
    answer = post("http://slow.example.org/", b"{}", {}, https_only=False, allowed=[], patience=0.3)
    free.set()
    assert answer.error == "No whole answer within 0.3 s."
    assert answer.seconds < 30


def test_nobody_there_is_an_answer_too():
    allowed = [ip_network("127.0.0.0/8")]
    answer = post("http://127.0.0.1:1", b"{}", {}, https_only=False, allowed=allowed)
    assert "Only http" not in answer.error
    assert answer.error.startswith("Refused: The port")
    answer = post("http://nowhere.invalid/", b"{}", {}, https_only=False, allowed=allowed)
    assert answer.error == "Refused: The name cannot be resolved."
