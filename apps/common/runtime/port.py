"""The web server's port: whether it is free, who has it, whether somebody answers there."""

import errno
import http.client
import os
import socket
import sys

from apps.common.runtime.errors import ServiceError
from apps.common.runtime.procfs import listener_on

# Where somebody listens, and where that is to be asked: nothing listens there because of it.
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  # nosec


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


def http_status(host: str, port: int) -> int:
    """What the web server answers, or 0 if it does not."""
    connection = http.client.HTTPConnection(ANYWHERE.get(host, host), port, timeout=5)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


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


if __name__ == "__main__":  # the health check of the container
    sys.exit(not 0 < http_status("127.0.0.1", int(sys.argv[1])) < 500)
