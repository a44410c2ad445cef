"""A mailbox of the real Dovecot, packed by the node's own process while mail arrives, and unpacked:
clients find what they knew, and nobody fetches anything twice."""

from __future__ import annotations

import imaplib
import threading
from pathlib import Path

import msgspec
import pytest
from tests.mailplane.engines.harness import Host, until
from tests.mailplane.node.copies.stores import Copying
from tests.mailplane.node.copies.test_with_dovecot import pop3_names, select

from mailstead.control.moves import reader
from mailstead.foreign import ours
from mailstead.foreign.inventory import Domain, Inventory, Mailbox
from mailstead.mailplane.node.orders import Orders
from mailstead.wire.exports import ARCHIVE, JOB, PROGRESS, STOP, Box, Job, Packed
from mailstead.wire.orders import Given, PackingBegun, PackMail

pytestmark = pytest.mark.engines
FLAGS = ("", "\\Seen", "\\Seen \\Flagged $Work", "\\Answered")


def fill(session: imaplib.IMAP4, folder: str, count: int, about: str) -> None:
    for number in range(count):
        text = f"Subject: {about} {number}\r\n\r\nhello\r\n".encode()
        answer = session.append(f'"{folder}"', f"({FLAGS[number % 4]})", "", text)  # type: ignore[arg-type]
        assert answer[0] == "OK", answer


def lasting(rows: dict[int, bytes]) -> dict[int, bytes]:
    """Without the flag that only says which session has seen it first."""
    return {
        uid: row.replace(b" \\Recent", b"").replace(b"\\Recent", b"") for uid, row in rows.items()
    }


def ask(host: Host, number: int, order: int) -> None:
    given = Given(number=order, left=60, order=PackMail(export=number))
    (answered,) = Orders(host.home).do([given])
    assert isinstance(answered.answer, PackingBegun), answered


def test_a_mailbox_comes_out_of_the_archive_as_it_was(host: Host, tmp_path: Path) -> None:
    address = host.add("packed-ann")
    domain = address.rpartition("@")[2]
    session = host.imap(address)
    assert session.create('"Later/Deep"')[0] == "OK"
    session.subscribe('"Later/Deep"')
    fill(session, "INBOX", 40, "inbox")
    fill(session, "Later/Deep", 12, "deep")
    before = {name: select(session, name) for name in ("INBOX", "Later/Deep")}
    names = pop3_names(host, address)
    folder = host.home.exports / "7"
    folder.mkdir(parents=True)
    inventory = Inventory(
        panel="mailstead",
        account="Ann",
        domains=(Domain(name=domain, kind="other", mailboxes=(Mailbox(address=address),)),),
    )
    (folder / ours.MANIFEST).write_bytes(ours.manifest(inventory, lambda _: True))
    box = Box(address=address, place=ours.place(address), sieve_place=ours.sieve_place(address))
    job = Job(packing="zst", head=(ours.MANIFEST,), boxes=(box,))
    (folder / JOB).write_bytes(msgspec.json.encode(job))

    def told() -> Packed | None:
        path = folder / PROGRESS
        return msgspec.json.decode(path.read_bytes(), type=Packed) if path.exists() else None

    # Told to stop before it has begun, it does nothing but say so; then it goes on.
    (folder / STOP).touch()
    ask(host, 7, 1)
    until(lambda: (told() or Packed(state="packing")).state == "stopped", "it stops")
    (folder / STOP).unlink()
    going, over = threading.Event(), threading.Event()

    def busy() -> None:
        other = host.imap(address)
        turn = 0
        while not over.is_set():
            fill(other, "INBOX", 1, f"late {turn}")
            other.select("INBOX")
            other.uid("STORE", "1:40", "+FLAGS" if turn % 2 else "-FLAGS", "(\\Deleted)")
            turn += 1
            going.set()
        other.uid("STORE", "1:40", "-FLAGS", "(\\Deleted)")
        other.logout()

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        assert going.wait(30)
        ask(host, 7, 2)
        until(lambda: (told() or Packed(state="packing")).state == "done", "it is packed", 60)
    finally:
        over.set()
        thread.join()
    archive = folder / ARCHIVE
    found, root = reader.read(archive, tmp_path)
    assert found.remarks == ()
    (store,) = found.domains[0].mailboxes[0].stores
    done = told()
    assert done is not None
    assert (store.messages, done.size) == (done.messages, archive.stat().st_size)
    assert store.messages >= 52
    other = host.add("unpacked-ann")
    Copying(host.home, other, root / store.path, job=707).run()
    again = host.imap(other)
    for name, (validity, rows) in before.items():
        now_validity, now_rows = select(again, name)
        assert now_validity == validity
        assert now_rows.keys() >= rows.keys(), name
    _, deep = select(again, "Later/Deep")
    assert lasting(deep) == lasting(before["Later/Deep"][1])
    assert set(names) <= set(pop3_names(host, other))
    _, listed = again.lsub()
    assert any(b"Later/Deep" in row for row in listed if isinstance(row, bytes))
    assert not (host.home.mail / ".exports/7").exists()


def test_what_was_held_still_for_a_removed_export_goes(host: Host) -> None:
    held = host.home.mail / ".exports/8/0/Maildir/cur"
    held.mkdir(parents=True)
    ask(host, 8, 3)
    until(lambda: not (host.home.mail / ".exports/8").exists(), "it goes")
