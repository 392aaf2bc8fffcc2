"""An OPA server, asked by its data API: `POST /v1/data/agent/allow` with `{"input": …}`.

There is no OPA to be had where the tests run: they ask a small HTTP server that speaks this form.
"""

import asyncio

import httpx
import orjson

from apps.common.certificates import authorities
from apps.policies.rego.answers import Answer

PLACE = "/v1/data/agent/allow"
READ_AT_MOST = 64 << 10


def ask(question: bytes, *, url: str, patience: float) -> Answer:
    """Raises TimeoutError or httpx errors; whoever asks takes both for a no."""
    status, body = asyncio.run(_post(url.rstrip("/") + PLACE, question, patience))
    if status != httpx.codes.OK:
        return Answer.REFUSED
    return read_answer(body)


def read_answer(body: bytes) -> Answer:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Answer.UNREADABLE
    if not isinstance(said, dict):
        return Answer.UNREADABLE
    if "result" not in said:
        return Answer.UNDEFINED
    if not isinstance(said["result"], bool):
        return Answer.NOT_BOOLEAN
    return Answer.TRUE if said["result"] else Answer.FALSE


async def _post(url: str, question: bytes, patience: float) -> tuple[int, bytes]:
    """Bounded as a whole, not for each piece, and led nowhere else."""
    async with (
        asyncio.timeout(patience),
        httpx.AsyncClient(verify=authorities(), trust_env=False, timeout=patience) as client,
        client.stream(
            "POST",
            url,
            content=b'{"input":' + question + b"}",
            headers={"Content-Type": "application/json"},
        ) as response,
    ):
        body = b""
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > READ_AT_MOST:
                return response.status_code, b""
        return response.status_code, body
