"""What django-axes asks us: who tried to log in, from where, and what a locked-out browser sees."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.errors import LockedOut


def name_tried(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """The e-mail address, whichever door calls it what."""
    given = credentials or request.POST
    return str(given.get("username") or given.get("email") or given.get("login") or "").lower()


def address_of(request: HttpRequest) -> str | None:
    """The client's address. Of X-Forwarded-For we believe what our own proxies appended.

    Of IPv6 it is the network: whoever has one has 2**64 addresses in it to call from.
    """
    found = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
        if len(hops) >= settings.TRUSTED_PROXIES:
            found = hops[-settings.TRUSTED_PROXIES]
    try:
        address = ipaddress.ip_address(found)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), 64), strict=False).network_address)


def locked_out(
    request: HttpRequest,
    response: HttpResponse,
    credentials: Mapping[str, Any] | None,  # noqa: ARG001
) -> HttpResponse:
    """The API has answered by itself; a browser gets a page that says how to go on."""
    if response.status_code == LockedOut.status:
        return response
    seconds = int(settings.AXES_COOLOFF_TIME.total_seconds())
    shown = {"minutes": seconds // 60}
    page = render(request, "account/lockout.html", shown, status=LockedOut.status)
    page["Retry-After"] = str(seconds)
    return page
