"""The clock's door to the ledger."""

from celery import shared_task

from apps.ledger import deliveries, services


@shared_task(name="ledger.write_checkpoint")
def write_checkpoint() -> None:
    services.write_checkpoint()


@shared_task(name="ledger.forget_done_deliveries")
def forget_done_deliveries() -> None:
    deliveries.forget_done()
