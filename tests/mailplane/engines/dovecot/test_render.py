"""What is rendered for Dovecot: traps of version 2.3.19 answered, limits that fit each other."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from tests.mailplane.engines.harness import Host

from mailstead.home import Home
from mailstead.mailplane.engines.dovecot.log import problem
from mailstead.mailplane.engines.dovecot.model import DovecotModel
from mailstead.mailplane.engines.dovecot.render import render
from mailstead.standards.refusal import Refusal

MODEL = DovecotModel(
    home=Home(Path("/var/lib/mailstead")),
    hostname="mail.node.example",
    recipient_delimiter="+",
    imap=143,
    imaps=993,
    pop3=110,
    pop3s=995,
    managesieve=4190,
    reinject=10026,
    ipv6=True,
)


def main(model: DovecotModel = MODEL) -> str:
    """dovecot.conf without its comments."""
    lines = render(model)[0].text.splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def service(name: str) -> dict[str, str]:
    """The settings of a service's block; blocks in it are left out."""
    block = re.search(rf"^service {name} \{{\n(.*?)^\}}", main(), re.MULTILINE | re.DOTALL)
    assert block, name
    return dict(re.findall(r"^  (\w+) = (.+)$", block[1], re.MULTILINE))


@pytest.mark.parametrize(
    "setting",
    [
        # facts: mdbox fsyncs the wrong directory in 2.3.19.
        "mail_location = maildir:~/Maildir",
        "mail_fsync = optimized",
        "ssl = required",
        "disable_plaintext_auth = yes",
        "ssl_min_protocol = TLSv1.2",
        # facts: exact addresses only; here there is no proxy at all.
        "login_trusted_networks =",
        "quota_full_tempfail = yes",
        "pop3_uidl_format = %08Xu%08Xv",
    ],
)
def test_a_trap_is_answered(setting: str) -> None:
    assert re.search(rf"^\s*{re.escape(setting)}\s*$", main(), re.MULTILINE)


@pytest.mark.parametrize(
    "word",
    [
        # facts: gone in 2.4, or with defects in 2.3.19.
        "replicator", "director_", "driver = dict", "mdbox", "driver = passwd",
        # facts: the cache moves the check of a hash into the single auth master.
        "auth_cache_size",
        # facts: widening it has opened injection holes.
        "auth_username_chars",
        # facts: a hibernated session cannot be kicked alone.
        "imap_hibernate_timeout",
        "editheader",
    ],
)  # fmt: skip
def test_what_must_not_be_there_is_not(word: str) -> None:
    assert word not in main()


def test_whoever_serves_all_may_have_as_many_clients_as_there_are() -> None:
    asking = sum(
        int(service(name)["process_limit"])
        for name in ("imap", "pop3", "managesieve", "lmtp", "imap-login", "pop3-login",
                     "managesieve-login")
    )  # fmt: skip
    limit = re.search(r"^default_client_limit = (\d+)$", main(), re.MULTILINE)
    assert limit
    assert int(limit[1]) >= asking + MODEL.smtp_processes


def test_a_crash_of_one_log_in_process_does_not_end_every_session() -> None:
    login = service("imap-login")
    assert login["service_count"] == "0", "one process a connection cannot take a rush"
    assert int(login["process_min_avail"]) >= 2
    assert int(login["process_limit"]) * int(login["client_limit"]) >= MODEL.imap_processes
    assert login["vsz_limit"] == "1G"


def test_one_session_a_process_so_that_it_can_be_ended_alone() -> None:
    for name in ("imap", "pop3", "managesieve"):
        assert service(name).get("client_limit", "1") == "1", name


@pytest.mark.parametrize("hostile", ["a\nb", "a b", "%u", "$x", "a#b", 'a"b', "a}b", "ä"])
@pytest.mark.parametrize("field", ["hostname", "recipient_delimiter"])
def test_a_value_that_would_be_read_as_something_else_is_refused(field: str, hostile: str) -> None:
    with pytest.raises(Refusal, match=field):
        render(dataclasses.replace(MODEL, **{field: hostile}))
    with pytest.raises(Refusal, match="home"):
        render(dataclasses.replace(MODEL, home=Home(Path(f"/srv/{hostile}"))))


@pytest.mark.engines
def test_dovecot_starts_without_a_warning(host: Host) -> None:
    said = host.log("dovecot") + (host.home.log / "dovecot.said").read_text()
    # Sessions that other tests of this Dovecot have kicked say so too: no fault of its start.
    warnings = [line for line in said.splitlines() if "Warning" in line]
    assert [line for line in warnings if problem(line)] == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "2026-11-24T10:00:00 lmtp(ann@a.example)<1><x>: Error: open(/m) failed: No space left",
            "Error: open(/m) failed: No space left",
        ),
        (
            "2026-11-24T10:00:00 master: Warning: service(imap): process_limit (5) reached",
            "Warning: service(imap): process_limit (5) reached",
        ),
        ("2026-11-24T10:00:00 imap-login: Info: Login: user=<ann@a.example>", None),
        ("2026-11-24T10:00:00 master: Warning: Killed with signal 15 (by pid=1)", None),
    ],
)
def test_trouble_of_our_own_is_seen_in_the_log(line: str, words: str | None) -> None:
    assert problem(line) == words
