"""Restarts of one engine under the feet of another."""

from __future__ import annotations

import contextlib
import smtplib

import pytest
from tests.support.load import Load
from tests.support.messages import message
from tests.support.people import Mailbox
from tests.support.site import Site

pytestmark = pytest.mark.lab


def log_in(smtp: smtplib.SMTP, ann: Mailbox) -> int:
    """The reply code of a log-in with the right password."""
    try:
        return smtp.login(ann.address, ann.password)[0]
    except smtplib.SMTPResponseException as error:
        return error.smtp_code


def test_a_dovecot_restart_never_tells_a_client_that_its_password_is_wrong(site: Site) -> None:
    ann = site.mailbox("ann")
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(ann.smtp(log_in=False)) for _ in range(5)]
        for smtp in sessions:
            smtp.ehlo()
        # A session that has failed once holds a connection to the old Dovecot for certain.
        assert sessions[0].docmd("AUTH", "PLAIN !")[0] >= 500
        site.node.supervisor.restart("dovecot")
        site.node.wait_ports()
        codes = [log_in(smtp, ann) for smtp in sessions]
        assert set(codes) <= {235, 454}, codes
        again = [
            log_in(smtp, ann) for smtp, code in zip(sessions, codes, strict=True) if code == 454
        ]
        assert set(again) <= {235}, again
    assert ann.can_log_in()["smtp"]


def test_a_dovecot_restart_under_load_denies_nobody(site: Site) -> None:
    load = Load(site, site.mailbox("ann"), senders=6)
    with load.running():
        for _ in range(3):
            site.node.supervisor.restart("dovecot")
            site.node.wait_ports()
            load.wait_for_more()
    assert not load.refused
    load.assert_nothing_lost()


def test_a_session_that_was_logged_in_before_a_dovecot_restart_can_still_send(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    with ann.smtp() as smtp:
        site.node.supervisor.restart("dovecot")
        site.node.wait_ports()
        made = message(ann.address, bob.address)
        smtp.sendmail(ann.address, [bob.address], made.as_bytes())
    site.arrives(made, bob.address)


def test_an_rspamd_restart_under_load_refuses_nothing_for_good(site: Site) -> None:
    load = Load(site, site.mailbox("ann"))
    with load.running():
        site.node.supervisor.restart("rspamd")
        load.wait_for_more()
    assert not load.refused
    load.assert_nothing_lost()


def test_mail_waits_while_dovecot_is_down_and_arrives_when_it_is_back(site: Site) -> None:
    ann = site.mailbox("ann")
    made = message()
    site.node.supervisor.stop("dovecot")
    try:
        site.taken(made, ann.address)
    finally:
        site.node.supervisor.start("dovecot")
    site.node.wait_ports()
    site.node.flush()
    site.arrives(made, ann.address)
