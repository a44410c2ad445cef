"""A full disk means "try again later" and later delivery; nothing is lost, nothing is bounced."""

from __future__ import annotations

import contextlib
import imaplib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.commands import wait_until
from tests.support.messages import message, message_id
from tests.support.people import Mailbox
from tests.support.site import Site

pytestmark = pytest.mark.lab


@contextlib.contextmanager
def full(folder: Path) -> Iterator[None]:
    """Inside the block the file system of a folder has no room."""
    assert folder.is_mount(), f"{folder} is not on a file system of its own"
    filler = folder / "filler"
    with filler.open("wb") as file:
        state = os.statvfs(folder)
        size = state.f_bavail * state.f_frsize
        os.posix_fallocate(file.fileno(), 0, size)
    try:
        yield
    finally:
        filler.unlink()


def test_a_full_queue_answers_try_again_later(site: Site) -> None:
    ann = site.mailbox("ann")
    with full(site.node.home.spool):
        made = message()
        reply = site.receive(made, ann.address)[ann.address]
        assert reply.startswith("452 4.3.1"), reply
        reply = ann.submit(message(ann.address), [ann.address])[ann.address]
        assert reply.startswith("452 4.3.1"), reply
        with ann.imap() as imap:  # mail can still be read
            assert imap.select("INBOX")[0] == "OK"
    site.taken(made, ann.address)
    site.arrives(made, ann.address)


def test_mail_waits_while_the_store_is_full_and_arrives_when_there_is_room(site: Site) -> None:
    ann = site.mailbox("ann")
    before = message()
    site.taken(before, ann.address)
    site.arrives(before, ann.address)
    made = message(attachment=bytes(100_000))
    with full(site.node.home.mail):
        site.taken(made, ann.address)
        wait_until(lambda: site.collector.deferred() > 0, "the message waits in the queue")
        assert site.collector.places(message_id(made)) == []
        assert reads(ann) >= 1
        with ann.imap() as imap, pytest.raises(imaplib.IMAP4.error):
            status, words = imap.append("INBOX", None, None, bytes(100_000))
            raise imaplib.IMAP4.error(words) if status == "NO" else AssertionError(words)
    site.node.flush()
    site.arrives(made, ann.address)
    site.arrives(before, ann.address)


def reads(ann: Mailbox) -> int:
    """How many messages the inbox shows."""
    with ann.imap() as imap:
        return int((imap.select("INBOX")[1][0] or b"0").decode())
