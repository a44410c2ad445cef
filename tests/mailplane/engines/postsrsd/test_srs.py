"""Forwarded mail leaves with a sender of this node's, and bounces of it find back."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest
from tests.mailplane.engines.harness import DOMAIN, Host, running_host, until

from mailstead.mailplane.engines.postfix import control
from mailstead.mailplane.engines.postsrsd import control as postsrsd
from mailstead.mailplane.engines.postsrsd import model as postsrsd_model

pytestmark = pytest.mark.engines
NODE = "mail.node.example"
FAR = "far@unknown.invalid"


@pytest.fixture(scope="module")
def forwarding() -> Iterator[Host]:
    """A host with PostSRSd, a mailbox and a forwarder to a host that does not exist."""
    with running_host() as host:
        model = postsrsd_model.from_settings(host.settings, host.home)
        postsrsd.prepare(model)
        running = subprocess.Popen(postsrsd.command(model))
        try:
            until(lambda: postsrsd.answers(model), "PostSRSd answers")
            host.maps.update("recipients", {f"info@{DOMAIN}": "DUNNO"}, ())
            host.maps.update("aliases", {f"info@{DOMAIN}": FAR}, ())
            yield host
        finally:
            running.terminate()
            running.wait(10)


def _left(host: Host, sender: str) -> set[str]:
    """To whom messages of senders that match were tried to be sent out, as the log tells."""
    log = host.log("postfix")
    numbers = re.findall(rf"qmgr\[\d+\]: (\w+): from=<{sender}>", log)
    tried = re.findall(r"postfix/smtp\[\d+\]: (\w+): to=<([^>]+)>", log)
    return {recipient for number, recipient in tried if number in numbers}


def _sent(host: Host, sender: str, recipient: str) -> None:
    with host.smtp() as session:
        session.sendmail(sender, [recipient], f"From: {sender}\r\nSubject: x\r\n\r\nHello\r\n")


def _rewritten(host: Host, sender: str) -> str:
    """The address that PostSRSd makes of a sender, as the log shows it."""
    _sent(host, sender, f"info@{DOMAIN}")
    local, _, domain = sender.partition("@")
    made = re.compile(rf"from=<(SRS0=[^>]+={re.escape(domain)}={re.escape(local)}@{NODE})>")
    until(lambda: made.search(host.log("postfix")), f"{sender} is rewritten")
    found = made.search(host.log("postfix"))
    assert found is not None
    return found.group(1)


def test_a_foreign_sender_is_rewritten_when_its_mail_is_forwarded(forwarding: Host) -> None:
    rewritten = re.escape(_rewritten(forwarding, "One.Two@away.example"))
    until(lambda: _left(forwarding, rewritten) == {FAR}, "it is sent to the far host")
    assert not _left(forwarding, "One.Two@away.example")


def test_a_sender_of_ours_stays_as_it_is(forwarding: Host) -> None:
    ann = forwarding.add("ann")
    _sent(forwarding, ann, f"info@{DOMAIN}")
    until(lambda: _left(forwarding, re.escape(ann)) == {FAR}, "it is sent under its own name")


def test_mail_that_stays_here_keeps_its_sender(forwarding: Host) -> None:
    bob = forwarding.add("bob")
    _sent(forwarding, "two@away.example", bob)
    stored = forwarding.arrives(bob, b"Hello")
    assert b"Return-Path: <two@away.example>" in stored


@pytest.mark.parametrize("fold", [str, str.lower], ids=["as it was", "in small letters"])
def test_a_bounce_goes_back_to_the_first_sender(forwarding: Host, fold: type[str]) -> None:
    word = "as-it-was" if fold is str else "small"
    rewritten = _rewritten(forwarding, f"{word}@bounced.invalid")
    with forwarding.smtp() as session:
        session.sendmail("", [fold(rewritten)], "Subject: not delivered\r\n\r\nSorry\r\n")
    until(
        lambda: f"{word}@bounced.invalid" in _left(forwarding, ""),
        "the bounce is sent to the first sender",
    )


def test_a_forged_one_is_refused_at_once(forwarding: Host) -> None:
    rewritten = _rewritten(forwarding, "three@away.example")
    forged = rewritten.replace("three@", "other@")
    with forwarding.smtp() as session:
        session.mail("")
        code, words = session.rcpt(forged)
    assert code == 550, words


def test_without_postsrsd_mail_waits_and_nothing_is_lost() -> None:
    with running_host() as host:
        host.maps.update("recipients", {f"info@{DOMAIN}": "DUNNO"}, ())
        host.maps.update("aliases", {f"info@{DOMAIN}": FAR}, ())
        _sent(host, "four@away.example", f"info@{DOMAIN}")
        until(lambda: "status=deferred" in host.log("postfix"), "the hop defers while it is away")
        (waiting,) = control.queue(host.home)
        assert [one["address"] for one in waiting["recipients"]] == [FAR]
        with host.smtp() as session:
            session.mail("")
            code, words = session.rcpt(f"SRS0=aaaa=AA=away.example=four@{NODE}")
        assert 400 <= code < 500, words
