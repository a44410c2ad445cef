"""What Rspamd compiles at the first start of an instance, kept for the next one of the machine.

It takes half of the processor time of an instance's first start. The files bear the digests of
what they were compiled from (Rspamd, `hs_cache_dir`): one that does not fit is not looked at.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.rspamd.model import USER

KEPT = Path("/var/cache/mailstead-lab/rspamd")
_FILES = "*.hs*"


def lend(home: Home) -> None:
    """Before the first start: what was compiled for others. Rspamd is installed."""
    if not KEPT.exists() or _database(home).exists():
        return
    shutil.copytree(KEPT, _database(home))
    for path in (_database(home), *_database(home).iterdir()):
        shutil.chown(path, USER, USER)


def keep(home: Home) -> None:
    """After the start: what is new."""
    KEPT.mkdir(parents=True, exist_ok=True)
    for path in _database(home).glob(_FILES):
        if not (KEPT / path.name).exists():
            part = KEPT.with_name(f"{path.name}.{os.getpid()}")
            shutil.copyfile(path, part)
            part.replace(KEPT / path.name)


def _database(home: Home) -> Path:
    return home.rspamd / "db"
