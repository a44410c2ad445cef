"""The lab itself: its hosts find and reach each other, and it leaves nothing behind."""

from __future__ import annotations

import smtplib
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from lab.commands import run, wait_until
from lab.internet import Lab
from lab.namespaces import ETC, existing
from lab.plan import LABS, Plan

from lab import state

pytestmark = pytest.mark.lab


def traces(plan: Plan) -> list[str]:
    """Everything on this machine that carries a lab's number."""
    links = [path.name for path in Path("/sys/class/net").glob(f"{plan.bridge}*")]
    links = [name for name in links if name == plan.bridge or name.startswith(plan.bridge + "-")]
    routes = run("ip", "route").stdout + run("ip", "-6", "route").stdout
    return [
        *existing(plan),
        *links,
        *(path.name for path in ETC.glob(f"{plan.bridge}-*")),
        *([str(state.folder(plan.number))] if state.folder(plan.number).exists() else []),
        *(line for line in routes.splitlines() if str(plan.network4) in line),
    ]


@pytest.fixture(scope="module")
def small() -> Iterator[Lab]:
    """A lab without a node, for this module's own use."""
    with Lab() as lab:
        yield lab


def test_labs_never_share_an_address() -> None:
    plans = [Plan(number) for number in range(LABS)]
    networks = [n for p in plans for n in (p.network4, p.clients4)]
    assert not any(a.overlaps(b) for a in networks for b in networks if a is not b)
    assert len({p.network6 for p in plans} | {p.clients6 for p in plans}) == 2 * LABS


def test_records_can_be_changed_while_the_lab_runs(small: Lab) -> None:
    small.dns.host("www.run.example", "198.18.0.77", "2001:2::77")
    assert small.dns.ask("www.run.example", "A") == ["198.18.0.77"]
    assert small.dns.resolver.resolve_address("2001:2::77")[0].to_text() == "www.run.example."
    small.dns.remove("www.run.example")
    assert small.dns.ask("www.run.example", "A") == []


def test_a_long_text_record_survives(small: Lab) -> None:
    text = 'v=1; q="a\\b"; p=' + "x" * 400
    small.dns.set_text("long.example", text)
    record = small.dns.resolver.resolve("long.example", "TXT")[0]
    assert b"".join(record.strings).decode() == text


def test_a_zone_of_its_own_is_delegated(small: Lab) -> None:
    small.dns.add_zone("own.test")
    small.dns.mail_domain("own.test", "mx.far.example")
    assert small.dns.ask("own.test", "MX") == ["10 mx.far.example."]
    assert small.dns.ask("own.test", "SOA")


@pytest.mark.parametrize("v6", [False, True], ids=["ipv4", "ipv6"])
def test_clients_connect_from_any_of_their_addresses(small: Lab, v6: bool) -> None:
    foreign = small.plan.far
    for number in (1, 700, 2046):
        source = small.clients.address(number, v6=v6)
        to = str(foreign.v6 if v6 else foreign.v4)
        with small.clients.connect(to, 25, source=source) as connection:
            assert connection.recv(100).startswith(b"220 ")


def test_the_foreign_host_delivers_to_its_own_domains(small: Lab) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "ann@far.example", "bob@elsewhere.example"
    message["Subject"], message["Message-ID"] = "Hello", "<hello@far.example>"
    message.set_content("Hello.\n")
    small.foreign.send("ann@far.example", "bob@elsewhere.example", message)
    (arrived,) = wait_until(
        lambda: small.foreign.messages("bob@elsewhere.example"), "the message arrives"
    )
    assert arrived["Subject"] == "Hello"


def test_the_foreign_host_relays_for_nobody_else(small: Lab) -> None:
    with small.clients.here():
        smtp = smtplib.SMTP(small.foreign.address, 25, "client.example", timeout=10)
    with smtp:
        smtp.helo()
        smtp.mail("a@b.example")
        assert smtp.rcpt("x@not-here.example")[0] == 550
        assert smtp.rcpt("refuse.me@far.example")[0] == 550
        assert smtp.rcpt("busy@far.example")[0] == 451
        with small.foreign.closed():
            assert smtp.rcpt("ann@far.example")[0] == 451
        assert smtp.rcpt("ann@far.example")[0] == 250


def test_a_lab_taken_down_leaves_nothing() -> None:
    lab = Lab()
    assert traces(lab.plan)
    lab.down()
    assert traces(lab.plan) == []


def test_what_a_killed_lab_leaves_is_removed_by_the_next() -> None:
    code = "import sys, time; from lab.internet import Lab; "
    code += "print(Lab().plan.number, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        plan = Plan(int(process.stdout.readline()))
        process.kill()
    assert not state.alive(plan.number)
    assert traces(plan)
    with Lab():
        pass
    assert traces(plan) == [] or state.alive(plan.number)


def test_two_labs_stand_side_by_side(small: Lab) -> None:
    with Lab() as other:
        assert other.plan.number != small.plan.number
        assert other.dns.ask("mx.far.example", "A") == [str(other.plan.far.v4)]
        assert small.dns.ask("mx.far.example", "A") == [str(small.plan.far.v4)]
