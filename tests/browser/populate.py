"""`python -m tests.browser.populate HOME`: the furnished world on a real instance.

Prints the addresses to open, each for the humblest role that has it, as JSON.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path


def main(home: Path) -> None:
    """Make them once; a second call says the same."""
    from mailstead.control.project.bootstrap import setup

    setup(home)
    from mailstead.control.hosting.models import Server
    from tests.control.addresses import all_pages, fill
    from tests.control.furnish import OTHERWISE, furnish, reader_of
    from tests.control.world import ROLES, make_world

    now = dt.datetime.now(dt.UTC)
    world = make_world(now, Server.objects.get())
    more = furnish(world, now)
    paths: dict[str, list[str]] = {role: [] for role in ROLES}
    for page in all_pages():
        role = reader_of(page)
        if role is not None:
            path, _ = fill(page, world, "customer", more)
            paths[role].append(path)
    people = {role: world.people[role].email for role in ROLES}
    print(json.dumps({"paths": paths, "people": people, "otherwise": OTHERWISE}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
