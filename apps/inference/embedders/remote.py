"""Whatever model litellm can ask: OpenAI, Cohere, Voyage, an Ollama of one's own and many more.

litellm takes three seconds and 170 MB to import, so it is imported when it is first asked. The key
goes to it and nowhere else: what its errors say may repeat the key, so only their kind is logged.
"""

import logging
import math
import os
import random
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any

import structlog
from django.conf import settings

from apps.inference.errors import ModelAway, TextsRefused
from apps.inference.ports import ANY_OTHER, Answered, Vector, embedding_models
from apps.inference.rules import most_tokens

log = structlog.get_logger("lattice.inference")

FIRST_WAIT, LONGEST_WAIT = 0.5, 8.0
"""Seconds between attempts: twice as long each time, unless the model says how long."""
PASSING = frozenset({408, 409, 425, 429})
"""Statuses below 500 that may be gone at the next attempt."""
PRICE = "input_cost_per_token"
OF_TEXTS = frozenset({400, 413, 422})
"""Statuses that may be about what was sent: too long, or against the rules of who runs it."""


class Unusable(ValueError):
    """What came back is no vector for each text."""


class LitellmModel:
    is_local = False
    at_once = 32

    def __init__(self, name: str, dimensions: int) -> None:
        self.name = name
        self.dimensions = dimensions

    def price(self) -> Decimal | None:
        """As the operator says, else as litellm knows it."""
        if settings.EMBEDDING_PRICE is not None:
            return Decimal(settings.EMBEDDING_PRICE) / 1_000_000
        known = self._known().get(PRICE)
        return None if known is None else Decimal(str(known))

    def embed(self, texts: Sequence[str], *, patience: float | None = None) -> Answered:
        cut = [self._cut(text) for text in texts]
        because = ""
        longest = settings.EMBEDDING_TIMEOUT
        for left in attempts(longest if patience is None else min(patience, longest)):
            try:
                return self._ask(cut, left)
            except failures() as error:
                status = getattr(error, "status_code", None) or 500
                because = f"{type(error).__name__} {status}"
                if status in OF_TEXTS:
                    raise self._refused(because) from None
                if status < 500 and status not in PASSING:
                    break
                wait_as_told(error, left)
            except Unusable as error:
                raise self._refused(str(error)) from None
        log.warning("a model is away", model=self.name, because=because)
        raise ModelAway

    def _refused(self, because: str) -> TextsRefused:
        log.warning("a model refuses texts", model=self.name, because=because)
        return TextsRefused(details=[{"because": because}])

    def _ask(self, texts: list[str], seconds: float) -> Answered:
        answer = litellm().embedding(
            model=self.name,
            input=texts,
            dimensions=self.dimensions,
            drop_params=True,  # where the model has but one size
            encoding_format="float",
            api_base=settings.EMBEDDING_API_BASE or None,
            api_key=settings.EMBEDDING_API_KEY or None,
            timeout=seconds,
            max_retries=0,
        )
        rows = sorted(answer.data or [], key=lambda row: row["index"])
        if [row["index"] for row in rows] != list(range(len(texts))):
            raise Unusable("not one vector for each text")
        vectors = [self._vector(row["embedding"]) for row in rows]
        counted = getattr(answer.usage, "prompt_tokens", 0) or most_tokens(texts)
        return Answered(vectors=vectors, tokens=counted)

    def _vector(self, numbers: Any) -> Vector:
        """Of length 1, whoever made it."""
        if not isinstance(numbers, list) or len(numbers) != self.dimensions:
            raise Unusable("a vector has not the dimensions of EMBEDDING_DIMENSIONS")
        if not all(isinstance(number, int | float) for number in numbers):
            raise Unusable("a vector holds what is no number")
        length = math.hypot(*numbers)
        if not math.isfinite(length) or length == 0:
            raise Unusable("a vector points nowhere")
        return tuple(number / length for number in numbers)

    def _cut(self, text: str) -> str:
        """Where the model's input ends, if litellm knows; a blank text is a space, because none is
        refused."""
        longest = self._known().get("max_input_tokens")
        if longest and len(text.encode()) > longest:
            tokens = litellm().encode(model=self.name, text=text)
            text = litellm().decode(model=self.name, tokens=tokens[:longest])
        return text or " "

    def _known(self) -> dict[str, Any]:
        return known(self.name)


@cache
def known(name: str) -> dict[str, Any]:
    """What litellm has in its table, which may be nothing."""
    try:
        found = dict(litellm().get_model_info(name))
    except litellm().exceptions.ModelNotMappedError:
        return {}
    if PRICE not in litellm().model_cost.get(found.get("key"), {PRICE}):
        del found[PRICE]  # a 0 stands for it, also where queries or seconds are paid for
    return found


@cache
def litellm() -> Any:
    """Fetches no prices, reads no .env, prints nothing, and logs neither texts nor keys."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ["LITELLM_MODE"] = "PRODUCTION"
    module: Any = import_module("litellm")
    module.telemetry = False
    module.DEFAULT_MAX_RETRIES = 0  # it takes `max_retries=0` for none given, and waits a minute
    module.suppress_debug_info = True
    for name in ("LiteLLM", "LiteLLM Proxy", "LiteLLM Router", "openai"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return module


def failures() -> tuple[type[Exception], ...]:
    """What litellm raises when a model is not there, refuses or is not understood."""
    return tuple(litellm().LITELLM_EXCEPTION_TYPES)


def attempts(patience: float) -> Iterator[float]:
    """How many seconds are left, at the beginning of each attempt. Waits in between."""
    ends = time.monotonic() + patience
    wait = FIRST_WAIT
    left = patience
    while left > 0:
        yield left
        pause = wait * random.uniform(0.5, 1)  # noqa: S311 -- so that not all come back at once
        left = ends - time.monotonic() - pause
        if left > 0:
            time.sleep(pause)
        wait = min(wait * 2, LONGEST_WAIT)


def wait_as_told(error: Exception, left: float) -> None:
    """As long as the answer's Retry-After says, if there is that much time."""
    headers = getattr(error, "litellm_response_headers", None) or {}
    try:
        told = float(headers.get("retry-after", 0))
    except ValueError:
        return
    if 0 < told < left:
        time.sleep(told)


embedding_models[ANY_OTHER] = lambda: LitellmModel(
    settings.EMBEDDING_MODEL, settings.EMBEDDING_DIMENSIONS or 0
)
