"""How much each node copies at once."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """One table."""

    dependencies = [
        ("hosting", "0010_what_moves_need"),
        ("moves", "0002_redirects"),
    ]

    operations = [
        migrations.CreateModel(
            name="CopyPace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at_once", models.PositiveSmallIntegerField()),
                ("octets_per_second", models.BigIntegerField(default=0)),
                (
                    "server",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="copy_pace",
                        to="hosting.server",
                    ),
                ),
            ],
        ),
    ]
