"""Start Django for an instance: what the command line and the processes do first."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

from mailstead.config import name_home

KEPT = 30 * 86400
"""Seconds for which a static file of an earlier version stays: pages that are open ask for it."""


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
    call_command("createcachetable", verbosity=0)
    return bool(plan)


def collect_static() -> bool:
    """Put the panel's style sheets and scripts where nginx finds them, their names with hashes.

    Done only when they differ from what is there; returns whether it was done.
    """
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=lambda item: item[0]):
            digest.update(path.encode())
            with storage.open(path) as source:
                digest.update(source.read())
    target = Path(settings.STATIC_ROOT)
    mark = target / ".collected"
    if mark.exists() and mark.read_text(encoding="ascii") == digest.hexdigest():
        return False
    call_command("collectstatic", verbosity=0, interactive=False)
    _throw_away(target)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    mark.write_text(digest.hexdigest(), encoding="ascii")
    return True


def _throw_away(target: Path) -> None:
    """Delete what no version of the last `KEPT` seconds has."""
    named = json.loads((target / "staticfiles.json").read_text(encoding="utf-8"))["paths"]
    current = {target / name for pair in named.items() for name in pair}
    before = time.time() - KEPT
    for path in target.rglob("*"):
        if path.is_file() and path not in current and path.stat().st_mtime < before:
            path.unlink()
