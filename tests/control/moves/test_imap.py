"""Moves from any IMAP server: passwords that people have go on working, and nobody reads them."""

from __future__ import annotations

from mailstead.control.hosting.models import Mailbox
from mailstead.control.moves import services
from mailstead.control.moves.models import Copy, SourceLogin
from mailstead.control.moves.services import imap
from mailstead.control.people.models import AuditEntry
from mailstead.standards import password as passwords
from mailstead.wire.moves import ImapSource
from tests.control.company import Company, refused
from tests.control.moves.test_install import install

CSV = """# address,password,user
ann@imap.example,"a, long secret",ann.old
bob@imap.example,another secret
"""


def test_mailboxes_of_a_file_come_with_their_passwords(company: Company) -> None:
    login = services.ImapLogin(host="mail.old.example", prefix="INBOX.")
    move = services.create_imap_move(
        **company.who,
        login=login,
        rows=services.read_csv(CSV),
        server=company.server,
        customer=company.customer,
    )
    install(company, move)
    ann = Mailbox.objects.get(local="ann")
    assert passwords.verify("a, long secret", ann.secret)
    copy = Copy.objects.select_related("move").get(address="ann@imap.example")
    source = imap.source(copy)
    assert source == ImapSource(
        host="mail.old.example",
        port=993,
        tls="imaps",
        user="ann.old",
        password="a, long secret",
        prefix="INBOX.",
    )
    assert "long secret" not in SourceLogin.objects.get().sealed
    assert "secret" not in str(list(AuditEntry.objects.filter(kind="move").values()))
    assert "secret" not in str(copy.source)


def test_a_master_user_logs_in_for_everybody(company: Company) -> None:
    login = services.ImapLogin(
        host="mail.old.example", master_user="admin", master_password="the key"
    )
    move = services.create_imap_move(
        **company.who,
        login=login,
        rows=[services.ImapRow("ann@imap.example", "")],
        server=company.server,
        customer=company.customer,
    )
    install(company, move)
    source = imap.source(Copy.objects.select_related("move").get())
    assert (source.user, source.master_user, source.password) == (
        "ann@imap.example",
        "admin",
        "the key",
    )
    # Nobody knows a password for it: it waits for one.
    assert Mailbox.objects.get(local="ann").login_suspended


def test_what_cannot_be_logged_in_is_refused(company: Company) -> None:
    with refused("password-missing"):
        services.create_imap_move(
            **company.who,
            login=services.ImapLogin(host="mail.old.example"),
            rows=[services.ImapRow("ann@imap.example", "")],
            server=company.server,
            customer=company.customer,
        )
    with refused("csv-invalid"):
        services.read_csv("nobody,secret\n")
    with refused("csv-size"):
        services.read_csv("# nothing\n")
