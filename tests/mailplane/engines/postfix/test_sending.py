"""What Postfix's files say of sending addresses."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.mailplane.engines.harness import need_machine

from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.engines import files
from mailstead.mailplane.engines.postfix import render
from mailstead.mailplane.engines.postfix.model import COMMANDS, PostfixModel, from_settings
from mailstead.standards.refusal import Refusal
from mailstead.wire.pools import FallbackRelay, SendingAddress, SendingPlan

Make = Callable[[SendingPlan], PostfixModel]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    need_machine()
    plain = from_settings(Settings(hostname="mail.node.example"), Home(tmp_path))
    return lambda plan: dataclasses.replace(plain, sending=plan, ipv6=True)


def options(model: PostfixModel, service: str) -> dict[str, str]:
    """The settings of a service, as Postfix itself reads them."""
    files.write(render.render(model))
    done = subprocess.run(
        [COMMANDS / "postconf", "-c", model.home.postfix, "-P"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = {}
    for line in done.stdout.splitlines():
        name, _, value = line.partition(" = ")
        if name.startswith(f"{service}/unix/"):
            found[name.rpartition("/")[2]] = value
    return found


def address(number: int = 1, ipv4: str = "192.0.2.1", ipv6: str = "") -> SendingAddress:
    return SendingAddress(number=number, ipv4=ipv4, ipv6=ipv6, helo="out.node.example")


def test_without_addresses_the_files_are_as_ever(make: Make) -> None:
    relay = FallbackRelay(host="relay.example", login="us", password="x")
    plain, with_relay = make(SendingPlan()), make(SendingPlan(relay=relay))
    assert render.render(plain) == render.render(with_relay)
    assert options(plain, "qmgr") == {}


def test_a_sending_address_is_the_only_one_by_which_its_mail_can_leave(make: Make) -> None:
    found = options(make(SendingPlan(addresses=(address(),))), "out-1")
    assert found["smtp_bind_address"] == "192.0.2.1"
    assert found["smtp_bind_address_enforce"] == "yes"
    assert found["inet_protocols"] == "ipv4"
    six = options(make(SendingPlan(addresses=(address(2, "", "2001:db8::1"),))), "out-2")
    assert (six["smtp_bind_address6"], six["inet_protocols"]) == ("2001:db8::1", "ipv6")
    both = options(make(SendingPlan(addresses=(address(3, ipv6="2001:db8::1"),))), "out-3")
    assert "inet_protocols" not in both


def test_only_the_queue_manager_asks_the_router(make: Make) -> None:
    model = make(SendingPlan(addresses=(address(),)))
    assert options(model, "qmgr") == {"rewrite_service_name": "route"}
    assert (model.home.postfix / "master.cf").read_text().count("rewrite_service_name") == 1


def test_the_relays_password_is_roots_alone_and_goes_encrypted(make: Make) -> None:
    relay = FallbackRelay(host="relay.example", login="us", password="s3:cret")
    model = make(SendingPlan(addresses=(address(),), relay=relay))
    found = options(model, "fallback")
    assert found["smtp_tls_security_level"] == "encrypt"
    path = model.home.postfix / "relay-password"
    assert path.stat().st_mode & 0o077 == 0
    done = subprocess.run(
        [COMMANDS / "postmap", "-q", "[relay.example]:587", f"texthash:{path}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "us:s3:cret\n"


@pytest.mark.parametrize(
    ("login", "password"), [("u:s", "x"), ("us", "x\ny"), ("us", ""), ("us", " x"), ("u s", "x")]
)
def test_a_log_in_that_postfix_would_misread_is_refused(
    make: Make, login: str, password: str
) -> None:
    relay = FallbackRelay(host="relay.example", login=login, password=password)
    with pytest.raises(Refusal):
        render.render(make(SendingPlan(addresses=(address(),), relay=relay)))


@pytest.mark.parametrize("value", ["192.0.2.1\nx", "$x", "{", "a,b"])
def test_what_would_be_read_as_something_else_is_refused(make: Make, value: str) -> None:
    with pytest.raises(Refusal):
        render.render(make(SendingPlan(addresses=(address(ipv4=value),))))
