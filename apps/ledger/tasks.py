"""The clock's door to the ledger."""

from celery import shared_task

from apps.ledger import services


@shared_task(name="ledger.write_checkpoint")
def write_checkpoint() -> None:
    services.write_checkpoint()
