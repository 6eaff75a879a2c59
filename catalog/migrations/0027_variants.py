"""Which entries are variants of another one: asked with each entry's page, so found in an index."""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations
from django.db.models.fields.json import KeyTransform


class Migration(migrations.Migration):
    dependencies = [("catalog", "0026_keeping")]

    operations = [
        migrations.AddIndex(
            model_name="solution",
            index=GinIndex(KeyTransform("isBasedOn", "document"), name="solution_based_on"),
        ),
    ]
