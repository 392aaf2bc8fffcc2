"""Who consumes. Rows here are about the machinery, not about anybody's work."""

from django.db import models
from django.db.models.functions import Now


class WorkerPulse(models.Model):
    """When a Celery worker last did what it was asked to do."""

    worker = models.CharField(max_length=200, primary_key=True)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.worker
