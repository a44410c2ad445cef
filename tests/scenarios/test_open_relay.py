"""No open relay, no smuggled message, no log-in without TLS: tried from many foreign addresses."""

from __future__ import annotations

import smtplib
import socket

import pytest
from tests.support.messages import message, message_id
from tests.support.people import unverified
from tests.support.site import STRANGER, Site

pytestmark = pytest.mark.lab

FORMS = [
    "<victim@far.example>",
    "<victim%far.example@{main}>",
    "<victim%far.example>",
    '<"victim@far.example">',
    '<"victim@far.example"@{main}>',
    "<victim@far.example@{main}>",
    "<@{main}:victim@far.example>",
    "<victim@[{far}]>",
    "<far.example!victim>",
    "<far.example!victim@{main}>",
    "<victim@far.example.>",
    "<victim@localhost>",
    "<victim@[127.0.0.1]>",
    "<root>",
]


@pytest.mark.parametrize("port", [25, 587])
def test_no_form_of_address_opens_a_relay(site: Site, port: int) -> None:
    ann = site.mailbox("ann")
    senders = [STRANGER, ann.address, "root@localhost", "", f"x@{site.node.hostname}"]
    number = 0
    for v6 in (False, True):
        for form in FORMS:
            number += 1
            source = site.lab.clients.address(number, v6=v6)
            to = site.node.address6 if v6 else site.node.address
            recipient = form.format(main=site.main, far=site.lab.foreign.address)
            with site.lab.clients.smtp(to, port, source=source) as smtp:
                smtp.ehlo_or_helo_if_needed()
                smtp.mail(senders[number % len(senders)])
                code, text = smtp.docmd("RCPT", f"TO:{recipient}")
                assert code >= 400, f"{recipient} was taken from {source}: {code} {text!r}"


def test_a_stranger_at_the_nodes_own_address_is_a_stranger(site: Site) -> None:
    # A resident of the host that is not the loopback has no rights either.
    with site.node.namespace.entered():
        smtp = smtplib.SMTP(site.node.address, 25, "mx.node.example", timeout=10)
    with smtp:
        smtp.helo()
        smtp.mail("x@client.example")
        assert smtp.rcpt("victim@far.example")[0] >= 500


def test_no_log_in_without_tls_from_outside(site: Site) -> None:
    ann = site.mailbox("ann")
    with site.lab.clients.smtp(site.node.address, 587) as smtp:
        smtp.ehlo()
        assert not smtp.has_extn("auth")
        with pytest.raises((smtplib.SMTPNotSupportedError, smtplib.SMTPAuthenticationError)):
            smtp.login(ann.address, ann.password)
        assert smtp.docmd("AUTH", "PLAIN AGEAYg==")[0] >= 500
    with site.lab.clients.connect(site.node.address, 143) as imap:
        greeting = imap.recv(1000)
        assert b"LOGINDISABLED" in greeting
        imap.sendall(f'a LOGIN "{ann.address}" "{ann.password}"\r\n'.encode())
        assert b"a OK" not in imap.recv(1000)
    with site.lab.clients.connect(site.node.address, 110) as pop3:
        pop3.recv(1000)
        pop3.sendall(f"USER {ann.address}\r\n".encode())
        assert pop3.recv(1000).startswith(b"-ERR")


def test_port_25_offers_no_log_in_at_all(site: Site) -> None:
    with site.lab.clients.smtp(site.node.address) as smtp:
        smtp.ehlo()
        assert smtp.has_extn("starttls")
        assert not smtp.has_extn("auth")


@pytest.mark.parametrize("port", [25, 587])
def test_nothing_said_before_starttls_counts_after_it(site: Site, port: int) -> None:
    with site.lab.clients.connect(site.node.address, port) as plain:
        stream = plain.makefile("rb")
        stream.readline()
        plain.sendall(b"EHLO client.example\r\n")
        while stream.readline()[3:4] == b"-":
            pass
        # What arrives in the same packet as STARTTLS must be refused, or forgotten.
        plain.sendall(b"STARTTLS\r\nMAIL FROM:<smuggled@client.example>\r\n")
        answer = stream.readline()
        if not answer.startswith(b"220"):
            assert answer.startswith(b"5"), answer
            return
        with unverified().wrap_socket(plain) as secure:
            secure.settimeout(1)
            with pytest.raises(TimeoutError):
                secure.recv(100)


ENDINGS = [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r.\r\n", b"\r\n.\n", b"\r\n.\r", b"\0\r\n.\r\n."]


def test_no_second_message_is_smuggled_into_the_data_of_the_first(site: Site) -> None:
    ann = site.mailbox("ann")
    for number, ending in enumerate(ENDINGS):
        outer, inner = message(), message("ceo@far.example", ann.address)
        smuggled = (
            outer.as_bytes().replace(b"\n", b"\r\n")
            + b"lure"
            + ending
            + b"MAIL FROM:<ceo@far.example>\r\nRCPT TO:<"
            + ann.address.encode()
            + b">\r\nDATA\r\n"
            + inner.as_bytes().replace(b"\n", b"\r\n")
            + b"\r\n.\r\n"
        )
        source = site.lab.clients.address(100 + number)
        with site.lab.clients.connect(site.node.address, 25, source=source) as connection:
            _converse(connection, ann.address, smuggled)
        site.collector.settle()
        places = site.collector.places(message_id(inner))
        assert places == [], f"{ending!r} smuggled a message to {places}"


def _converse(connection: socket.socket, to: str, data: bytes) -> None:
    stream = connection.makefile("rb")
    stream.readline()
    for line in ("HELO mail.client.example", f"MAIL FROM:<{STRANGER}>", f"RCPT TO:<{to}>", "DATA"):
        connection.sendall(line.encode() + b"\r\n")
        stream.readline()
    connection.sendall(data + b"QUIT\r\n")
    connection.settimeout(10)
    while stream.readline():
        pass
