import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import osk_portal.toolkit.clock


class Migration(migrations.Migration):
    dependencies = [
        ("network", "0004_labels"),
        ("sandbox", "0018_kept"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="blackout",
            name="created_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="planned by",
            ),
        ),
        migrations.AlterField(
            model_name="blackout",
            name="lifted_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="lifted by",
            ),
        ),
        migrations.AlterField(
            model_name="booking",
            name="blueprint_version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="bookings",
                to="sandbox.blueprintversion",
                verbose_name="test product",
            ),
        ),
        migrations.AlterField(
            model_name="booking",
            name="booked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sandbox_bookings",
                to=settings.AUTH_USER_MODEL,
                verbose_name="booked by",
            ),
        ),
        migrations.AlterField(
            model_name="booking",
            name="created_at",
            field=models.DateTimeField(
                default=osk_portal.toolkit.clock.now, editable=False, verbose_name="booked at"
            ),
        ),
        migrations.AlterField(
            model_name="booking",
            name="ended_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="ended by",
            ),
        ),
        migrations.AlterField(
            model_name="booking",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sandbox_bookings",
                to="network.organisation",
                verbose_name="organisation",
            ),
        ),
        migrations.AlterField(
            model_name="environment",
            name="booking",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="environments",
                to="sandbox.booking",
                verbose_name="booking",
            ),
        ),
        migrations.AlterField(
            model_name="environment",
            name="slot",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="environments",
                to="sandbox.slot",
                verbose_name="place",
            ),
        ),
        migrations.AlterField(
            model_name="waitlistentry",
            name="blueprint",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="waiting",
                to="sandbox.blueprint",
                verbose_name="test product",
            ),
        ),
        migrations.AlterField(
            model_name="waitlistentry",
            name="booking",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="waitlist_entry",
                to="sandbox.booking",
                verbose_name="booking",
            ),
        ),
        migrations.AlterField(
            model_name="waitlistentry",
            name="created_at",
            field=models.DateTimeField(
                default=osk_portal.toolkit.clock.now, editable=False, verbose_name="waits since"
            ),
        ),
        migrations.AlterField(
            model_name="waitlistentry",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sandbox_waiting",
                to="network.organisation",
                verbose_name="organisation",
            ),
        ),
        migrations.AlterField(
            model_name="waitlistentry",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sandbox_waiting",
                to=settings.AUTH_USER_MODEL,
                verbose_name="person",
            ),
        ),
    ]
