"""The web server's port: whether it is free, who has it, whether somebody answers there."""

import errno
import http.client
import os
import socket

from apps.common.runtime.errors import ServiceError
from apps.common.runtime.procfs import listener_on

ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104


def refuse_taken_port(host: str, port: int) -> None:
    reason = _obstacle(host, port)
    match reason:
        case None:
            return
        case errno.EADDRINUSE:
            holder = listener_on(port)
            who = f"pid {holder.pid} ({holder.command})" if holder else "another user's process"
            free = next(p for p in range(port + 1, 65536) if _obstacle(host, p) is None)
            problem = f"Port {port} is taken by {who}.\nStop that, or choose another port"
            raise ServiceError(f"{problem}: `make run PORT={free}`.")
        case errno.EACCES:
            raise ServiceError(f"Port {port} is for root: choose another, `make run PORT=8000`.")
    raise ServiceError(f"Cannot listen on {host}, port {port}: {os.strerror(reason)}. Change HOST.")


def answers_http(host: str, port: int) -> bool:
    """Any answer will do: that it is the right one is for health checks to say."""
    connection = http.client.HTTPConnection(ANYWHERE.get(host, host), port, timeout=5)
    try:
        connection.request("GET", "/livez")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _obstacle(host: str, port: int) -> int | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            return error.errno or errno.EADDRNOTAVAIL
    return None
