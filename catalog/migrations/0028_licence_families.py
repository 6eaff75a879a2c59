"""Families of licences that the index had sorted wrongly (catalog.licences, _BY_THEIR_TEXT); of entries that are there.

An expression of several licences gets its family with the next revision.
"""

from django.db import migrations

FAMILIES = {
    "copyleft": ("CECILL-1.0", "CECILL-1.1", "CECILL-2.0", "CECILL-2.1", "RPL-1.1", "RPL-1.5"),
    "weak_copyleft": ("CECILL-C",),
    "permissive": ("LiLiQ-P-1.1",),
    "other": ("Aladdin", "PPL"),
}


def sort(apps, schema_editor):
    solutions = apps.get_model("catalog", "Solution").objects.using(schema_editor.connection.alias)
    for family, licences in FAMILIES.items():
        for licence in licences:
            solutions.filter(licence__iexact=licence).update(licence_family=family)


class Migration(migrations.Migration):
    dependencies = [("catalog", "0027_variants")]

    operations = [migrations.RunPython(sort, migrations.RunPython.noop)]
