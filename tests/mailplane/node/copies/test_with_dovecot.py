"""Copied mailboxes as the real Dovecot shows them: nobody fetches anything twice."""

from __future__ import annotations

import gzip
import imaplib
import subprocess
from pathlib import Path

import pytest
import zstandard
from tests.mailplane.engines.harness import PASSWORD, Host, running_host
from tests.mailplane.node.copies.stores import DATE, Copying, Maildir, everything, message

from mailstead.wire.moves import FilesSource, ImapSource, NodeSource

pytestmark = pytest.mark.engines


def select(session: imaplib.IMAP4, folder: str = "INBOX") -> tuple[int, dict[int, bytes]]:
    """UIDVALIDITY, and what FETCH says of each UID."""
    assert session.select(f'"{folder}"', readonly=True)[0] == "OK"
    validity = int(session.response("UIDVALIDITY")[1][0])  # type: ignore[arg-type]
    _, rows = session.uid("FETCH", "1:*", "(FLAGS INTERNALDATE)")
    made = {}
    for row in rows:
        if isinstance(row, bytes) and b"UID" in row:
            made[int(row.split(b"UID ")[1].split()[0].rstrip(b")"))] = row
    return validity, made


def pop3_names(host: Host, address: str) -> list[str]:
    session = host.pop3(address)
    names = [row.split()[1].decode() for row in session.uidl()[1]]
    session.quit()
    return names


def other_store(root: Path) -> Maildir:
    """A mailbox as cPanel leaves it, with a bit of everything."""
    old = Maildir(root)
    one, two, three = old.put(1, flags="Sa"), old.put(2, flags=""), old.put(3, flags=None)
    old.list([(7, "P0000000700abcdef", one), (9, "", two)], next_uid=12)
    (root / "dovecot-keywords").write_text("0 $Junk\n")
    sent = old.put(4, ".Sent", "RS")
    old.list([(1001, "", sent)], ".Sent", validity=77)
    junk = old.put(5, ".spam", "")
    old.list([(3, "", junk)], ".spam", validity=78)
    old.put(6, ".Été & Co", "F")
    for number, name in enumerate((".What?*%", '.A "b" \\ c', ".What?x"), 20):
        old.list([(5, "", old.put(number, name, "S"))], name)
    (root / "subscriptions").write_text("INBOX.Sent\nINBOX.Été & Co\n")
    assert three
    return old


def test_clients_find_what_they_knew(host: Host, tmp_path: Path) -> None:
    address = host.add("copied-ann")
    other_store(tmp_path / "old")
    done = Copying(host.home, address, tmp_path / "old", job=101).run()
    session = host.imap(address)
    validity, rows = select(session)
    # The new message has no UID at the source yet: it gets the one that it would get there.
    assert validity == 1234567 and list(rows) == [7, 9, 12]
    assert b"\\Seen" in rows[7] and b"$Junk" in rows[7]
    assert b'"13-Sep-2020 12:26:41 +0000"' in rows[7]
    assert select(session, "Sent")[0] == 77 and list(select(session, "Sent")[1]) == [1001]
    # `spam` is what the house calls Junk.
    assert select(session, "Junk")[0] == 78
    assert b"\\Flagged" in next(iter(select(session, "&AMk-t&AOk- &- Co")[1].values()))
    _, subscribed = session.lsub()
    names = {row.split(b' "/" ')[1].strip(b'"') for row in subscribed if isinstance(row, bytes)}
    assert {b"Sent", b"&AMk-t&AOk- &- Co", b"Junk"} <= names
    session.logout()
    assert pop3_names(host, address) == [
        "0000000700abcdef", "000000090012d687", "0000000c0012d687",
    ]  # fmt: skip
    assert done.counted
    source = {one.folder: one for one in done.counted.source}
    target = {one.folder: one for one in done.counted.target}
    for name in ("INBOX", "Sent", "Junk", "What?*%", 'A "b" \\ c', "What?x"):
        theirs, ours = source[name], target[name]
        assert (theirs.messages, theirs.octets, theirs.uid_validity, theirs.flags) == (
            ours.messages, ours.octets, ours.uid_validity, ours.flags,
        )  # fmt: skip
        assert theirs.uids == ours.uids and theirs.uidls == ours.uidls != ""
        assert theirs.subscribed == ours.subscribed or name == "Junk"
    assert source["Junk"].found_as == "spam"
    assert "went away" not in done.words


def test_later_rounds_bring_only_what_changed_and_keep_own_mail(host: Host, tmp_path: Path) -> None:
    address = host.add("copied-bob")
    old = Maildir(tmp_path / "old")
    bases = [old.put(number) for number in range(1, 6)]
    old.list([(number, "", base) for number, base in enumerate(bases, 1)])
    copying = Copying(host.home, address, tmp_path / "old", job=102)
    copying.run()
    session = host.imap(address)
    assert list(select(session)[1]) == [1, 2, 3, 4, 5]
    # The source gets a message, loses one, and one is read there.
    bases.append(old.put(6, flags=None))
    old.remove(bases[1])
    old.flag(bases[2], "S")
    old.list([(n, "", base) for n, base in enumerate(bases, 1) if n != 2], next_uid=7)
    copying.run()
    assert copying.progress.messages == 1
    rows = select(session)[1]
    assert list(rows) == [1, 3, 4, 5, 6] and b"\\Seen" in rows[3]
    # The switch: mail comes here, and some still to the old host.
    host.deliver(address, "came here")
    host.arrives(address, b"came here")
    session.noop()
    assert 7 in select(session)[1]
    bases.append(old.put(8, flags=None))
    old.list([(n, "", base) for n, base in enumerate(bases, 1) if n != 2], next_uid=8)
    session.select("INBOX")
    session.uid("STORE", "4", "+FLAGS", "(\\Deleted)")
    session.expunge()
    done = copying.run(merge=True)
    rows = select(session)[1]
    # 7 is ours; theirs, which had that number too, is 8. What was deleted here stays so.
    assert list(rows) == [1, 3, 5, 6, 7, 8] and not done.uids_kept
    session.logout()
    # No two have one name in POP3, or a program would not fetch the second.
    names = pop3_names(host, address)
    assert len(set(names)) == len(names) == 6
    copying.run(merge=True)
    assert copying.progress.messages == 0
    log = host.log("dovecot")
    assert not [line for line in log.splitlines() if "copied-bob" in line and "Error" in line]


def test_mail_that_came_before_the_first_round_stays(host: Host, tmp_path: Path) -> None:
    address = host.add("copied-early")
    host.deliver(address, "early bird")
    host.arrives(address, b"early bird")
    other_store(tmp_path / "old")
    done = Copying(host.home, address, tmp_path / "old", job=103).run()
    session = host.imap(address)
    validity, rows = select(session)
    assert validity == 1234567 and list(rows)[:3] == [7, 9, 12] and len(rows) == 4
    host.deliver(address, "late bird")
    host.arrives(address, b"late bird")
    session.logout()
    assert "1 messages that had come here first were kept" in done.words


def test_a_mailbox_that_is_over_its_quota_has_all_its_mail_and_says_so(
    host: Host, tmp_path: Path
) -> None:
    address = host.add("copied-large", quota=20_000)
    old = Maildir(tmp_path / "old")
    text = b"Subject: large\n\n" + b"x" * 10_000 + b"\n"
    bases = [old.put(number, text=text) for number in range(1, 6)]
    old.list([(number, "", base) for number, base in enumerate(bases, 1)])
    copying = Copying(host.home, address, tmp_path / "old", job=110)
    for done in (copying.run(), copying.run()):
        assert "the mailbox is over its quota now" in done.words
    session = host.imap(address)
    assert list(select(session)[1]) == [1, 2, 3, 4, 5]
    session.logout()


def test_a_folder_with_a_new_name_at_the_source_has_it_here_too(host: Host, tmp_path: Path) -> None:
    address = host.add("copied-renamed")
    old = Maildir(tmp_path / "old")
    rows = [(number, "", old.put(number, ".A", "S")) for number in range(1, 5)]
    old.list(rows, ".A", validity=77)
    (old.root / "subscriptions").write_text("A\n")
    copying = Copying(host.home, address, tmp_path / "old", job=111)
    copying.run()
    session = host.imap(address)
    assert list(select(session, "A")[1]) == [1, 2, 3, 4]
    (old.root / ".A").rename(old.root / ".B")
    (old.root / "subscriptions").write_text("B\n")
    copying.run(merge=True)
    session = host.imap(address)
    validity, found = select(session, "B")
    assert validity == 77 and list(found) == [1, 2, 3, 4]
    assert session.select("A", readonly=True)[0] == "NO"
    session.logout()


def test_compressed_messages_are_read_here(host: Host, tmp_path: Path) -> None:
    address = host.add("copied-zip")
    old = Maildir(tmp_path / "old")
    packed = [gzip.compress(message(1)), zstandard.compress(message(2)), message(3)]
    bases = [old.put(number, raw=raw) for number, raw in enumerate(packed, 1)]
    old.list([(number, "", base) for number, base in enumerate(bases, 1)])
    done = Copying(host.home, address, tmp_path / "old", job=104).run()
    session = host.imap(address)
    session.select("INBOX", readonly=True)
    for number in (1, 2, 3):
        _, rows = session.fetch(str(number), "(BODY.PEEK[])")
        assert rows[0][1] == message(number).replace(b"\n", b"\r\n")  # type: ignore[index]
    session.logout()
    assert done.counted
    assert done.counted.source[0].uids == next(
        one.uids for one in done.counted.target if one.folder == "INBOX"
    )


def test_messages_whose_names_tell_a_wrong_size_are_read_here(host: Host, tmp_path: Path) -> None:
    address = host.add("copied-wrong")
    old = Maildir(tmp_path / "old")
    # Somebody's spam filter has written a header into the first one.
    longer = b"X-Checked: yes\n" + message(1)
    bases = [old.put(1, flags="S", raw=longer), old.put(2, flags="F")]
    old.list([(number, "", base) for number, base in enumerate(bases, 11)])
    copying = Copying(host.home, address, tmp_path / "old", job=109)
    done = copying.run()
    assert done.counted and "1 messages told a wrong size" in done.words
    target = next(one for one in done.counted.target if one.folder == "INBOX")
    source = done.counted.source[0]
    assert (target.uids, target.uidls) == (source.uids, source.uidls)
    # The folder has changed, and neither of the two comes once more.
    bases.append(old.put(3))
    old.list([(number, "", base) for number, base in enumerate(bases, 11)])
    copying.run()
    assert copying.progress.messages == 1
    session = host.imap(address)
    _, rows = select(session)
    assert sorted(rows) == [11, 12, 13]
    _, found = session.fetch("1", "(BODY.PEEK[])")
    assert found[0][1] == longer.replace(b"\n", b"\r\n")  # type: ignore[index]
    session.logout()


@pytest.mark.parametrize("kind", ["mdbox", "mbox"])
def test_other_stores_of_dovecot_come_with_their_uids(
    host: Host, tmp_path: Path, kind: str
) -> None:
    address = host.add(f"copied-{kind}")
    maildir = other_store(tmp_path / "first").root
    subprocess.run(["chown", "-R", "vmail:vmail", str(tmp_path)], check=True)
    for path in (tmp_path, *tmp_path.parents):
        if path.stat().st_uid == 0 and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o011)
    store = tmp_path / "store"
    where = f"mdbox:{store}" if kind == "mdbox" else f"mbox:{store}:INBOX={store}/inbox"
    conf = tmp_path / "c.conf"
    conf.write_text(
        f"base_dir = {tmp_path}/run\nlog_path = /dev/stderr\nssl = no\nfirst_valid_uid = 100\n"
        f"mail_home = {tmp_path}\nmail_location = maildir:{maildir}\nmbox_write_locks = fcntl\n"
        "namespace inbox {\n  inbox = yes\n  separator = /\n}\n"
    )
    subprocess.run(
        ["doveadm", "-c", str(conf), "backup", where],
        check=True, user="vmail", group="vmail", extra_groups=(), cwd="/",
        env={"USER": "vmail", "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    source = FilesSource(path=str(store), kind=kind)  # type: ignore[arg-type]
    copying = Copying(host.home, address, source, job=105 if kind == "mdbox" else 106)
    done = copying.run()
    session = host.imap(address)
    validity, rows = select(session)
    assert validity == 1234567 and list(rows) == [7, 9, 12] and b"\\Seen" in rows[7]
    session.logout()
    assert done.counted
    theirs = {one.folder: one for one in done.counted.source}
    ours = {one.folder: one for one in done.counted.target}
    assert theirs["INBOX"].uids == ours["INBOX"].uids != ""
    before = everything(copying.maildir)
    copying.run()
    assert everything(copying.maildir) == before


def test_two_nodes_of_ours_get_what_only_the_other_has() -> None:
    with running_host() as old, running_host() as new:
        address = old.add("both-dora")
        new.add("both-dora")
        port = old.port("imaps") + 1
        secret = "held for a move"
        with (old.home.dovecot / "dovecot.conf").open("a") as conf:
            conf.write(
                f"doveadm_password = {secret.replace(' ', '-')}\nservice doveadm {{\n"
                f"  inet_listener {{\n    port = {port}\n    ssl = yes\n  }}\n}}\n"
            )
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", "/CN=node", "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", str(old.home.certificate_key), "-out", str(old.home.certificate)],
            check=True, capture_output=True,
        )  # fmt: skip
        old.stop("dovecot")
        old.start("dovecot")
        for host, word in ((old, "at the old"), (new, "at the new")):
            host.deliver(address, word)
            host.arrives(address, word.encode())
        source = NodeSource(
            server="old", host="127.0.0.1", port=port, password=secret.replace(" ", "-"),
            authority=str(old.home.certificate),
        )  # fmt: skip
        copying = Copying(new.home, address, source)
        copying.run()
        for word in ("at the old", "at the new"):
            new.arrives(address, word.encode())
        old.deliver(address, "a moment later")
        old.arrives(address, b"a moment later")
        copying.run(merge=True)
        for host in (old, new):
            session = host.imap(address)
            assert len(select(session)[1]) == 3
            session.logout()
        assert not list((new.home.mail / ".copies/1").glob("*.conf"))


def test_an_imap_server_with_a_prefix(tmp_path: Path) -> None:
    """The house's own name space for old clients (`INBOX.`) serves as the other server."""
    with running_host() as old, running_host() as new:
        theirs, address = old.add("imap-carl"), new.add("imap-carl")
        session = old.imap(theirs)
        session.create("INBOX.Work")
        session.subscribe("INBOX.Work")
        for number in range(1, 6):
            folder = "INBOX" if number < 4 else "INBOX.Work"
            date = f'"{number:02d}-Oct-2020 10:00:00 +0000"'
            text = message(number).replace(b"\n", b"\r\n")
            session.append(folder, "(\\Seen $Label1)", date, text)
        session.select("INBOX")
        session.uid("STORE", "2", "+FLAGS", "(\\Deleted)")
        session.expunge()
        source = ImapSource(
            host="127.0.0.1", port=old.port("imaps"), tls="imaps", user=theirs,
            password=PASSWORD, verify=False,
        )  # fmt: skip
        copying = Copying(new.home, address, source)
        done = copying.run()
        assert done.uids_kept, done.words
        ours = new.imap(address)
        for folder in ("INBOX", "Work"):
            expected, found = select(session, folder), select(ours, folder)
            assert expected[0] == found[0] and list(expected[1]) == list(found[1])
            for uid, row in expected[1].items():
                assert row.split(b"INTERNALDATE")[1] == found[1][uid].split(b"INTERNALDATE")[1]
                assert b"\\Seen" in found[1][uid] and b"$Label1" in found[1][uid]
        assert done.counted
        counted = {one.folder: one for one in done.counted.source}
        for one in done.counted.target:
            if one.folder in counted and one.messages:
                assert counted[one.folder].uids == one.uids
        session.select("INBOX")
        session.append("INBOX", "", None, b"Subject: later\r\n\r\nlater\r\n")  # type: ignore[arg-type]
        session.uid("STORE", "1", "-FLAGS", "(\\Seen)")
        copying.run()
        assert copying.progress.messages == 1
        rows = select(ours)[1]
        assert list(rows) == list(select(session)[1]) and b"\\Seen" not in rows[1]
        session.logout()
        ours.logout()
        assert DATE
