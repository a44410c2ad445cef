"""What was lost on the disk comes again, as the real Dovecot and its clients see it."""

from __future__ import annotations

import imaplib
from pathlib import Path

import pytest
from tests.mailplane.engines.harness import PASSWORD, Host
from tests.mailplane.node.copies.stores import Copying, Maildir, message

from mailstead.wire.moves import ImapSource

pytestmark = pytest.mark.engines


def uids(session: imaplib.IMAP4, folder: str = "INBOX") -> list[bytes]:
    session.select(folder, readonly=True)
    found: list[bytes] = session.uid("SEARCH", "ALL")[1][0].split()
    return found


def test_a_file_that_was_lost_is_there_again(host: Host, tmp_path: Path) -> None:
    address = host.add("anew-ann")
    old = Maildir(tmp_path / "old")
    old.list([(n, "", old.put(n)) for n in range(1, 6)])
    copying = Copying(host.home, address, old.root, job=401)
    copying.run()
    copying.run(merge=True)
    session = host.imap(address)
    assert uids(session) == [b"1", b"2", b"3", b"4", b"5"]
    # One that its user deletes, and one that a fault takes.
    session.select("INBOX")
    session.uid("STORE", "4", "+FLAGS", "(\\Deleted)")
    session.expunge()
    (path,) = copying.maildir.glob("cur/*M2P1.old*")
    path.unlink()
    done = copying.run(merge=True)
    assert done.counted and copying.progress.messages == 0
    done = copying.run(merge=True, anew=True)
    assert copying.progress.messages == 2
    session.logout()
    session = host.imap(address)
    found = uids(session)
    assert len(found) == 5 and {b"1", b"3", b"5"} < set(found)
    _, rows = session.fetch("1:*", "(BODY.PEEK[])")
    texts = {row[1] for row in rows if isinstance(row, tuple)}
    assert texts == {message(n).replace(b"\n", b"\r\n") for n in range(1, 6)}
    session.logout()
    assert done.counted
    inbox = next(one for one in done.counted.target if one.folder == "INBOX")
    assert (inbox.messages, inbox.octets) == (5, done.counted.source[0].octets)


def test_of_an_imap_source_too_though_nothing_has_changed_there(host: Host, tmp_path: Path) -> None:
    theirs, address = host.add("anew-old"), host.add("anew-bob")
    session = host.imap(theirs)
    for number in range(1, 4):
        text = message(number).replace(b"\n", b"\r\n")
        session.append("INBOX", "", '"05-Oct-2020 10:00:00 +0000"', text)
    session.logout()
    source = ImapSource(
        host="127.0.0.1", port=host.port("imaps"), tls="imaps", user=theirs, password=PASSWORD,
        verify=False,
    )  # fmt: skip
    copying = Copying(host.home, address, source, job=402)
    copying.run()
    mirror = host.home.mail / ".copies" / "402" / "mirror"
    for path in (*copying.maildir.glob("cur/*M2V*"), *mirror.glob("cur/*M2V*")):
        path.unlink()
    copying.run(merge=True)
    assert copying.progress.messages == 0
    copying.run(merge=True, anew=True)
    session = host.imap(address)
    assert len(uids(session)) == 3
    session.logout()
