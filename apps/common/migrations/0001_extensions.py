"""What PostgreSQL must offer before any room's tables: nearness of vectors, likeness of words."""

from django.contrib.postgres.operations import CreateExtension, TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = []
    operations = [CreateExtension("vector"), TrigramExtension()]
