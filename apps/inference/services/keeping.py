"""What becomes of recorded uses: those that never ended are given up, old ones summed up."""

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.common.actors import SYSTEM
from apps.inference.choices import Outcome
from apps.inference.models import Use
from apps.inference.rules import month_of, months_after
from apps.ledger.services import unit

BATCH = 5000
GIVEN_UP = timedelta(hours=1)
"""After which nobody comes back any more."""

SUM_UP = """
    WITH old AS (
        DELETE FROM inference_use WHERE id IN (
            SELECT id FROM inference_use WHERE at < %(until)s ORDER BY at LIMIT %(batch)s
            FOR UPDATE SKIP LOCKED
        )
        RETURNING *
    ), added AS (
        INSERT INTO inference_dayofuse AS day
            (id, workspace_id, day, model, purpose, uses, failed, texts, tokens, cost, ms)
        SELECT gen_random_uuid(), workspace_id, (at AT TIME ZONE 'UTC')::date, model, purpose,
            count(*), count(*) FILTER (WHERE outcome IN ('failed', 'lost')),
            sum(texts), sum(tokens), sum(cost), sum(ms)
        FROM old GROUP BY workspace_id, (at AT TIME ZONE 'UTC')::date, model, purpose
        ON CONFLICT (workspace_id, day, model, purpose) DO UPDATE SET
            uses = day.uses + excluded.uses, failed = day.failed + excluded.failed,
            texts = day.texts + excluded.texts, tokens = day.tokens + excluded.tokens,
            cost = day.cost + excluded.cost, ms = day.ms + excluded.ms
    )
    SELECT count(*) FROM old
"""


def sum_up_old_uses() -> int:
    """One batch of those past their time. Fewer than BATCH: there were no more."""
    until = months_after(month_of(timezone.now()), -settings.INFERENCE_USE_MONTHS)
    with unit(actor=SYSTEM), connection.cursor() as cursor:
        cursor.execute(SUM_UP, {"until": until, "batch": BATCH})
        [count] = cursor.fetchone()
    return int(count)


def give_up_lost_uses() -> int:
    """What they were expected to cost stays: they may have."""
    with unit(actor=SYSTEM):
        left = Use.objects.filter(outcome=Outcome.UNDER_WAY, at__lt=timezone.now() - GIVEN_UP)
        return left.update(outcome=Outcome.LOST)
