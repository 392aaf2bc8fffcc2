"""Where webhooks may go: to public addresses, over HTTP, and where the operator allows it.

A name proves nothing, so what is judged is what it resolves to, and the connection is then made to
exactly that. `127.1`, `0x7f000001` and their like need no rules of their own: they resolve, too.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PORTS = {"http": 80, "https": 443}
UNPRIVILEGED = 1024

# What `is_global` does not know to be a way into somewhere else, or to nowhere.
_DETOURS = [
    ipaddress.ip_network(text)
    for text in (
        "192.88.99.0/24",  # 6to4 relays
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",
        "2002::/16",  # 6to4
        "2001::/23",  # Teredo and other protocols
        "fec0::/10",  # site-local
        "::/96",  # IPv4-compatible
        "3fff::/20",  # documentation
    )
]


_lookups = ThreadPoolExecutor(8, thread_name_prefix="lookup")
"""Not the loop's own threads: a loop waits at its end for those, however slow a name server is."""


class Refused(Exception):
    """Nothing may be sent there; the text says why."""


@dataclass(frozen=True)
class Target:
    """A URL taken apart."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return shown if self.port == PORTS[self.scheme] else f"{shown}:{self.port}"


def read_url(url: str, *, https_only: bool) -> Target:
    """Everything that can be judged without looking anything up."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").removesuffix(".")
    except ValueError as error:
        raise Refused("This is not a URL.") from error
    if parts.scheme not in PORTS:
        raise Refused("Only http and https are spoken.")
    if https_only and parts.scheme != "https":
        raise Refused("Only https is allowed.")
    if not host or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise Refused("This is not a URL.")
    if "@" in parts.netloc:
        raise Refused("A user or password may not stand in the URL.")
    if parts.fragment:
        raise Refused("A fragment may not stand in the URL.")
    port = PORTS[parts.scheme] if port is None else port
    if port not in PORTS.values() and port < UNPRIVILEGED:
        raise Refused("The port must be 80, 443, or 1024 and above.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path)


def is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return is_public(address.ipv4_mapped)
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return not any(address in network for network in _DETOURS)


def is_allowed(address: Address, allowed: Sequence[Network]) -> bool:
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return is_public(address) or any(address in network for network in allowed)


def judge_literal(target: Target, allowed: Sequence[Network]) -> None:
    """What is an address already, in whatever spelling, is judged without looking it up."""
    try:
        flags = socket.AI_NUMERICHOST
        found = socket.getaddrinfo(target.host, None, type=socket.SOCK_STREAM, flags=flags)
    except (OSError, UnicodeError):
        return
    _judge(found, allowed)


async def resolve(target: Target, allowed: Sequence[Network]) -> list[Address]:
    """The addresses to connect to. One that is not allowed spoils them all."""
    look_up = partial(socket.getaddrinfo, target.host, target.port, type=socket.SOCK_STREAM)
    try:
        found = await asyncio.get_running_loop().run_in_executor(_lookups, look_up)
    except (OSError, UnicodeError) as error:
        raise Refused("The name cannot be resolved.") from error
    return _judge(found, allowed)


def _judge(found: Sequence[tuple[Any, ...]], allowed: Sequence[Network]) -> list[Address]:
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not all(is_allowed(address, allowed) for address in addresses):
        raise Refused("The address is not a public one.")
    return list(dict.fromkeys(addresses))
