"""What a relay and a worker would do now, done here."""

from celery import current_app

from apps.approvals.services import clock
from apps.ledger import deliveries
from apps.ledger.models import Delivery


def deliver() -> None:
    """Everything that is owed, and what comes of it."""
    current_app.loader.import_default_modules()
    while started := [*deliveries.claim(100), *clock.claim(100)]:
        for start in started:
            current_app.tasks[start.task](start.id)


def deliver_again(task: str) -> None:
    """As a broker does that hands out twice."""
    for delivery in Delivery.objects.filter(subscription=task):
        current_app.tasks[task](delivery.pk)
