from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sandbox", "0017_room"),
    ]

    operations = [
        migrations.AlterField(
            model_name="measure",
            name="kind",
            field=models.CharField(
                choices=[
                    ("retry", "Tried again"),
                    ("end", "Ended"),
                    ("forget", "Forgotten"),
                    ("quarantine", "Put into quarantine"),
                    ("release", "Quarantine lifted"),
                    ("confirm", "State after a restore confirmed"),
                    ("settle", "Deletion of kept data confirmed"),
                ],
                max_length=20,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="stray",
            name="verdict",
            field=models.CharField(
                choices=[
                    ("grace", "Goes after ten minutes"),
                    ("later_end", "Known, but the engine has a later end"),
                    ("held", "Kept until the state after the restore is confirmed"),
                    ("damaged", "Its label does not fit: look at it yourself"),
                    ("stuck", "The removal did not work, and is tried again"),
                    ("leaving", "Being removed"),
                    ("kept", "The engine keeps its data: delete it there"),
                    ("settled", "An operator has confirmed that its data is deleted"),
                    ("removed", "Removed"),
                ],
                max_length=20,
            ),
        ),
    ]
