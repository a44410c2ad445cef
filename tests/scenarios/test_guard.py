"""The guard on a real node: a thief who knows the password is seen, and mail flows on."""

from __future__ import annotations

import smtplib
import time
from typing import Any

import pytest
from lab.commands import wait_until
from tests.mailplane.guard.mailboxes import DAYS, settled
from tests.support.messages import message
from tests.support.people import Mailbox, send_over, unverified
from tests.support.site import Site

from mailstead.mailplane.guard.detector import Detector
from mailstead.mailplane.guard.memory import Memory
from mailstead.mailplane.guard.networks import Networks
from mailstead.mailplane.guard.profile import DAY
from mailstead.wire.sending import HELP_PATH

pytestmark = pytest.mark.lab


def with_habits(site: Site, local: str) -> Mailbox:
    """A mailbox that was used from this machine for weeks, as the guard remembers it."""
    made = site.mailbox(local)
    networks = Networks.read(site.node.folder / "networks.tsv")
    here, now = str(site.lab.plan.outside.v4), time.time()
    # The last day of its habits is today, whatever the time.
    begin = now - DAYS * DAY
    known = settled(made.address, detector=Detector(networks), client=here, begin=begin)
    memory = Memory(site.node.home.guard_profiles)
    memory.keep(known, now)
    memory.close()
    return made


def suspected(site: Site, mailbox: Mailbox) -> list[dict[str, Any]]:
    rows = site.node.cli("guard", "list")["items"]
    return [row for row in rows if row["mailbox"] == mailbox.address]


def test_a_thief_with_the_right_password_is_held_and_the_owner_is_not(site: Site) -> None:
    ann, carl = with_habits(site, "ann"), with_habits(site, "carl")
    for number in range(3):
        people = [f"new{number}{n}-{site.word}@far.example" for n in range(4)]
        made = message(carl.address, people[0])
        assert all(reply.startswith("250 ") for reply in carl.submit(made, people).values())
    source = site.lab.clients.address(77)
    with site.lab.clients.smtp(site.node.address, 587, source=source, helo="WIN-BOT") as smtp:
        smtp.starttls(context=unverified())
        smtp.login(ann.address, ann.password)
        said = []
        for number in range(8):
            people = [f"v{number}{n}-{site.word}@far.example" for n in range(8)]
            made = message(ann.address, people[0])
            try:
                said += send_over(smtp, ann.address, people, made).values()
            except smtplib.SMTPDataError as refused:
                said.append(f"{refused.smtp_code} {refused.smtp_error.decode()}")
                smtp.rset()
    # It takes the first ones for kept mail, and then nothing more.
    assert said[0].startswith("250 ") and said[-1].startswith("554 "), said
    assert f"{HELP_PATH}stolen/" in said[-1]
    (row,) = wait_until(lambda: suspected(site, ann), "the guard tells it", seconds=20)
    assert row["step"] == "suspended" and row["held"] >= 1
    for words in ("a network never used before", "a country never seen before (VN)", "never wrote"):
        assert words in row["why"]
    assert suspected(site, carl) == []
    told = site.node.run("guard", "explain", ann.address).stdout
    assert "program that greets as none before (WIN-BOT)" in told


def test_it_hears_of_log_ins_and_of_recipients_who_are_not_there(site: Site) -> None:
    ann = site.mailbox("ann")
    with ann.imap() as imap:
        imap.select("INBOX")
    nobody = f"refuse-{site.word}@far.example"
    assert ann.submit(message(ann.address, nobody), [nobody])[nobody].startswith("250 ")

    def learned() -> bool:
        memory = Memory.reading(site.node.home.guard_profiles)
        try:
            record = memory.load(ann.address)
        finally:
            memory.close()
        if record is None:
            return False
        read = any(seen.first_read for seen in record.profile.places)
        return read and record.profile.messages == 1 and "nobody-there" in record.profile.marks

    wait_until(learned, "the guard has learned of both", seconds=30)
