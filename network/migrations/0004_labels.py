import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import osk_portal.toolkit.clock


class Migration(migrations.Migration):
    dependencies = [
        ("network", "0001_squashed_0003_people"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="expertise",
            name="slug",
            field=models.SlugField(max_length=60, unique=True, verbose_name="key"),
        ),
        migrations.AlterField(
            model_name="membership",
            name="created_at",
            field=models.DateTimeField(
                default=osk_portal.toolkit.clock.now, editable=False, verbose_name="applied at"
            ),
        ),
        migrations.AlterField(
            model_name="membership",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="memberships",
                to="network.organisation",
                verbose_name="organisation",
            ),
        ),
        migrations.AlterField(
            model_name="membership",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="memberships",
                to=settings.AUTH_USER_MODEL,
                verbose_name="person",
            ),
        ),
    ]
