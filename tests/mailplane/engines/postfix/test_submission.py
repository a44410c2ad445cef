"""Open submission sessions: a change of the maps reaches them at their next recipient."""

from __future__ import annotations

import smtplib
import socket
import ssl
import uuid

import pytest
from tests.mailplane.engines.harness import (
    GONE,
    PASSWORD,
    SENDING_OFF,
    Host,
    until,
    without_verification,
)

from mailstead.standards.reply import Reply

pytestmark = pytest.mark.engines


@pytest.fixture
def ann(host: Host) -> str:
    return host.add(f"ann-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def bob(host: Host) -> str:
    return host.add(f"bob-{uuid.uuid4().hex[:8]}")


def ask(session: smtplib.SMTP, sender: str, recipient: str) -> str:
    """The reply about one more recipient."""
    session.docmd("RSET")
    session.mail(sender)
    code, words = session.rcpt(recipient)
    return f"{code} {words.decode()}"


def is_closed(session: smtplib.SMTP) -> bool:
    assert session.sock is not None
    return session.sock.recv(1) == b""


def test_a_session_ends_at_its_next_recipient_when_its_credential_goes(
    host: Host, ann: str, bob: str
) -> None:
    session = host.submission(ann)
    assert ask(session, ann, bob).startswith("250 ")
    host.maps.update("credentials", {}, [f"{ann}/1"])
    code, words = session.rcpt(bob)
    assert (code, words[:6]) == (421, b"4.7.0 ")
    assert b"sign in again" in words
    assert is_closed(session)


def test_a_new_password_ends_old_sessions_and_opens_new_ones(
    host: Host, ann: str, bob: str
) -> None:
    old = host.submission(ann)
    assert ask(old, ann, bob).startswith("250 ")
    host.add(ann.partition("@")[0], credential=2, password="new words")
    host.maps.update("credentials", {}, [f"{ann}/1"])
    # Not 553 "not owned by user", although the old log-in owns no sender any more.
    assert ask(old, ann, bob).startswith("421 4.7.0 ")
    assert ask(host.submission(ann, "new words"), ann, bob).startswith("250 ")
    with pytest.raises(smtplib.SMTPAuthenticationError):
        host.submission(ann)


def test_suspended_sending_is_said_in_its_own_words_and_keeps_the_session(
    host: Host, ann: str, bob: str
) -> None:
    session = host.submission(ann)
    host.refuse(f"{ann}/1", SENDING_OFF)
    answer = ask(session, ann, bob)
    assert answer.startswith("554 5.7.1 ")
    assert "Sending is suspended for this mailbox; ask your provider" in answer
    host.maps.update("credentials", {f"{ann}/1": "submission_permitted"}, ())
    assert ask(session, ann, bob).startswith("250 ")


def test_a_rebuilt_map_reaches_open_sessions(host: Host, ann: str, bob: str) -> None:
    session = host.submission(ann)
    assert ask(session, ann, bob).startswith("250 ")
    kept = host.maps.dump("credentials")
    del kept[f"{ann}/1"]
    host.maps.replace("credentials", kept)
    assert ask(session, ann, bob).startswith("421 4.7.0 ")


def test_a_new_and_a_removed_recipient_are_known_to_open_sessions(host: Host, ann: str) -> None:
    carol = f"carol-{uuid.uuid4().hex[:8]}@here.example"
    session = host.submission(ann)
    assert ask(session, ann, carol).startswith("550 5.1.1 ")
    host.maps.update("recipients", {carol: "DUNNO"}, ())
    assert ask(session, ann, carol).startswith("250 ")
    host.maps.update("recipients", {carol: str(Reply(550, "5.2.1", "No mail is taken here"))}, ())
    assert ask(session, ann, carol).startswith("550 5.2.1 ")
    host.maps.update("recipients", {}, [carol])
    assert GONE.partition(" 5.1.1 ")[2] in ask(session, ann, carol)


def test_another_customers_subdomain_is_not_judged_by_its_parent(host: Host, ann: str) -> None:
    # recipients has `here.example` → 550; nothing may follow from it for sub.here.example.
    host.maps.update("transport", {"x@sub.here.example": "discard:"}, ())
    session = host.submission(ann)
    assert ask(session, ann, "x@sub.here.example").startswith("250 ")


def test_a_sub_address_may_send(host: Host, ann: str, bob: str) -> None:
    session = host.submission(ann)
    local, _, domain = ann.partition("@")
    assert ask(session, f"{local}+lists@{domain}", bob).startswith("250 ")
    other = bob.partition("@")[0]
    assert ask(session, f"{other}+lists@{domain}", ann).startswith("553 5.7.1 ")


def test_after_a_restart_of_dovecot_a_log_in_is_put_off_not_denied(own_host: Host) -> None:
    # 3.7.11 keeps the dead socket: the next AUTH fails. 535 would make clients ask for a password.
    ann = own_host.add("ann")
    session = own_host.smtp("submission")
    session.starttls(context=without_verification())
    session.ehlo("client.example")
    with pytest.raises(smtplib.SMTPAuthenticationError):
        session.login(ann, "wrong")
    own_host.stop("dovecot")
    own_host.start("dovecot")
    codes: list[int] = []

    def logged_in() -> bool:
        try:
            codes.append(session.login(ann, PASSWORD)[0])
        except smtplib.SMTPAuthenticationError as refused:
            codes.append(refused.smtp_code)
        return codes[-1] == 235

    until(logged_in, "the open session logs in")
    assert 535 not in codes


def test_submission_is_back_as_soon_as_dovecot_is(own_host: Host) -> None:
    # Without Dovecot a new smtpd ends at the first EHLO under TLS, and by default master(8) would
    # then start none for a minute.
    ann = own_host.add("ann")
    with own_host.submission(ann):  # holds the smtpd that knows Dovecot already
        own_host.stop("dovecot")
        with pytest.raises(smtplib.SMTPServerDisconnected):
            own_host.submission(ann)
        until(lambda: "throttling" in own_host.log("postfix"), "master has noticed")
        own_host.start("dovecot")

        def logs_in() -> bool:
            try:
                own_host.submission(ann).close()
            except (OSError, smtplib.SMTPException):
                return False
            return True

        until(logs_in, "a log-in succeeds", seconds=10)


@pytest.mark.parametrize("service", ["submissions", "imaps", "pop3s"])
def test_old_versions_of_tls_are_refused(host: Host, service: str) -> None:
    old = without_verification()
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", host.port(service)), 10) as plain,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        old.wrap_socket(plain)
