"""Whether the words of the tasks are public; earlier consents were to figures only, so that their words go."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models


def forget_words(apps: Any, _editor: Any) -> None:
    for result in apps.get_model("sandbox", "PublishedResult").objects.exclude(tasks=[]):
        result.tasks = [["", *counts] for _words, *counts in result.tasks]
        result.save(update_fields=["tasks"])


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0013_cluster")]

    operations = [
        migrations.AddField(
            model_name="publishedresult",
            name="names_tasks",
            field=models.BooleanField(default=False, verbose_name="with the words of the tasks"),
        ),
        migrations.RunPython(forget_words, migrations.RunPython.noop),
    ]
