"""What is rendered for Rspamd, Redis and unbound: reachable by this node alone, nothing told."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailstead.config import Dns, Settings, Spam
from mailstead.home import Home
from mailstead.mailplane.engines.redis import log as redis_log
from mailstead.mailplane.engines.redis import model as redis_model
from mailstead.mailplane.engines.redis import render as redis_render
from mailstead.mailplane.engines.rspamd import log as rspamd_log
from mailstead.mailplane.engines.rspamd import model as rspamd_model
from mailstead.mailplane.engines.rspamd import render as rspamd_render
from mailstead.mailplane.engines.unbound import log as unbound_log
from mailstead.mailplane.engines.unbound import model as unbound_model
from mailstead.mailplane.engines.unbound import render as unbound_render
from mailstead.standards.refusal import Refusal

HOME = Home(Path("/var/lib/mailstead"))


def rspamd(**spam: object) -> dict[str, str]:
    """Rspamd's files by name."""
    settings = Settings(home=HOME.root, spam=Spam(**spam))  # type: ignore[arg-type]
    files = rspamd_render.render(rspamd_model.from_settings(settings, HOME))
    return {file.path.name: file.text for file in files}


def unbound(dns: Dns = Dns()) -> str:  # noqa: B008 (frozen)
    """unbound.conf."""
    settings = Settings(home=HOME.root, dns=dns)
    return unbound_render.render(unbound_model.from_settings(settings, HOME))[0].text


def test_redis_has_no_network_port() -> None:
    text = redis_render.render(redis_model.from_settings(Settings(), HOME))[0].text
    assert "\nport 0\n" in text
    assert f"unixsocket {HOME.redis_socket}" in text


def test_rspamd_listens_on_sockets_alone() -> None:
    for name, text in rspamd().items():
        for line in text.splitlines():
            if line.lstrip().startswith("bind_socket"):
                assert '"/var/lib/mailstead/run/' in line, name


@pytest.mark.parametrize("module", ["fuzzy_check", "neural", "rspamd_update", "asn"])
def test_nothing_about_a_message_is_sent_to_others(module: str) -> None:
    assert "enabled = false;" in rspamd()[f"{module}.conf"]


def test_a_verdict_from_outside_is_removed_whatever_the_score() -> None:
    text = rspamd()["milter_headers.conf"]
    use = next(line for line in text.splitlines() if line.startswith("use = "))
    # In this order: ours is added after what claims to be ours has gone.
    assert use.index("remove-headers") < use.index("x-spam-level")
    for name in ("X-Spam", "X-Spam-Level"):
        assert f'"{name}" = 0;' in text
    assert 'authenticated_headers = ["remove-headers"];' in text


def test_scores_and_greylisting_are_those_of_the_settings() -> None:
    files = rspamd(reject_score=20.5, junk_score=3, greylist=False)
    assert "reject = 20.5;" in files["actions.conf"]
    assert "add_header = 3;" in files["actions.conf"]
    assert "greylist =" not in files["actions.conf"]
    assert "enabled = false;" in files["greylist.conf"]
    # Greylisting after the mark as spam would never come to pass.
    assert "greylist = 3;" in rspamd(junk_score=3)["actions.conf"]


def test_the_resolver_answers_this_machine_alone() -> None:
    text = unbound()
    assert "interface: 127.0.0.1\n" in text
    assert text.count("access-control:") == 1
    assert 'module-config: "validator iterator"' in text
    assert "forward-zone" not in text


def test_a_forwarder_with_a_port_is_taken_and_a_name_is_not() -> None:
    assert "forward-addr: 192.0.2.1@5353" in unbound(Dns(forward_to=("192.0.2.1@5353",)))
    with pytest.raises(Refusal, match="is not an IP address"):
        unbound(Dns(forward_to=("resolver.example\n  x: y",)))


@pytest.mark.parametrize(
    ("module", "line", "trouble"),
    [
        (redis_log, "1:M 24 Nov 2026 10:00:00.000 # Can't save in background: fork: no", True),
        (redis_log, "1:C 24 Nov 2026 10:00:00.000 # Configuration loaded", False),
        (redis_log, "1:M 24 Nov 2026 10:00:00.000 * Ready to accept connections", False),
        (unbound_log, "[1790000000] unbound[1:0] error: can't bind socket: in use", True),
        (unbound_log, "[1790000000] unbound[1:0] info: start of service", False),
        (rspamd_log, "2026-11-24 10:00:00 #1(main) <ab>; cfg; x: cannot load map", True),
        (rspamd_log, "2026-11-24 10:00:00 #1(main) <ab>; cfg; y: loaded", False),
    ],
)
def test_trouble_of_our_own_is_seen_in_the_logs(module: object, line: str, trouble: bool) -> None:
    assert bool(module.problem(line)) is trouble  # type: ignore[attr-defined]
