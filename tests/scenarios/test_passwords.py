"""A changed password takes effect everywhere, in sessions that are open too."""

from __future__ import annotations

import imaplib
import poplib
import smtplib
from collections.abc import Callable
from functools import partial

import pytest
from lab.commands import wait_until
from tests.support.managesieve import ManageSieveError
from tests.support.messages import message
from tests.support.people import Mailbox
from tests.support.site import Site

pytestmark = pytest.mark.lab


def change(site: Site, ann: Mailbox, password: str) -> Mailbox:
    """Give a mailbox another password; returns the mailbox with it."""
    site.set_password(ann.address, password)
    return Mailbox(ann.address, ann.node, password)


def test_the_new_password_works_at_once_and_the_old_one_nowhere(site: Site) -> None:
    ann = site.mailbox("ann")
    assert all(ann.can_log_in().values())
    new = change(site, ann, "another horse 8!")
    assert all(new.can_log_in().values())
    assert not any(ann.can_log_in().values())


def test_an_open_submission_session_ends_at_its_next_recipient(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    with ann.smtp() as smtp:
        smtp.mail(ann.address)
        assert smtp.rcpt(bob.address)[0] == 250
        smtp.rset()
        change(site, ann, "another horse 8!")
        smtp.mail(ann.address)
        code, text = smtp.rcpt(bob.address)
        assert code == 421, text
        with pytest.raises(smtplib.SMTPServerDisconnected):
            smtp.noop()
            smtp.noop()


def test_a_session_between_recipient_and_data_may_finish_and_no_more(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    with ann.smtp() as smtp:
        smtp.mail(ann.address)
        assert smtp.rcpt(bob.address)[0] == 250
        change(site, ann, "another horse 8!")
        assert smtp.rcpt(bob.address)[0] == 421


def test_open_reading_sessions_are_ended(site: Site) -> None:
    ann = site.mailbox("ann")
    with ann.imap() as imap, ann.pop3() as pop3, ann.sieve() as sieve:
        assert imap.noop()[0] == "OK"
        change(site, ann, "another horse 8!")
        for name, use in (
            ("IMAP", imap.noop),
            ("POP3", pop3.noop),
            ("ManageSieve", sieve.scripts),
        ):
            wait_until(partial(_ended, use), f"the {name} session is ended", seconds=5)


def test_a_session_with_the_new_password_is_not_disturbed_by_later_changes(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    new = change(site, ann, "another horse 8!")
    with new.smtp() as smtp:
        site.cli("mailbox", "set", ann.address, "--quota", "2G")
        made = message(ann.address)
        smtp.sendmail(ann.address, [bob.address], made.as_bytes())
        site.arrives(made, bob.address)


def _ended(use: Callable[[], object]) -> bool:
    try:
        use()
    except (OSError, EOFError, imaplib.IMAP4.abort, poplib.error_proto, ManageSieveError):
        return True
    return False
