"""Lists of log-ins are read as people and spreadsheets write them, and wrong lines are named."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.foreign import imap
from mailstead.foreign.imap import ImapLogin, ImapRow
from mailstead.foreign.inventory import ImapSeen
from mailstead.standards.refusal import Refusal

LOCALS = st.sampled_from(["ann", "bob", "c.d", "e_f", "g-h", "0", "long" * 15, "i2"])
# What parts cells, what quotes them, what begins a comment, and letters of one to four octets.
CELLS = st.text("aZ0 ,;'\"#@\\:*ßé€語😀", min_size=1, max_size=20)


@st.composite
def lists(draw: st.DrawFn) -> list[ImapRow]:
    """Rows with any password that can be typed."""
    locals_ = draw(st.lists(LOCALS, min_size=1, max_size=8, unique=True))
    return [
        ImapRow(f"{one}@a.example", draw(CELLS), draw(st.just("") | CELLS).strip())
        for one in locals_
    ]


def written(rows: list[ImapRow], mark: str) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=mark)
    for row in rows:
        writer.writerow([row.address, row.password, row.user])
    return text.getvalue()


@given(
    lists(), st.sampled_from([",", ";", "\t"]), st.sampled_from(["", "\ufeff", "# mine\r\n\r\n"])
)
def test_a_list_is_read_as_it_was_written(rows: list[ImapRow], mark: str, before: str) -> None:
    assert imap.read_csv(before + written(rows, mark)) == rows


@given(lists())
def test_what_is_shown_again_has_no_password(rows: list[ImapRow]) -> None:
    secrets = [f"s3cret{number}," + row.password for number, row in enumerate(rows)]
    text = written(
        [ImapRow(row.address, secret, row.user) for row, secret in zip(rows, secrets, strict=True)],
        ",",
    )
    shown = imap.without_passwords(text)
    assert "s3cret" not in shown
    for row in rows:
        assert row.address in shown


@given(st.text(max_size=300))
def test_any_text_is_rows_or_a_refusal_that_names_the_line(text: str) -> None:
    try:
        rows = imap.read_csv(text)
    except Refusal as refusal:
        assert refusal.code in ("csv-invalid", "csv-size")
        assert refusal.code == "csv-size" or "line" in refusal.values
    else:
        assert rows and all("@" in row.address for row in rows)
    imap.without_passwords(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("ann@a.example,x\nnobody,secret\n", 2),
        ("# mine\n\nann@a.example,x\nann@a.example,y\n", 4),
        ("ann@a.example,x,user,more\n", 1),
        ('ann@a.example,x\nbob@a.example,"open\n', 2),
        ("ann@a.example,a\x00b\n", 1),
    ],
)
def test_a_wrong_line_is_named_without_what_stands_in_it(text: str, line: int) -> None:
    with pytest.raises(Refusal) as caught:
        imap.read_csv(text)
    assert caught.value.code == "csv-invalid"
    assert caught.value.values["line"] == line
    assert "secret" not in caught.value.sentence


def test_a_line_of_names_is_left_out() -> None:
    assert imap.read_csv("Address;Password\nann@a.example;x,y\n") == [
        ImapRow("ann@a.example", "x,y")
    ]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"host": "not a host"}, "domain-invalid"),
        ({"port": 0}, "imap-invalid"),
        ({"tls": "ssl"}, "imap-invalid"),
        ({"prefix": "INBOX.\n"}, "imap-invalid"),
        ({"master_user": "admin"}, "master-half"),
        ({"master_password": "x"}, "master-half"),
    ],
)
def test_a_server_that_is_none_is_refused(changed: dict[str, object], code: str) -> None:
    values: dict[str, object] = {"host": "mail.a.example"} | changed
    with pytest.raises(Refusal) as caught:
        imap.checked_login(ImapLogin(**values))  # type: ignore[arg-type]
    assert caught.value.code == code


def test_hosts_are_names_or_numbers() -> None:
    for host in ("mail.a.example", "192.0.2.7", "2001:db8::7", "abc.de"):
        assert imap.checked_login(ImapLogin(host=f" {host.upper()} ")).host == host


def test_what_was_tried_stands_at_its_mailbox() -> None:
    rows = [ImapRow("ann@a.example", "x"), ImapRow("bob@a.example", "y")]
    found = imap.inventory(rows, "mail.a.example")
    assert imap.untried(found) == ["ann@a.example", "bob@a.example"]
    tried = imap.Tried(3, 400, ("Sent",), ImapSeen(prefix="INBOX."))
    found = imap.with_tried(found, {"ann@a.example": tried})
    assert imap.untried(found) == ["bob@a.example"]
    ann, bob = found.mailboxes()
    assert (ann.stores[0].messages, ann.stores[0].seen) == (3, tried.seen)
    found = imap.with_passwords(found, [ImapRow("ann@a.example", "z")])
    assert imap.untried(found) == ["ann@a.example", "bob@a.example"]
    assert found.mailboxes()[0].secret != ann.secret and found.mailboxes()[1].secret == bob.secret
