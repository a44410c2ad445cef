"""Programs that people read mail with: IMAP, POP3, and what they expect to find there."""

from __future__ import annotations

import threading
import time
from email import message_from_bytes
from pathlib import Path

import pytest
from tests.support.managesieve import ManageSieve, ManageSieveError
from tests.support.messages import message, message_id
from tests.support.people import PASSWORD, Mailbox
from tests.support.site import Site

pytestmark = pytest.mark.lab


@pytest.fixture
def ann(site: Site) -> Mailbox:
    """Ann, with one message."""
    made = site.mailbox("ann")
    first = message(to=made.address, subject="First", attachment=b"\0\r\n\xff" * 1000)
    site.taken(first, made.address)
    site.arrives(first, made.address)
    return made


def test_imaplib_reads_an_attachment_as_it_was_sent(ann: Mailbox) -> None:
    with ann.imap() as imap:
        assert imap.select("INBOX")[1] == [b"1"]
        part = imap.fetch("1", "(BODY.PEEK[])")[1][0]
        assert isinstance(part, tuple)
        parts = list(message_from_bytes(part[1]).walk())
        assert parts[-1].get_payload(decode=True) == b"\0\r\n\xff" * 1000


def test_imap_has_the_special_folders_and_says_which_they_are(ann: Mailbox) -> None:
    with ann.imap() as imap:
        listed = [row.decode() for row in imap.list()[1] if isinstance(row, bytes)]
        for name, use in (
            ("Junk", r"\Junk"),
            ("Sent", r"\Sent"),
            ("Drafts", r"\Drafts"),
            ("Trash", r"\Trash"),
            ("Archive", r"\Archive"),
        ):
            assert any(use in row and row.endswith(name) for row in listed), (name, listed)
        # Every special folder can be written to at once.
        assert imap.append("Sent", None, None, message().as_bytes())[0] == "OK"


def test_clients_from_cpanel_find_their_folders_under_inbox(ann: Mailbox) -> None:
    with ann.imap() as imap:
        assert imap.create("INBOX.Projects")[0] == "OK"
        assert imap.append("INBOX.Sent", None, None, message().as_bytes())[0] == "OK"
        assert imap.create("Clients/North")[0] == "OK"
        assert imap.select("INBOX.Clients.North")[0] == "OK"
        assert imap.select("Projects")[0] == "OK"
        assert imap.select("Sent")[1] == [b"1"]
        listed = [row.decode() for row in imap.list()[1] if isinstance(row, bytes)]
        # The old names work and are not shown, so that new clients see each folder once.
        assert not [row for row in listed if "INBOX." in row]


def test_imap_shows_the_quota_and_what_is_used(site: Site) -> None:
    bob = site.mailbox("bob", None, "--quota", "100M")
    made = message(attachment=bytes(200_000))
    site.taken(made, bob.address)
    site.arrives(made, bob.address)
    with bob.imap() as imap:
        answer = str(imap.getquotaroot("INBOX")[1])
    used, limit = answer.partition("STORAGE ")[2].rstrip(")']").split()[:2]
    assert int(limit.rstrip(")']")) == 100 * 1024
    assert 200 <= int(used) <= 400


def test_idle_shows_new_mail_within_two_seconds(site: Site, ann: Mailbox) -> None:
    with ann.imap() as imap:
        imap.select("INBOX")
        imap.send(b"i IDLE\r\n")
        assert imap.readline().startswith(b"+")
        arrived: list[float] = []

        def watch() -> None:
            while b"EXISTS" not in imap.readline():
                pass
            arrived.append(time.monotonic())

        watcher = threading.Thread(target=watch)
        watcher.start()
        site.taken(message(), ann.address)
        accepted = time.monotonic()
        watcher.join(10)
        assert arrived, "IDLE did not tell of the new message"
        assert arrived[0] - accepted < 2
        imap.send(b"DONE\r\n")


def test_poplib_lists_reads_and_deletes(ann: Mailbox) -> None:
    with ann.pop3() as pop3:
        assert pop3.stat()[0] == 1
        assert len(pop3.uidl()[1]) == 1
        assert any(line == b"Subject: First" for line in pop3.top(1, 0)[1])
        pop3.dele(1)
    with ann.pop3() as pop3:
        assert pop3.stat()[0] == 0


def test_unique_ids_stay_the_same_from_session_to_session(ann: Mailbox) -> None:
    seen = []
    for _ in range(2):
        with ann.pop3() as pop3:
            seen.append(pop3.uidl()[1])
    assert seen[0] == seen[1]


def test_curl_over_imap_and_pop3(site: Site, ann: Mailbox, authority: Path) -> None:
    common = [
        "curl",
        "--silent",
        "--show-error",
        "--cacert",
        str(authority),
        "--user",
        f"{ann.address}:{PASSWORD}",
    ]
    host = site.node.hostname
    for url in (f"imaps://{host}/INBOX;MAILINDEX=1", f"pop3s://{host}/1"):
        assert "Subject: First" in site.lab.clients.namespace.run(*common, url).stdout
    starttls = [*common, "--ssl-reqd", f"imap://{host}/INBOX;MAILINDEX=1"]
    assert "Subject: First" in site.lab.clients.namespace.run(*starttls).stdout


def test_mbsync_copies_a_mailbox_both_ways(
    site: Site, ann: Mailbox, authority: Path, tmp_path: Path
) -> None:
    (tmp_path / "mail").mkdir()
    configuration = tmp_path / "mbsyncrc"
    configuration.write_text(
        f'IMAPStore far\nHost {site.node.hostname}\nUser {ann.address}\nPass "{PASSWORD}"\n'
        f"SSLType IMAPS\nSystemCertificates no\nCertificateFile {authority}\n\n"
        f"MaildirStore near\nPath {tmp_path}/mail/\nInbox {tmp_path}/mail/INBOX\n"
        "SubFolders Verbatim\n\n"
        "Channel all\nFar :far:\nNear :near:\nPatterns *\nCreate Both\nSyncState *\n",
        encoding="utf-8",
    )
    near = tmp_path / "mail" / "Drawer"
    for name in ("cur", "new", "tmp"):
        (near / name).mkdir(parents=True)
    written = message(ann.address)
    (near / "new" / "1.local").write_bytes(written.as_bytes())
    site.lab.clients.namespace.run("mbsync", "-c", configuration, "--all")
    assert len(list((tmp_path / "mail" / "INBOX").glob("[cn]*/*"))) == 1
    assert site.collector.places(message_id(written)) == [f"{ann.address}/Drawer"]


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_fetchmail(
    site: Site, ann: Mailbox, authority: Path, tmp_path: Path, protocol: str
) -> None:
    configuration = tmp_path / "fetchmailrc"
    configuration.write_text(
        f'poll {site.node.hostname} protocol {protocol} user "{ann.address}" '
        f'password "{PASSWORD}" ssl sslcertck sslcertfile {authority} '
        f'fetchall mda "tee -a {tmp_path}/fetched"\n',
        encoding="utf-8",
    )
    configuration.chmod(0o600)
    site.lab.clients.namespace.run(
        "fetchmail",
        "--fetchmailrc",
        configuration,
        "--pidfile",
        tmp_path / "pid",
        "--nosyslog",
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "USER": "root"},
    )
    assert "Subject: First" in (tmp_path / "fetched").read_text(encoding="latin-1")
    with ann.imap() as imap:
        assert imap.select("INBOX")[1] == [b"0"]  # fetched, and gone from the server


def test_mutt_opens_the_mailbox_and_copies_a_message(
    site: Site, ann: Mailbox, authority: Path, tmp_path: Path
) -> None:
    user = ann.address.replace("@", "%40")
    configuration = tmp_path / "muttrc"
    configuration.write_text(
        f'set folder="imaps://{user}@{site.node.hostname}/"\nset imap_pass="{PASSWORD}"\n'
        f'set ssl_ca_certificates_file="{authority}"\nset ssl_usesystemcerts=no\n'
        "set confirmcreate=no\nset confirmappend=no\nset quit=yes\nset delete=no\n"
        "set mbox_type=mbox\n"
        f'push "<copy-message>{tmp_path}/copied<enter><quit>"\n',
        encoding="utf-8",
    )
    site.lab.clients.namespace.run(
        "script",
        "-qec",
        f"mutt -F {configuration} -f imaps://{user}@{site.node.hostname}/INBOX",
        "/dev/null",
        timeout=30,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "TERM": "xterm"},
    )
    assert "Subject: First" in (tmp_path / "copied").read_text(encoding="latin-1")


def test_managesieve_speaks_tls_before_it_takes_a_password(site: Site, ann: Mailbox) -> None:
    with ManageSieve(site.node.address, 4190, tls=False) as plain:
        assert not any("PLAIN" in line for line in plain.greeting)
        with pytest.raises(ManageSieveError):
            plain.login(ann.address, ann.password)
    with ann.sieve() as sieve:
        assert any("vacation" in line for line in sieve.greeting)
        assert sieve.scripts() is not None


def test_a_subscription_is_kept(ann: Mailbox) -> None:
    with ann.imap() as imap:
        imap.create("News")
        imap.subscribe("News")
    with ann.imap() as imap:
        assert "News" in str(imap.lsub()[1])


def test_a_folder_deleted_by_one_client_is_gone_for_the_other(ann: Mailbox) -> None:
    with ann.imap() as first, ann.imap() as second:
        first.create("Old")
        assert second.select("Old")[0] == "OK"
        second.unselect()
        first.delete("Old")
        assert second.select("Old")[0] == "NO"
