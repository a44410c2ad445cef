"""Rules of the house, a person's own Sieve, and the order in which they decide."""

from __future__ import annotations

import pytest
from tests.support.managesieve import ManageSieveError
from tests.support.messages import message
from tests.support.site import Site

pytestmark = pytest.mark.lab


def test_a_rule_files_mail_into_a_folder(site: Site) -> None:
    ann = site.mailbox("ann")
    site.rule(ann.address, "Invoices", subject="Invoice", into="Bills")
    bill, other = message(subject="Invoice 77"), message(subject="Hello")
    site.taken(bill, ann.address)
    site.taken(other, ann.address)
    site.arrives(bill, f"{ann.address}/Bills")
    site.arrives(other, ann.address)


def test_a_persons_own_script_decides(site: Site) -> None:
    ann = site.mailbox("ann")
    with ann.sieve() as sieve:
        sieve.put(
            "mine",
            'require ["fileinto", "mailbox"];\n'
            'if header :contains "Subject" "apples" { fileinto :create "Fruit"; }\n',
        )
        sieve.activate("mine")
        assert '"mine" ACTIVE' in sieve.scripts()
    made = message(subject="Ten apples")
    site.taken(made, ann.address)
    site.arrives(made, f"{ann.address}/Fruit")


def test_a_script_that_does_not_compile_is_refused_with_the_line(site: Site) -> None:
    ann = site.mailbox("ann")
    with ann.sieve() as sieve, pytest.raises(ManageSieveError, match="line 2"):
        sieve.put("broken", 'require ["fileinto"];\nif hedder "x" { }\n')


def test_a_script_may_send_mail_on(site: Site) -> None:
    ann = site.mailbox("ann")
    far = f"on-{site.word}@far.example"
    with ann.sieve() as sieve:
        sieve.put("on", f'require ["copy"];\nredirect :copy "{far}";\n')
        sieve.activate("on")
    made = message()
    site.taken(made, ann.address)
    site.arrives(made, ann.address, far)


def test_sub_address_goes_where_a_script_says(site: Site) -> None:
    ann = site.mailbox("ann")
    with ann.sieve() as sieve:
        sieve.put(
            "sub",
            'require ["envelope", "subaddress", "fileinto", "mailbox"];\n'
            'if envelope :detail "to" "lists" { fileinto :create "Lists"; }\n',
        )
        sieve.activate("sub")
    made = message()
    site.taken(made, site.at("ann+lists"))
    site.arrives(made, f"{ann.address}/Lists")


def test_spam_goes_to_junk_when_nothing_else_decides(site: Site) -> None:
    ann = site.mailbox("ann")
    text = "YJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\n"
    made = message(text=text)
    site.taken(made, ann.address)
    site.arrives(made, f"{ann.address}/Junk")


def test_certain_spam_is_refused(site: Site) -> None:
    ann = site.mailbox("ann")
    text = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\n"
    made = message(text=text)
    reply = site.receive(made, ann.address)[ann.address]
    assert reply.startswith("554 5.7.1"), reply
    site.arrives(made)
