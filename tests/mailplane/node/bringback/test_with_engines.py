"""Brought back to a real server: by SMTP past our own Postfix, and by IMAP into the folders."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from imapclient import IMAPClient
from tests.mailplane.engines.harness import PASSWORD, Host, running_host, without_verification
from tests.mailplane.node.bringback.returning import Returning
from tests.mailplane.node.copies.stores import Copying, Maildir, message

from mailstead.mailplane.node.bringback.append import Server
from mailstead.mailplane.node.bringback.find import Text
from mailstead.wire.moves import FilesSource, ImapSource

pytestmark = pytest.mark.engines
LONG = "ein sehr langer Satz ohne Ende, " * 60


@pytest.fixture(scope="module")
def old() -> Iterator[Host]:
    with running_host(hostname="mail.old.example") as made:
        yield made


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def imap_source(old: Host, address: str, password: str = PASSWORD) -> ImapSource:
    return ImapSource(
        host="127.0.0.1", port=old.port("imaps"), tls="imaps", user=address,
        password=password, verify=False,
    )  # fmt: skip


def bodies(host: Host, address: str, folder: str = "INBOX") -> list[bytes]:
    session = host.imap(address)
    try:
        state, (count,) = session.select(f'"{folder}"', readonly=True)
        if state != "OK" or count == b"0":
            return []
        _, rows = session.fetch("1:*", "(BODY.PEEK[])")
        return [row[1] for row in rows if isinstance(row, tuple)]
    finally:
        session.logout()


def append(host: Host, address: str, folder: str, text: str, flags: str = "") -> None:
    session = host.imap(address)
    with contextlib.suppress(Exception):
        session.create(folder)
    date = '"05-Oct-2020 10:00:00 +0000"'
    body = text.replace("\n", "\r\n").encode()
    assert session.append(f'"{folder}"', flags, date, body)[0] == "OK"
    session.logout()


def test_by_smtp_it_arrives_there_unchanged_and_once(host: Host, old: Host, tmp_path: Path) -> None:
    address = host.add("back-ann")
    old.add("back-ann")
    store = Maildir(tmp_path / "old")
    store.list([(n, "", store.put(n)) for n in range(1, 4)])
    source = FilesSource(path=str(store.root), names="ambiguous")
    copying = Copying(host.home, address, source, job=301)
    copying.run()
    since = now()
    with host.smtp() as session:
        text = f"Subject: first\r\n\r\n.dots\r\n.. Grüße {LONG}\r\n".encode()
        session.sendmail("far@away.example", [address], text, ["BODY=8BITMIME"])
    host.deliver(address, "the second one", "second")
    for words in (b".dots", b"the second one"):
        host.arrives(address, words)
    # Seen, moved, and copied by its user.
    session = host.imap(address)
    session.select("INBOX")
    session.create("Kept")
    _, (found,) = session.search(None, "SUBJECT", "first")
    assert session.copy(found.decode(), "Kept")[0] == "OK"
    session.select("INBOX")
    session.store("1", "+FLAGS", "(\\Seen)")
    # One of the copied ones is moved: the old server has it.
    session._simple_command("MOVE", "2", "Kept")
    session.logout()
    append(host, address, "Sent", "From: me\nSubject: my answer\n\nsent by me\n", "(\\Seen)")
    back = Returning(
        host.home, address, old.port("smtp"), since=since, sources=((301, source),), job=301
    )
    done = back.run()
    assert not done.later, done.words
    for words in (b".dots", b"the second one"):
        old.arrives(address, words)
    back.run()
    there = old.stored(address)
    assert len(there) == 2
    (first,) = [text for text in there if b".dots" in text]
    (ours,) = [text for text in host.stored(address) if b".dots" in text]
    # Below what each server writes at its top it is the same message, octet for octet.
    mine = ours[ours.index(b"Received: from client.example") :]
    assert first.endswith(mine) and first.count(b"Delivered-To:") == 1
    assert first.startswith(b"Return-Path: <far@away.example>")
    assert not [one for one in there if b"DKIM-Signature" in one]
    assert list(back.kept()) == ["Sent.mbox"] and b"sent by me" in back.kept()["Sent.mbox"]
    assert (back.counts.arrived, back.counts.saved, back.counts.returned) == (2, 1, 2)
    assert host.log("postfix").count(f"to=<{address}>") == 2, "past our own Postfix"


def test_by_imap_all_of_it_goes_into_its_folders(host: Host, old: Host) -> None:
    address = host.add("back-bob")
    old.add("back-bob")
    append(old, address, "INBOX", message(1).decode())
    append(old, address, "Sent", message(2).decode())
    source = imap_source(old, address)
    copying = Copying(host.home, address, source, job=302)
    copying.run()
    since = now()
    host.deliver(address, "came after the switch")
    host.arrives(address, b"came after the switch")
    append(host, address, "Sent", "From: me\nSubject: answer\n\nsent by me\n", "(\\Seen $Label1)")
    append(host, address, "Drafts", "From: me\nSubject: draft\n\nhalf\n", "(\\Draft)")
    append(host, address, "Ideas/Size", "From: me\nSubject: idea\n\nmine\n", "(\\Flagged)")
    # Moved here: there it lies in the INBOX still, and does not come a second time.
    session = host.imap(address)
    session.select("INBOX")
    _, (found,) = session.search(None, "SUBJECT", '"number 1"')
    session._simple_command("MOVE", found.decode(), "Archive")
    session.logout()
    back = Returning(host.home, address, old.port("smtp"), since=since, sources=((302, source),),
                     job=302)  # fmt: skip
    done = back.run()
    assert not done.later and done.kept == 0, done.words
    assert len(bodies(old, address)) == 2
    assert [b"sent by me" in one for one in bodies(old, address, "Sent")] == [False, True]
    assert len(bodies(old, address, "Drafts")) == len(bodies(old, address, "Ideas/Size")) == 1
    assert bodies(old, address, "Archive") == []
    with IMAPClient("127.0.0.1", old.port("imaps"), ssl_context=without_verification()) as client:
        client.login(address, PASSWORD)
        client.select_folder("Sent", readonly=True)
        row = client.fetch([2], ["FLAGS", "INTERNALDATE"])[2]
        assert set(row[b"FLAGS"]) >= {b"\\Seen", b"$Label1"}
        assert row[b"INTERNALDATE"].year == 2020
    assert (back.counts.arrived, back.counts.saved, back.counts.returned) == (1, 3, 4)
    back.run()
    assert len(bodies(old, address)) == 2


def test_by_imap_a_run_that_was_ended_asks_what_is_there(host: Host, old: Host) -> None:
    address = host.add("back-carl")
    old.add("back-carl")
    source = imap_source(old, address)
    Copying(host.home, address, source, job=303).run()
    since = now()
    for number in range(4):
        host.deliver(address, f"body {number}")
        host.arrives(address, f"body {number}".encode())
    back = Returning(host.home, address, old.port("smtp"), since=since, sources=((303, source),),
                     job=303)  # fmt: skip
    put = Server.put
    calls: list[str] = []

    def ended(self: Server, folder: str, text: Text, begin: object) -> None:
        """Killed before or after the server has taken it."""
        calls.append(folder)
        if len(calls) % 2:
            put(self, folder, text, begin)  # type: ignore[arg-type]
        else:
            begin()  # type: ignore[operator]
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Server, "put", ended)
        for _ in range(3):
            with pytest.raises(KeyboardInterrupt):
                back.run()
    done = back.run()
    assert not done.later and done.kept == 0
    there = bodies(old, address)
    assert len(there) == 4
    assert len({one.split(b"body ")[1][:1] for one in there}) == 4
    assert back.counts.returned == 4


def test_a_log_in_that_is_refused_leaves_smtp(host: Host, old: Host) -> None:
    address = host.add("back-dora")
    old.add("back-dora")
    source = imap_source(old, address)
    Copying(host.home, address, source, job=304).run()
    since = now()
    host.deliver(address, "by the other way")
    host.arrives(address, b"by the other way")
    back = Returning(
        host.home, address, old.port("smtp"), since=since,
        sources=((304, msgspec.structs.replace(source, password="changed")),), job=304,
    )  # fmt: skip
    done = back.run()
    assert "refuses the log-in" in done.words and not done.later
    old.arrives(address, b"by the other way")


def test_a_server_that_is_our_own_takes_nothing(host: Host) -> None:
    address = host.add("back-eve")
    since = now()
    host.deliver(address, "round and round")
    host.arrives(address, b"round and round")
    back = Returning(host.home, address, host.port("smtp"), since=since, job=305)
    done = back.run()
    assert done.later and "our own server" in done.words
    assert len(host.stored(address)) == 1
