"""A refusal of our address or its pace is for now; every other one stays what it is.

The tables are asked as smtp(8) asks them. `standards.replies` is the measure: both read the same
table, and they may not come to differ.
"""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

import pytest
from tests.mailplane.engines.harness import need_machine

from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.engines import files
from mailstead.mailplane.engines.postfix import sending
from mailstead.mailplane.engines.postfix.model import COMMANDS, PostfixModel, from_settings
from mailstead.standards.replies import read
from mailstead.wire.pools import SendingAddress, SendingPlan

SAMPLES = Path(__file__).parents[3] / "standards" / "samples" / "replies.txt"
REPLIES = [
    line.split(" | ", 2)[2]
    for line in SAMPLES.read_text(encoding="utf-8").splitlines()
    if " | " in line and not line.startswith("#")
]
STRANGERS = [
    "550 5.7.1 Rejected, it contains http://user.example/client-host-blocked-using-zen.spamhaus.org",
    "550 5.7.1 www.example.org/part_of_their_network_is_on_our_block_list refused",
    '550 5.7.1 Subject "client host blocked using zen.spamhaus.org" refused',
    "550 5.1.1 <your-ip-banned@example.org>: no such user",
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> PostfixModel:
    need_machine()
    home = Home(tmp_path_factory.mktemp("f"))
    made = from_settings(Settings(hostname="mail.node.example"), home)
    address = SendingAddress(number=1, ipv4="192.0.2.1", helo="a.node.example")
    made = dataclasses.replace(made, sending=SendingPlan(addresses=(address,)))
    files.write(sending.files(made))
    return made


def filtered(model: PostfixModel, said: str) -> str:
    """What smtp(8) makes of a server's reply."""
    done = subprocess.run(
        [COMMANDS / "postmap", "-q", "-", sending.filter_of(model)],
        input=said + "\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert not done.stderr, done.stderr
    return done.stdout.partition("\t")[2].rstrip("\n") or said


@pytest.mark.parametrize("reply", [*REPLIES, *STRANGERS], ids=lambda reply: reply[:50])
def test_the_filter_reads_a_reply_as_the_log_does(model: PostfixModel, reply: str) -> None:
    one_line = reply.replace("\\n", " ")
    words = f"host mx.far.example[192.0.2.9] said: {one_line} (in reply to end of DATA command)"
    reading = read(words)
    status = reading.status if reading.status[:1] == str(reading.code)[:1] else ""
    status = status or f"{str(reading.code)[0]}.0.0"
    now = filtered(model, f"{status} {words}")
    kept = reading.permanent and reading.meaning in sending.KEPT
    assert now == f"{'4' if kept else status[0]}{status[1:]} {words}"


def test_a_refusal_of_the_connection_counts_too(model: PostfixModel) -> None:
    words = "host mx.far.example[192.0.2.9] refused to talk to me: 554 5.7.1 banned sending IP"
    assert filtered(model, f"5.7.1 {words}") == f"4.7.1 {words}"


def test_what_postfix_itself_says_is_not_touched(model: PostfixModel) -> None:
    words = "5.4.4 unable to look up host: your ip is blocked by spamhaus"
    assert filtered(model, words) == words
