"""One request to one endpoint: bounded in time and in what is read, and never led elsewhere.

Redirects are not followed: what they point at would have to be judged, signed and logged as another
endpoint. No proxy is taken from the environment either: it would resolve names by itself.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from apps.activity.webhooks.addresses import Address, Network, Refused, Target, read_url, resolve
from apps.common.certificates import authorities

PATIENCE = 15.0
"""Seconds for all of it: looking up, connecting, sending and reading."""
READ_AT_MOST = 1000


@dataclass(frozen=True)
class Answer:
    """What came of it: a status, or an error."""

    seconds: float
    status: int | None = None
    text: str = ""
    error: str = ""

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        return self.status == httpx.codes.GONE


def post(
    url: str,
    body: bytes,
    headers: dict[str, str],
    *,
    https_only: bool,
    allowed: Sequence[Network],
    patience: float = PATIENCE,
) -> Answer:
    began = time.monotonic()
    status, text, error = None, "", ""
    try:
        target = read_url(url, https_only=https_only)
        status, text = asyncio.run(_post(target, body, headers, allowed, patience))
    except Refused as refusal:
        error = f"Refused: {refusal}"
    except TimeoutError:
        error = f"No whole answer within {patience:g} s."
    except (httpx.HTTPError, httpx.InvalidURL) as failure:
        error = f"{type(failure).__name__}: {failure}"[:200]
    return Answer(time.monotonic() - began, status, text, error)


async def _post(
    target: Target,
    body: bytes,
    headers: dict[str, str],
    allowed: Sequence[Network],
    patience: float,
) -> tuple[int, str]:
    async with asyncio.timeout(patience):
        addresses = await resolve(target, allowed)
        async with httpx.AsyncClient(
            verify=authorities(), trust_env=False, timeout=patience
        ) as client:
            for address in addresses[:-1]:
                try:
                    return await _post_to(client, address, target, body, headers)
                except httpx.ConnectError:
                    continue
            return await _post_to(client, addresses[-1], target, body, headers)


async def _post_to(
    client: httpx.AsyncClient,
    address: Address,
    target: Target,
    body: bytes,
    headers: dict[str, str],
) -> tuple[int, str]:
    """To this very address. The name is for the Host header and the certificate alone."""
    place = f"[{address}]" if address.version == 6 else str(address)
    async with client.stream(
        "POST",
        f"{target.scheme}://{place}:{target.port}{target.path}",
        content=body,
        headers={**headers, "Host": target.host_header},
        extensions={"sni_hostname": target.host},
    ) as response:
        read = b""
        async for chunk in response.aiter_raw():
            read += chunk
            if len(read) >= READ_AT_MOST:
                break
        text = read[:READ_AT_MOST].decode(errors="replace").replace("\0", "�")
        return response.status_code, text
