from typing import Any

from django.db import migrations, models

_CLASSES = ("small", "medium", "large")


def name_classes(apps: Any, schema_editor: Any) -> None:
    """Places that are there offer what is published on them: nothing is refused that was booked before."""
    versions = apps.get_model("sandbox", "BlueprintVersion").objects.filter(
        published_at__isnull=False, withdrawn_at=None
    )
    for pool in apps.get_model("sandbox", "Pool").objects.all():
        specs = versions.filter(blueprint__pool=pool).values_list("spec", flat=True)
        named = [spec.get("resources", "small") for spec in specs]
        ranks = [_CLASSES.index(name) if name in _CLASSES else 2 for name in named]
        pool.resource_class = _CLASSES[max(ranks, default=0)]
        pool.save(update_fields=["resource_class"])


class Migration(migrations.Migration):
    dependencies = [
        ("sandbox", "0014_texts"),
    ]

    operations = [
        migrations.AddField(
            model_name="blueprint",
            name="demo_data",
            field=models.TextField(
                blank=True,
                help_text="What is in it at the hand-over, for example invented people and pages.",
                max_length=2000,
                verbose_name="demo data",
            ),
        ),
        migrations.AddField(
            model_name="booking",
            name="anonymised_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="anonymised at"
            ),
        ),
        migrations.AddField(
            model_name="pool",
            name="cpu_millis",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Empty: the portal does not look at it.",
                null=True,
                verbose_name="processor of a place in thousandths",
            ),
        ),
        migrations.AddField(
            model_name="pool",
            name="disk_mb",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Empty: the portal does not look at it.",
                null=True,
                verbose_name="disk of a place in MB",
            ),
        ),
        migrations.AddField(
            model_name="pool",
            name="memory_mb",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Empty: the portal does not look at it.",
                null=True,
                verbose_name="memory of a place in MB",
            ),
        ),
        migrations.AddField(
            model_name="pool",
            name="resource_class",
            field=models.CharField(
                choices=[("small", "small"), ("medium", "medium"), ("large", "large")],
                default="small",
                help_text="A product that names a larger class is not published here.",
                max_length=10,
                verbose_name="class of its places",
            ),
        ),
        migrations.RunPython(name_classes, migrations.RunPython.noop, elidable=True),
    ]
