"""Start Django for an instance: what the command line and the processes do first."""

from __future__ import annotations

from pathlib import Path

from mailstead.config import name_home


def setup(home: Path) -> None:
    """Make Django ready for the instance in `home`; raises `Refusal` (`settings-…`)."""
    name_home(home, django_settings="mailstead.control.project.settings")
    import django

    django.setup()


def migrate() -> bool:
    """Bring the database to this version; returns whether anything was done."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        call_command("migrate", verbosity=0, interactive=False)
    return bool(plan)
