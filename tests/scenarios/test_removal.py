"""Removal keeps the mail for a time, takes effect at once, and can be undone."""

from __future__ import annotations

import pytest
from lab.commands import wait_until
from tests.support.messages import message
from tests.support.site import Site

pytestmark = pytest.mark.lab


def test_a_removed_mailbox_refuses_mail_and_log_in_and_comes_back_whole(site: Site) -> None:
    ann = site.mailbox("ann")
    made = message()
    site.taken(made, ann.address)
    site.arrives(made, ann.address)
    with ann.imap() as imap:
        imap.select("INBOX")
        imap.store("1", "+FLAGS", r"(\Flagged \Seen)")
        imap.create("Keep/Deep")
        site.cli("mailbox", "remove", ann.address)
        assert wait_until(lambda: not any(ann.can_log_in().values()), "nobody logs in")
    assert site.receive(message(), ann.address)[ann.address].startswith("550 5.1.1")
    site.cli("mailbox", "restore", ann.address)
    site.arrives(made, ann.address)
    with ann.imap() as imap:
        imap.select("INBOX")
        assert r"\Flagged" in str(imap.fetch("1", "(FLAGS)")[1])
        assert imap.list('""', "Keep/Deep")[1] != [None]


def test_a_new_mailbox_of_the_same_name_does_not_see_the_old_mail(site: Site) -> None:
    ann = site.mailbox("ann")
    made = message()
    site.taken(made, ann.address)
    site.arrives(made, ann.address)
    site.cli("mailbox", "remove", ann.address)
    again = site.mailbox("ann")
    with again.imap() as imap:
        assert imap.select("INBOX")[1] == [b"0"]


def test_a_removed_domain_refuses_all_its_mail_and_comes_back(site: Site) -> None:
    ann = site.mailbox("ann")
    made = message()
    site.taken(made, ann.address)
    site.arrives(made, ann.address)
    site.cli("domain", "remove", site.main)
    reply = site.receive(message(), ann.address)[ann.address]
    assert reply.startswith(("550 5.1.", "554 5.7.1")), reply
    assert not any(ann.can_log_in().values())
    site.cli("domain", "restore", site.main)
    site.arrives(made, ann.address)
    assert all(ann.can_log_in().values())
