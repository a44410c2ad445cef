"""Hostile names in every field that reaches an engine: refused with a sentence, and harmless."""

from __future__ import annotations

import imaplib
from concurrent.futures import ThreadPoolExecutor

import pytest
from lab.commands import LabError
from tests.support.messages import message
from tests.support.people import Mailbox
from tests.support.site import Site

pytestmark = pytest.mark.lab

LOCALS = {
    "newline": "ann\nroot: /bin/sh",
    "carriage return": "ann\rx",
    "tab": "ann\tx",
    "space": "ann bob",
    "quote": 'ann"x',
    "percent": "%u",
    "dollar": "${x}",
    "slash": "../../etc/passwd",
    "dots": "..",
    "leading dot": ".ann",
    "comma": "ann,bob",
    "colon": ":include:/etc/passwd",
    "pipe": "|/bin/sh",
    "brace": "{env}",
    "too long": "a" * 65,
    "empty": "",
    "not ascii": "änn",
    "at": "ann@x",
    "delimiter": "ann+x",
}

DOMAINS = {
    "newline": "a.example\nb.example",
    "slash": "../a.example",
    "percent": "%d.example",
    "no dot": "localhost",
    "label too long": "a" * 64 + ".example",
    "name too long": ".".join(["a" * 60] * 5) + ".example",
    "underscore": "a_b.example",
    "hyphen first": "-a.example",
    "empty label": "a..example",
    "address": "[127.0.0.1]",
    "number": "127.0.0.1",
    "star": "*.example",
    "space": "a b.example",
    "quote": "a'b.example",
}


@pytest.mark.parametrize("kind", LOCALS)
def test_no_hostile_local_part_becomes_an_address(site: Site, kind: str) -> None:
    address = f"{LOCALS[kind]}@{site.main}"
    for verb in (
        ("mailbox", "add", address, "--password-stdin"),
        ("forwarder", "add", address, "--to", f"ann@{site.main}"),
        ("forwarder", "add", f"good@{site.main}", "--to", address),
    ):
        if kind == "not ascii" and verb[2].startswith("good"):
            continue  # as a destination that may be an address of another host
        if kind == "delimiter" and verb[0] == "forwarder":
            continue  # a forwarder may stand at one sub-address, as cPanel allows it
        assert site.node.refused(*verb, stdin="a password of mine\n").strip()


@pytest.mark.parametrize("kind", DOMAINS)
def test_no_hostile_domain_becomes_hosted(site: Site, kind: str) -> None:
    name = DOMAINS[kind]
    assert site.node.refused("domain", "add", name, "--customer", site.customer).strip()


def test_a_nul_cannot_come_in_by_standard_input(site: Site) -> None:
    address = site.at("ann")
    words = ("mailbox", "add", address, "--password-stdin")
    assert site.node.refused(*words, stdin="secret\0word 123\n").strip()


def test_an_idn_domain_is_its_a_label_everywhere(site: Site) -> None:
    name = f"bücher-{site.word}.example"
    label = name.encode("idna").decode()
    site.cli("domain", "add", name, "--customer", site.customer)
    site.publish(label)
    ann = site.mailbox("ann", label)
    made = message()
    site.taken(made, ann.address)
    site.arrives(made, ann.address)
    assert all(ann.can_log_in().values())


@pytest.mark.parametrize(
    "text",
    ['He said "no"; $(reboot) `x` %s \\ {env:HOME}', "451 4.0.0 OK", "x" * 400, "Grüße aus Köln"],
    ids=["punctuation", "code", "long", "utf8"],
)
def test_a_refusals_text_is_one_clean_line(site: Site, text: str) -> None:
    ann = site.mailbox("ann")
    try:
        gone = site.refusing("gone", text)
    except LabError as error:
        assert "ended with 2" in str(error)
        assert "Traceback" not in str(error)
        return
    reply = site.receive(message(), gone)[gone]
    assert reply.startswith("550 5.")
    assert len(reply) <= 512  # RFC 5321 §4.5.3.1.5
    assert reply.isascii()
    made = message()
    site.taken(made, ann.address)
    site.arrives(made, ann.address)


def test_a_refusals_text_cannot_hold_a_second_line(site: Site) -> None:
    gone = site.at("gone")
    words = site.node.refused("forwarder", "add", gone, "--fail", "a\n250 OK\nroot@x OK")
    assert words.strip()


@pytest.mark.parametrize(
    "body",
    ['"; discard; #', "text:\r\n.\r\nstop;\r\n", "${hex:41} ${unicode:263a} %u", "\n.\n.\n..dot\n"],
    ids=["quote", "multiline", "variables", "dots"],
)
def test_an_autoresponders_text_stays_text(site: Site, body: str) -> None:
    ann = site.mailbox("ann")
    site.autoresponder(ann.address, body, "--subject", 'A "subject" \\ ${x}')
    made = message(f"{site.word}@client.example", ann.address)
    site.taken(made, ann.address, sender=f"{site.word}@client.example")
    site.arrives(made, ann.address)


def test_quotes_and_backslashes_in_a_password_work(site: Site) -> None:
    ann = site.mailbox("ann", password="a'b\"c\\d%u{x}$e #f;g")
    assert all(ann.can_log_in().values())


def test_a_customer_may_have_any_printable_name(site: Site) -> None:
    site.node.cli("customer", "add", f'O\'Brien & Söhne "<b>" {site.word}')
    assert site.node.refused("customer", "add", f"two\nlines {site.word}").strip()


def test_log_in_names_that_are_not_addresses_are_refused_politely(site: Site) -> None:
    ann = site.mailbox("ann")
    users = ("%u", "ann' OR '1'='1", f"{ann.address}/1", f"../{ann.address}", "a" * 600, "*")

    def refused(user: str) -> None:
        with pytest.raises((imaplib.IMAP4.error, OSError)), Mailbox(user, site.node).imap():
            pass

    # All at once: Dovecot lets whoever is refused wait for seconds.
    with ThreadPoolExecutor(len(users)) as pool:
        list(pool.map(refused, users))
    assert all(ann.can_log_in().values())
