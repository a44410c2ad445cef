"""Who logged in is known to the control plane, whatever the way in and the password."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest
from lab.commands import wait_until
from tests.support.messages import message
from tests.support.people import Mailbox
from tests.support.site import Site

pytestmark = pytest.mark.lab
_QUERY = """
SELECT s.protocol, s.failed, p.name FROM hosting_signin s
JOIN hosting_mailbox m ON m.id = s.mailbox_id JOIN hosting_domain d ON d.id = m.domain_id
LEFT JOIN hosting_apppassword p ON p.credential = s.credential
WHERE m.local || '@' || d.name = ? AND s.count > 0
"""


def sign_ins(ann: Mailbox) -> set[tuple[str, bool, str | None]]:
    """Protocol, whether it failed, and the app password's name, as the control plane has them."""
    path = f"file:{ann.node.home.control / 'mailstead.db'}?mode=ro"
    with contextlib.closing(sqlite3.connect(path, uri=True, timeout=20)) as base:
        rows = base.execute(_QUERY, (ann.address,)).fetchall()
    return {(protocol, bool(failed), name) for protocol, failed, name in rows}


def test_every_way_in_is_told(site: Site) -> None:
    ann = site.mailbox("ann")
    answer = site.cli("app-password", "add", ann.address, "Phone")
    phone = Mailbox(ann.address, ann.node, answer["password"])
    assert all(ann.can_log_in().values())
    with phone.imap():
        pass
    sent = message(sender=ann.address, to=ann.address)
    assert phone.submit(sent, [ann.address])[ann.address].startswith("250")
    thief = Mailbox(ann.address, ann.node, "guessed")
    assert not any(thief.can_log_in().values())
    wanted = {
        ("imap", False, None),
        ("pop3", False, None),
        ("sieve", False, None),
        ("imap", False, "Phone"),
        ("smtp", False, "Phone"),
        ("imap", True, None),
        ("pop3", True, None),
        ("smtp", True, None),
    }
    wait_until(lambda: wanted <= sign_ins(ann), "the sign-ins are told", seconds=60)
