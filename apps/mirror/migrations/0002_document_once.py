"""A document is one file: of several that were taken for it, the first one stays, and the others
are read anew."""

from typing import ClassVar

from django.db import migrations, models

COPIES = """
UPDATE mirror_mirroredfile AS copy
SET document = NULL, nodes = '[]', agreed = '[]', offered = NULL, size = 0, mtime_ns = 0
FROM mirror_mirroredfile AS first
WHERE first.mirror_id = copy.mirror_id AND first.document = copy.document AND first.id < copy.id
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("mirror", "0001_initial")]

    operations: ClassVar = [
        migrations.RunSQL(COPIES, migrations.RunSQL.noop),
        migrations.RemoveConstraint(model_name="mirroredfile", name="mirror_path_once"),
        migrations.AddConstraint(
            model_name="mirroredfile",
            constraint=models.UniqueConstraint(
                fields=("mirror", "path"),
                name="mirror_path_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ),
        migrations.AddConstraint(
            model_name="mirroredfile",
            constraint=models.UniqueConstraint(
                fields=("mirror", "document"),
                name="mirror_document_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ),
    ]
