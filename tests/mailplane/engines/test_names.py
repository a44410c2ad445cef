"""Certificates by name, and new ones, while sessions go on: Postfix and Dovecot really running."""

from __future__ import annotations

import datetime as dt
import imaplib
import smtplib
import socket
import ssl
from collections.abc import Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.mailplane.engines.harness import Host, running_host, without_verification

from mailstead.mailplane.node.certificates import store
from mailstead.mailplane.node.certificates.show import Showcase

pytestmark = pytest.mark.engines

HOST = "mail.node.example"
ONE = "mail.one.example"
TWO = "imap.mail.two.example.co.uk"


@pytest.fixture(scope="module")
def named() -> Iterator[Host]:
    """A host of these tests' own: they change what it shows."""
    with running_host() as made:
        yield made


class Shown:
    """Certificates signed by themselves, whose organisation tells one from the next."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.showcase = Showcase(host.settings, host.home)

    def give(self, name: str, word: str) -> None:
        """A new certificate for the key that the name has."""
        own = name == HOST
        key = store.key_of(self.host.home, name, own=own)
        store.keep(self.host.home, name, chain(key, name, word))
        if own:
            store.install_own(self.host.home, name)

    def bring(self) -> None:
        """As the node does after each change."""
        self.showcase.bring()


def chain(key: bytes, name: str, word: str) -> bytes:
    """A certificate for a key."""
    loaded = serialization.load_pem_private_key(key, None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, word),
        ]
    )
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(loaded.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(loaded, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def word_of(connection: ssl.SSLSocket) -> str:
    """Name and word of the certificate that the other side shows."""
    data = connection.getpeercert(True)
    assert data is not None
    subject = x509.load_der_x509_certificate(data).subject
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    words = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return f"{names[0].value} {words[0].value if words else 'first'}"


def seen(host: Host, service: str, name: str | None) -> str:
    """What a new connection is shown that asks for `name`, or for none."""
    context = without_verification()
    if service in ("smtp", "submission"):
        with smtplib.SMTP("127.0.0.1", host.port(service), timeout=20) as session:
            session._host = name  # type: ignore[attr-defined]
            session.starttls(context=context)
            assert isinstance(session.sock, ssl.SSLSocket)
            return word_of(session.sock)
    with (
        socket.create_connection(("127.0.0.1", host.port(service)), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname=name) as session,
    ):
        session.recv(200)
        return word_of(session)


SERVICES = ("smtp", "submission", "submissions", "imaps", "pop3s")


@pytest.mark.parametrize("service", SERVICES)
def test_a_name_that_comes_while_the_engines_run_gets_its_own_certificate(
    named: Host, service: str
) -> None:
    name = f"{service}.fresh.example"
    before = seen(named, service, name)
    assert before.startswith(HOST)
    shown = Shown(named)
    shown.give(name, "one")
    shown.bring()
    assert seen(named, service, name) == f"{name} one"
    assert seen(named, service, f"{service}.other.example") == before
    assert seen(named, service, None) == before


@pytest.mark.parametrize("service", SERVICES)
def test_a_renewed_certificate_is_shown_to_the_next_connection(named: Host, service: str) -> None:
    shown = Shown(named)
    for word in ("one", "two", "three"):
        shown.give(TWO, word)
        shown.give(HOST, word)
        shown.bring()
        # Whoever has served somebody before must not go on with what it knew then.
        for _ in range(4):
            assert seen(named, service, TWO) == f"{TWO} {word}"
            assert seen(named, service, "unknown.example") == f"{HOST} {word}"


def test_sessions_that_are_open_outlive_a_renewal(named: Host) -> None:
    ann, bob = named.add("ann"), named.add("bob")
    shown = Shown(named)
    shown.give(ONE, "one")
    shown.bring()
    programs = named.processes("dovecot")
    idle = imaplib.IMAP4_SSL(
        "127.0.0.1", named.port("imaps"), ssl_context=without_verification(), timeout=20
    )
    idle.login(bob, "correct horse")
    idle.select()
    idle.send(b"a1 IDLE\r\n")
    assert idle.readline().startswith(b"+")
    pop3 = named.pop3(bob)
    smtp = named.submission(ann)
    smtp.mail(ann)
    smtp.rcpt(bob)
    assert smtp.docmd("DATA")[0] == 354
    smtp.send(f"From: {ann}\r\nTo: {bob}\r\nSubject: over a renewal\r\n\r\nfirst half\r\n")
    for word in ("two", "three"):
        shown.give(ONE, word)
        shown.give(HOST, word)
        shown.bring()
        assert seen(named, "imaps", ONE) == f"{ONE} {word}"
        assert seen(named, "submission", ONE) == f"{ONE} {word}"
    smtp.send(b"second half\r\n.\r\n")
    assert smtp.getreply()[0] == 250
    # The message is told in the session that has been idle all the while.
    assert b"EXISTS" in idle.readline()
    assert pop3.noop().startswith(b"+OK")
    smtp.mail(ann)
    assert smtp.rcpt(bob)[0] == 250
    smtp.quit()
    pop3.quit()
    idle.shutdown()
    assert programs <= named.processes("dovecot")


def test_no_log_in_fails_while_certificates_change(named: Host) -> None:
    ann = named.add("cara")
    shown = Shown(named)
    smtp = named.smtp("submission")
    smtp.starttls(context=without_verification())
    smtp.ehlo("client.example")
    for number in range(12):
        shown.give(ONE, f"n{number}")
        shown.bring()
        assert smtp.login(ann, "correct horse")[0] == 235
        smtp.quit()
        named.imap(ann).logout()
        smtp = named.smtp("submission")
        smtp.starttls(context=without_verification())
        smtp.ehlo("client.example")
    smtp.quit()


def test_a_broken_certificate_of_one_name_harms_no_other(named: Host) -> None:
    shown = Shown(named)
    shown.give(ONE, "good")
    store.key_of(named.home, "bad.name.example", own=False)
    store.keep(named.home, "bad.name.example", b"no certificate\n")
    shown.bring()
    try:
        for service in SERVICES:
            assert seen(named, service, ONE) == f"{ONE} good"
            assert seen(named, service, None).startswith(HOST)
    finally:
        store.drop(named.home, "bad.name.example")
        shown.bring()


def test_a_name_that_is_gone_gets_the_hosts_certificate(named: Host) -> None:
    shown = Shown(named)
    shown.give("gone.name.example", "one")
    shown.bring()
    assert seen(named, "imaps", "gone.name.example") == "gone.name.example one"
    store.drop(named.home, "gone.name.example")
    shown.bring()
    for service in ("imaps", "submission"):
        assert seen(named, service, "gone.name.example").startswith(HOST)


def test_keys_are_readable_by_root_alone(named: Host) -> None:
    shown = Shown(named)
    shown.give(ONE, "one")
    shown.bring()
    assert (named.home.names / ONE / "key.pem").stat().st_mode & 0o777 == 0o600
    assert (named.home.maps / "names.lmdb").stat().st_mode & 0o777 == 0o600
