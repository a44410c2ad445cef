"""Every page that there is, in light, in dark and at a phone's width: readable, whole, at home."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from lab.node import REPOSITORY, Node

from tests.browser.conftest import OpenWindow

pytestmark = [pytest.mark.lab, pytest.mark.waits]
PASSWORD = "correct horse battery"
"""Of everybody in `tests.control.world`."""
LIBRARY = (
    "/account/2fa/",
    "/account/2fa/totp/activate/",
    "/account/2fa/webauthn/",
    "/account/sessions/",
    "/account/password/change/",
    "/account/reauthenticate/",
)
PUBLIC = ("/account/login/", "/account/password/reset/", "/account/password/reset/done/")


@pytest.fixture(scope="module")
def there(node: Node) -> Iterator[dict[str, Any]]:
    """Who and what there is on the node."""
    done = node.namespace.run(
        sys.executable, "-m", "tests.browser.populate", node.folder, cwd=REPOSITORY
    )
    found: dict[str, Any] = json.loads(done.stdout)
    yield found
    # By an address that the machine has not, no mail of later tests would leave.
    for row in node.cli("sending-address", "list")["items"]:
        node.cli("sending-address", "remove", row["number"])


@pytest.mark.timeout(900)
@pytest.mark.parametrize("role", ["customer", "mailbox", "operator", "reseller"])
def test_every_page_is_accessible(there: dict[str, Any], window: OpenWindow, role: str) -> None:
    one = window()
    one.sign_in(there["people"][role], PASSWORD)
    faults = []
    for path in [*there["paths"][role], *(LIBRARY if role == "customer" else ())]:
        one.go(path)
        if one.status not in (200, there["otherwise"].get(path)):
            faults.append(f"{path}: {one.status}")
        faults += one.judge(role + path)
    assert not faults, "\n".join(faults)


def test_the_door_is_accessible(window: OpenWindow) -> None:
    one = window()
    faults = []
    for path in PUBLIC:
        one.go(path)
        faults += one.judge("door" + path)
    assert not faults, "\n".join(faults)
