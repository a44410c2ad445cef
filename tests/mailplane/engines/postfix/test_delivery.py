"""Port 25 to mailbox: quota, ends of chains, engines that are away or die."""

from __future__ import annotations

import os
import shutil
import signal
import smtplib
import uuid
from collections.abc import Iterator

import msgspec
import pytest
from tests.mailplane.engines.harness import DOMAIN, Host, running_host, until

from mailstead.config import Spam, Storage
from mailstead.mailplane.engines import files
from mailstead.mailplane.engines.postfix import control, model, render

pytestmark = pytest.mark.engines


@pytest.fixture
def word() -> str:
    return uuid.uuid4().hex[:8]


FILLING = ("x" * 68 + "\r\n") * 142
"""Fills a mailbox of 10,000 bytes: the last message may pass the limit by a tenth (quota_grace)."""


def rcpt(host: Host, recipient: str, size: int = 0) -> str:
    """What port 25 says about a recipient."""
    with host.smtp() as session:
        session.mail("far@away.example", [f"SIZE={size}"] if size else [])
        code, words = session.rcpt(recipient)
        return f"{code} {words.decode()}"


def reload_with(host: Host, **changes: object) -> None:
    """Render Postfix anew from a changed model and reload it."""
    changed = msgspec.structs.replace(host.settings, **changes)
    files.write(render.render(model.from_settings(changed, host.home)))
    for name in ("main.cf", "master.cf"):
        os.utime(host.home.postfix / name, (0, 0))
    control.reload(host.home)


def test_a_sub_address_arrives_in_the_mailbox(host: Host, word: str) -> None:
    ann = host.add(f"ann-{word}")
    host.deliver(ann.replace("@", "+lists@"), f"sub {word}")
    host.arrives(ann, word.encode())


def test_a_full_mailbox_is_refused_at_rcpt_for_now(host: Host, word: str) -> None:
    full = host.add(f"full-{word}", quota=10_000)
    assert rcpt(host, full).startswith("250 ")
    host.deliver(full, FILLING + word)
    host.arrives(full, word.encode())
    answer = rcpt(host, full)
    assert answer.startswith("452 4.2.2 ") and "mailbox is full" in answer
    assert rcpt(host, full.replace("@", "+lists@")).startswith("452 4.2.2 ")


def test_a_message_larger_than_what_is_left_is_refused_at_rcpt(host: Host, word: str) -> None:
    small = host.add(f"small-{word}", quota=10_000)
    assert rcpt(host, small, size=5_000).startswith("250 ")
    assert rcpt(host, small, size=500_000).startswith("452 4.2.2 ")


def test_mail_for_a_full_mailbox_behind_a_forwarder_waits_and_is_not_bounced(
    host: Host, word: str
) -> None:
    full = host.add(f"full-{word}", quota=10_000)
    host.deliver(full, FILLING)
    host.arrives(full, b"xxx")
    forwarder = f"to-{word}@{DOMAIN}"
    host.maps.update("recipients", {forwarder: "DUNNO"}, ())
    host.maps.update("aliases", {forwarder: full}, ())
    host.deliver(forwarder, f"late {word}")

    def reason() -> str:
        waiting = [entry for entry in control.queue(host.home) if word in str(entry)]
        return str(waiting[0]["recipients"]) if waiting else ""

    until(lambda: "mailbox is full" in reason(), "the message is put off")
    host.add(f"full-{word}", quota=300_000)
    control.flush(host.home)
    host.arrives(full, f"late {word}".encode())


def test_the_ends_of_a_chain_refuse_drop_and_wait(host: Host, word: str) -> None:
    gone, dropped = f"gone-{word}@{DOMAIN}", f"blackhole-{word}@discard.mailstead.invalid"
    forwarder = f"end-{word}@{DOMAIN}"
    host.maps.update(
        "transport", {gone: "refuse:5.1.1 gone", "discard.mailstead.invalid": "discard:"}, ()
    )
    host.maps.update("recipients", {gone: "DUNNO", forwarder: "DUNNO"}, ())
    host.maps.update("aliases", {forwarder: dropped}, ())
    host.deliver(forwarder, "into the hole")
    until(lambda: f"to=<{dropped}>" in host.log("postfix"), "the message is dropped")
    assert not [entry for entry in control.queue(host.home) if word in str(entry)]


def test_mail_for_the_host_is_kept_when_no_operator_is_named(host: Host, word: str) -> None:
    host.deliver("postmaster@mail.node.example", f"note {word}")
    kept = host.home.root / "postmaster"
    until(
        lambda: [p for p in (kept / "new").glob("*") if word in p.read_text()],
        "the message lies in the host's Maildir",
    )


def test_when_quota_status_is_away_mail_is_taken(own_host: Host) -> None:
    ann = own_host.add("ann")
    own_host.stop("dovecot")
    own_host.deliver(ann, "meanwhile")
    own_host.start("dovecot")
    control.flush(own_host.home)
    own_host.arrives(ann, b"meanwhile")


@pytest.mark.waits
@pytest.mark.timeout(240)
def test_dovecot_back_after_a_pause_gets_the_mail_without_anybodys_help(own_host: Host) -> None:
    ann = own_host.add("ann")
    own_host.stop("dovecot")
    for number in range(5):
        own_host.deliver(ann, f"waiting {number}")
    own_host.start("dovecot")
    for number in range(5):
        own_host.arrives(ann, f"waiting {number}".encode(), seconds=150)


def test_master_killed_loses_nothing_that_was_acknowledged(own_host: Host) -> None:
    ann = own_host.add("ann")
    own_host.stop("dovecot")
    for number in range(10):
        own_host.deliver(ann, f"acknowledged {number}")
    own_host.stop("postfix", signal.SIGKILL)
    # In this order: a try that is under way when the queue is flushed would wait a minute again.
    own_host.start("dovecot")
    own_host.start("postfix")
    control.flush(own_host.home)
    for number in range(10):
        own_host.arrives(ann, f"acknowledged {number}\n".encode())


def test_queue_files_copied_to_another_disk_are_found_again(own_host: Host) -> None:
    ann = own_host.add("ann")
    own_host.stop("dovecot")
    own_host.deliver(ann, "moved")
    own_host.stop("postfix")
    spool = own_host.home.spool
    copied = spool.with_name("spool.copy")
    shutil.copytree(
        spool, copied, symlinks=True, ignore=shutil.ignore_patterns("public", "private")
    )
    for path in [copied, *copied.rglob("*")]:
        origin = (spool / path.relative_to(copied)).lstat()
        os.chown(path, origin.st_uid, origin.st_gid)
    shutil.rmtree(spool)
    copied.rename(spool)
    control.prepare(own_host.mail)
    # In this order: a try that is under way when the queue is flushed would wait a minute again.
    own_host.start("dovecot")
    own_host.start("postfix")
    control.flush(own_host.home)
    own_host.arrives(ann, b"moved")


def test_a_message_refused_at_its_end_leaves_nothing_behind() -> None:
    # 3.7.11 keeps MAIL and RCPT after a rejection by smtpd_end_of_data_restrictions, so that a
    # second message may follow without MAIL. We have none; the size limit is the rejection left.
    with running_host(storage=Storage(message_limit=1_000_000)) as host:
        ann = host.add("ann")
        with host.smtp() as session:
            session.mail("far@away.example")
            session.rcpt(ann)
            code, words = session.data(b"Subject: large\r\n\r\n" + b"y" * 1_200_000)
            assert (code, words[:5]) == (552, b"5.3.4")
            assert session.rcpt(ann)[0] == 503
            assert session.docmd("DATA")[0] == 503
        assert host.stored(ann) == []


@pytest.fixture(scope="module")
def unscanned() -> Iterator[Host]:
    """A host that is to scan, and whose Rspamd is not there."""
    with running_host(spam=Spam(scan=True)) as made:
        yield made


def test_without_rspamd_mail_is_put_off_not_taken_unscanned(unscanned: Host) -> None:
    ann = unscanned.add("ann")
    with pytest.raises(smtplib.SMTPResponseException) as refused:
        unscanned.deliver(ann, "unscanned")
    assert 400 <= refused.value.smtp_code < 500
    assert unscanned.stored(ann) == []


def test_reload_takes_new_settings_and_keeps_open_sessions(own_host: Host) -> None:
    ann = own_host.add("ann")
    session = own_host.submission(ann)
    reload_with(own_host, hostname="renamed.node.example")

    def banner() -> bytes:
        with own_host.smtp() as other:
            return bytes(other.ehlo_resp or b"")

    until(lambda: banner().startswith(b"renamed.node.example"), "the new name is said")
    session.sendmail(ann, [ann], "Subject: open\r\n\r\nstill open\r\n")
    own_host.arrives(ann, b"still open")


def test_a_wrong_file_is_said_before_the_start(own_host: Host) -> None:
    main = own_host.home.postfix / "main.cf"
    main.write_text(main.read_text() + "no_such_setting = 1\n")
    with pytest.raises(control.EngineError, match="no_such_setting"):
        control.check_config(own_host.mail)
