"""What stands in From and Sender: whoever has logged in writes under addresses that are theirs."""

from __future__ import annotations

import smtplib

import pytest
from lab.commands import wait_until
from tests.scenarios.test_deliveries import told
from tests.support.messages import message, unique
from tests.support.people import Mailbox
from tests.support.site import Site

pytestmark = pytest.mark.lab


def answer(who: Mailbox, to: str, head: str, *, sender: str | None = None) -> str:
    """The reply to a message with this head, sent by its owner over submission."""
    identity = f"<{unique('raw')}@client.example>"
    data = f"{head}Message-ID: {identity}\r\nSubject: Pears\r\n\r\nThe pears are in.\r\n"
    with who.smtp() as smtp:
        try:
            smtp.sendmail(who.address if sender is None else sender, [to], data.encode())
        except smtplib.SMTPDataError as error:
            return f"{error.smtp_code} {error.smtp_error!r}"
    return "250"


def test_own_addresses_are_taken_in_whatever_form_a_program_writes_them(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    info = site.forwarder("info", ann.address)
    alias = site.alias_domain("alias", site.main)
    me = ann.address
    local, domain = me.split("@")
    for line in (
        f"From: {me}\r\n",
        f"From: Ann Bell <{me}>\r\n",
        f"From: {me.upper()}\r\n",
        f'From: "Bell, Ann (ceo@far.example)" <{me}>\r\n',
        f"From: =?utf-8?q?ceo=40far=2Eexample?= <{me}>\r\n",
        f"From: Ann (ceo@far.example) <{me}>\r\n",
        f'From: "{local}"@{domain}\r\n',
        f"From: Ann\r\n <{local}+shop@{domain}>\r\n",
        f"From: info <{info}>\r\n",
        f"From: {local}@{alias}\r\n",
        f"From: {me}, {info}\r\nSender: {me}\r\n",
        f"From: {me}\r\nReply-To: ceo@far.example\r\n",
        "",
    ):
        assert answer(ann, bob.address, line) == "250", line
    assert answer(ann, bob.address, f"From: {me}\r\n", sender="") == "250"


def test_an_address_of_somebody_else_is_refused_with_words(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    reply = answer(ann, bob.address, f"From: Bob <{bob.address}>\r\n")
    assert reply.startswith("554 "), reply
    assert "5.7.1" in reply
    assert f'The line "From:" says {bob.address}, and {ann.address} may not send as' in reply
    assert not site.collector.all_ids(bob.address)


def test_no_form_hides_the_address_of_somebody_else(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    site.catchall(site.main, "--to", ann.address)
    me = ann.address
    for head in (
        "From: ceo@far.example\r\n",
        f"From: {me}, ceo@far.example\r\n",
        f"From: ceo@far.example, {me}\r\n",
        f"From: ceo@far.example <{me}>\r\n",
        f"From: <{me}> <ceo@far.example>\r\n",
        "From: team: ceo@far.example, bob@far.example;\r\n",
        f"From: team: {me}, ceo@far.example;\r\n",
        "From: <@route.example:ceo@far.example>\r\n",
        "From: (ceo) ceo (of) @ (the) far.example\r\n",
        'From: "ceo"@far.example\r\n',
        f'From: {me} <"ceo@far.example">\r\n',
        f"From: {me}@far.example\r\n",
        f"From: =?utf-8?q?{me.replace('@', '=40')}?= <ceo@far.example>\r\n",
        "From: =?utf-8?q?ceo=40far=2Eexample?=\r\n",
        f"From: \r\n {me}\r\n ,ceo@far.example\r\n",
        f"From: ann@{site.main.replace('a', chr(0x430))}\r\n",
        f'From: "Ann <{me}>\r\n',
        "From: Ann\r\n",
        "From: undisclosed-recipients:;\r\n",
        f"From: nobody@{site.main}\r\n",
        f"From: {bob.address}\r\n",
        f"From: {me}\r\nFrom: ceo@far.example\r\n",
        f"From: ceo@far.example\r\nfrom: {me}\r\n",
        f"From: {me}\r\nFrom: {me}\r\n",
        f"From: {me}\r\nFrom : ceo@far.example\r\n",
        f"From: {me}\r\nSENDER\t: ceo@far.example\r\n",
        "FROM: ceo@far.example\r\n",
        f"From: {me}\r\nSender: ceo@far.example\r\n",
        f"From: {me}\r\nSender: {me}\r\nSender: ceo@far.example\r\n",
    ):
        reply = answer(ann, bob.address, head)
        assert reply.startswith("554 ") and "5.7.1" in reply, (head, reply)
    assert not site.collector.all_ids(bob.address)


def test_the_empty_sender_hides_no_foreign_from(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    assert answer(ann, bob.address, "From: ceo@far.example\r\n", sender="").startswith("554 ")


def test_a_name_that_is_given_or_taken_counts_at_the_next_message_of_an_open_session(
    site: Site,
) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    info = site.at("info")
    with ann.smtp() as smtp:

        def sends() -> bool:
            try:
                smtp.sendmail(ann.address, [bob.address], message(info).as_bytes())
            except smtplib.SMTPDataError:
                return False
            return True

        assert not sends()
        site.forwarder("info", ann.address)
        wait_until(sends, "Ann sends as info", seconds=5)
        site.cli("forwarder", "remove", info)
        wait_until(lambda: not sends(), "Ann sends as info no more", seconds=5)


def test_whoever_is_outside_may_still_write_under_any_name(site: Site) -> None:
    ann = site.mailbox("ann")
    made = message("somebody@else.example", ann.address)
    site.taken(made, ann.address)
    site.arrives(made, ann.address)


def test_while_the_files_of_addresses_are_not_there_users_are_told_to_try_again(
    site: Site,
) -> None:
    """A fault of ours refuses nothing for good, and lets nothing pass unseen."""
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    mark = site.node.home.sender_files / "complete"
    aside = mark.with_name("aside.part")
    mark.rename(aside)
    try:
        assert answer(ann, bob.address, f"From: {ann.address}\r\n").startswith("451 ")
    finally:
        aside.rename(mark)
    assert answer(ann, bob.address, f"From: {ann.address}\r\n") == "250"


def test_a_from_that_is_refused_is_told_to_its_sender_in_the_delivery_log(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    answer(ann, bob.address, "From: ceo@far.example\r\n")

    def refused() -> bool:
        return any(row[0] == "out" and row[3] == "refused" for row in told(ann))

    wait_until(refused, "the refusal is told", seconds=60)
