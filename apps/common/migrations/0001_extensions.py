"""What PostgreSQL must offer before any room's tables: nearness of vectors; and what it should,
likeness of words.
"""

from django.contrib.postgres.operations import CreateExtension
from django.db import migrations

from apps.common.extensions import CreateExtensionWhereOffered


class Migration(migrations.Migration):
    dependencies = []
    operations = [CreateExtension("vector"), CreateExtensionWhereOffered("pg_trgm")]
