"""How searching is doing: a line for `manage.py doctor`."""

from collections.abc import Iterator

from django.conf import settings

from apps.common.ports import Finding, Health
from apps.specs.models.search import Passage
from apps.specs.services.indexing import COUNTED, embedded_now

MANY = 1_000
"""Passages that wait, which the queue should have got to by now."""


def examine_search() -> Iterator[Finding]:
    now = embedded_now()
    unposted = Passage.objects.filter(is_posted=False)[:COUNTED].count()
    waiting = Passage.objects.exclude(embedded_as=now)[:COUNTED].count() if now else 0
    waits = f"for postings: {unposted}, for their meaning: {waiting}"
    text = f"{settings.EMBEDDINGS_BACKEND}; passages that wait {waits}"
    if max(unposted, waiting) < MANY:
        yield Finding("search", Health.OK, text)
    else:
        fix = "Run `manage.py index_specs`, and see that a worker takes from the queue embeddings."
        yield Finding("search", Health.WARN, text, fix)
