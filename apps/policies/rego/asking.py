"""Rego's part in a verdict, asked before any transaction opens. Whatever goes wrong is a no."""

from pathlib import Path

import httpx
import structlog
from django.conf import settings

from apps.policies.acts import canonical_input, digest_of
from apps.policies.ports import Act, Circumstances, Performer, RegoVerdict
from apps.policies.rego import embedded, remote
from apps.policies.rego.answers import Answer

logger = structlog.get_logger(__name__)


def ask_rego(act: Act, performer: Performer, circumstances: Circumstances) -> RegoVerdict | None:
    """None where Rego is switched off. `judge` must be given the very same three."""
    if not settings.OPA_ENABLE:
        return None
    question = canonical_input(act, performer, circumstances)
    source, answer = _answer(question)
    if answer not in (Answer.TRUE, Answer.FALSE):
        logger.warning("rego_gave_no_answer", source=source, answer=str(answer))
    return RegoVerdict(
        allowed=answer == Answer.TRUE,
        source=source,
        why=str(answer.label),
        input_digest=digest_of(question),
    )


def _answer(question: bytes) -> tuple[str, Answer]:
    url: str = settings.OPA_URL
    folder: Path | None = settings.OPA_POLICY_DIR
    patience: float = settings.OPA_TIMEOUT
    source = "remote" if url else "embedded"
    try:
        if url and not folder:
            return source, remote.ask(question, url=url, patience=patience)
        if folder and not url:
            return source, embedded.ask(question, folder=folder, patience=patience)
        return source, Answer.UNSET
    except TimeoutError:
        return source, Answer.SLOW
    except (OSError, httpx.HTTPError, httpx.InvalidURL):
        return source, Answer.AWAY
    except Exception:  # whatever it was, not knowing means no
        logger.exception("rego_failed", source=source)
        return source, Answer.FAILED
