from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

INDEX = "feed_recordedevent_event_caf48b22_like"
"""What Django adds on PostgreSQL to a key that is text, for LIKE; each event has paid for it."""


def drop(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX IF EXISTS {INDEX}")


def restore(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            f"CREATE INDEX {INDEX} ON feed_recordedevent (event varchar_pattern_ops)"
        )


class Migration(migrations.Migration):
    dependencies = [("feed", "0002_orders")]

    operations = [migrations.RunPython(drop, restore)]
