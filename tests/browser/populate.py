"""`python -m tests.browser.populate HOME`: the people of `tests.control.world` on a real instance.

Prints the addresses that each may open, by role, as JSON.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path

DOWNLOADS = ("apple/", "zone/", ".css", "logo/", "logo", "template/", "refused/")
"""Files, not pages."""


def main(home: Path) -> None:
    """Make them once; a second call says the same."""
    from mailstead.control.project.bootstrap import setup

    setup(home)
    from mailstead.control.hosting.models import Server
    from mailstead.control.people import roles
    from tests.control.addresses import all_pages, fill
    from tests.control.world import ROLES, make_world

    world = make_world(dt.datetime.now(dt.UTC), Server.objects.get())
    paths: dict[str, list[str]] = {role: [] for role in ROLES}
    for page in all_pages():
        if (
            page.route.endswith(DOWNLOADS)
            or page.library
            or not page.rules
            or "nothing" in fill(page, world, "customer")[0]
        ):
            continue
        rule = page.rules.get("GET", "")
        for role in ("customer", "mailbox", "operator", "reseller"):
            if rule == roles.SIGNED_IN or role in roles.roles_of(rule):
                path, _ = fill(page, world, "customer")
                paths[role].append(path)
                break
    people = {role: world.people[role].email for role in ROLES}
    print(json.dumps({"paths": paths, "people": people}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
