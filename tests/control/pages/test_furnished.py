"""Every page has something to show to the humblest role that has it."""

from __future__ import annotations

from tests.control.addresses import all_pages, fill
from tests.control.furnish import OTHERWISE, furnish, reader_of
from tests.control.world import World


def test_every_page_opens_for_who_has_it(world: World) -> None:
    more = furnish(world, world.now)
    readers = [(page, reader_of(page)) for page in all_pages()]
    wrong = []
    for role in sorted({role for _, role in readers if role}):
        client = world.client(role)
        for page, reader in readers:
            if reader != role:
                continue
            path, _ = fill(page, world, "customer", more)
            status = client.get(path).status_code
            if status != OTHERWISE.get(path, 200):
                wrong.append(f"{role} {path}: {status}")
    assert not wrong, "\n".join(wrong)
