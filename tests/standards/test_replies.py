"""Replies of other servers are understood, and strangers cannot put words into them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.standards.receivers import TABLE, Meaning
from mailstead.standards.replies import MAX_TEXT, plain, read

LINES = [
    tuple(part.strip() for part in line.split(" | ", 2))
    for line in (Path(__file__).parent / "samples" / "replies.txt").read_text().splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize(
    ("meaning", "receiver", "reply"), LINES, ids=[line[2][:60] for line in LINES]
)
def test_a_known_reply_is_understood(meaning: str, receiver: str, reply: str) -> None:
    reading = read(reply.replace("\\n", "\r\n"))
    assert reading.meaning is Meaning[meaning]
    assert (reading.row.receiver if reading.row else "-") == receiver
    assert read(reply.replace("\\n", " ")).meaning is Meaning[meaning], "as logs join the lines"


def test_every_row_has_a_reply_that_reaches_it() -> None:
    reached = {id(read(reply.replace("\\n", "\n")).row) for _, _, reply in LINES}
    assert [row.pattern.pattern for row in TABLE if id(row) not in reached] == []


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.7.1 Message rejected, it contains http://user.example/client-host-[1]-blocked-using-zen",
        "554 5.7.1 Refused: https://your-ip.example/your ip is odd",
        "550 5.7.1 See http://a.example/?q=temporarily+rate+limited+due+to+ip+reputation",
        "550 5.7.1 www.example.org/part_of_their_network_is_on_our_block_list refused",
        "550 5.7.1 example.org/[tss04] refused",
        '550 5.7.1 Subject "client host blocked using zen.spamhaus.org" refused',
        "550 5.1.1 <[TSS04].banned-sending-ip@example.org>: no such user",
        "554 5.7.1 Message contains the link http://zen.spamhaus.org/query/ip/192.0.2.1 (spam)",
        "554 5.7.1 Blocked URL in message: zen.spamhaus.org.user.example",
    ],
)
def test_what_a_stranger_wrote_never_becomes_our_reputation(reply: str) -> None:
    assert read(reply).meaning is not Meaning.REPUTATION


@given(st.text("abcdefghijklmnopqrstuvwxyz-[]=+._ %", max_size=60))
def test_no_link_becomes_our_reputation(text: str) -> None:
    link = "http://user.example/" + text.replace(" ", "+")
    assert read(f"550 5.7.1 Refused because of {link} here").meaning is Meaning.POLICY


@given(st.text(max_size=300), st.text(max_size=12))
def test_any_text_has_a_meaning(text: str, status: str) -> None:
    for reply in (text, f"550 {text}", f"450 4.7.1 {text}", f"said: 554-5.7.1 {text}\n554 {text}"):
        assert isinstance(read(reply, status).meaning, Meaning)
        assert len(plain(reply)) <= MAX_TEXT * 12


@pytest.mark.parametrize(
    "piece",
    [
        "a", " ", "\n", "550 ", "550-5.7.1 ", "4", "5.7.1", "@", "a@", "a.", "http://", '"', "<",
        "/", "ip ", "url ", "mailbox ", "blocked ", "spf fail ", "client host ", "message ",
        "your ip ", "ip listed ", "domain ", "a.bc/", "a-", "www.", "|", "reject ", "user ",
        "mailbox is ",
    ],
)  # fmt: skip
def test_a_hostile_reply_costs_little(piece: str) -> None:
    begun = time.process_time()
    read("550 5.7.1 " + piece * (1_000_000 // len(piece)))
    read(piece * (1_000_000 // len(piece)))
    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize(
    ("text", "status", "meaning", "permanent"),
    [
        ("connect to mx.example.org[192.0.2.1]:25: Connection timed out", "4.4.1", "LATER", False),
        ("Host or domain name not found", "5.4.4", "HARD", True),
        ("", "5.1.1", "NO_MAILBOX", True),
        ("", "", "SOFT", False),
        ("", "2.0.0", "ACCEPTED", False),
        ("Cannot start TLS: handshake failure", "4.7.5", "TLS", False),
    ],
)
def test_what_was_said_without_a_code_is_read_with_the_status(
    text: str, status: str, meaning: str, permanent: bool
) -> None:
    reading = read(text, status)
    assert (reading.meaning, reading.permanent) == (Meaning[meaning], permanent)


def test_codes_are_read_where_they_stand() -> None:
    reading = read("host mx.example.org[192.0.2.1] said: 450-4.2.2 Full\n450 4.2.2 try later")
    assert (reading.code, reading.status, reading.permanent) == (450, "4.2.2", False)
    assert read("host 250-ok.example[192.0.2.1] said: 550 5.1.1 nope").code == 550
    assert read("after MAIL FROM:<a@b.c> SIZE=450 BODY=8BITMIME: 550\r\n").code == 550
    assert read("550 (#5.1.1) nope").status == "5.1.1"
