"""Fixtures of the end-to-end tests: one lab and one node a run, a customer a test."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator

import pytest
from lab.internet import Lab
from lab.node import Node

from tests.support.site import Site

SPOOL_MEGABYTES = 64
STORE_MEGABYTES = 192
"""The queue and the store lie on small file systems, so that a test can fill them."""

MESSAGE_LIMIT = 10_000_000
"""Postfix takes no mail where the queue has less room than one and a half times this."""

LISTS = ("bl.example", "names.example")
"""The DNS lists of addresses and of names."""

KEYS_ZONE = "keys.example"
"""The company's zone of DKIM keys; the lab's DNS host takes its changes with this key alone."""
KEYS_KEY, KEYS_SECRET = "company", "c2VjcmV0IG9mIHRoZSBsYWIncyBjb21wYW55IQ=="


TOLD_LINES = 5
"""Of each log of the node, shown with a test that failed."""
_UNUSUAL = re.compile(r"\b(warning|error|fatal|panic|critical|traceback|deferred|timeout)", re.I)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed shows what its node last complained of: its folder goes with the lab."""
    report = yield
    node = getattr(item, "funcargs", {}).get("node")
    if report.when == "call" and report.failed and isinstance(node, Node):
        report.sections.append(("what the node last complained of", _complaints(node)))
    return report


def _complaints(node: Node) -> str:
    told: list[str] = []
    for path in sorted(node.home.log.glob("*.*")):
        text = path.read_text(encoding="utf-8", errors="replace")[-200_000:]
        unusual = [line[:300] for line in text.splitlines() if _UNUSUAL.search(line)]
        told += [f"{path.name}: {line}" for line in unusual[-TOLD_LINES:]]
    return "\n".join(told)


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The small internet, shared by all tests of a run."""
    if os.geteuid() != 0:
        pytest.fail("The lab makes network namespaces: run these tests as root.", pytrace=False)
    with Lab() as made:
        yield made


@pytest.fixture(scope="session")
def node(lab: Lab) -> Node:
    """The node of the lab, up; what it holds is thrown away with the lab."""
    made = lab.add_node()
    lab.dns.add_zone(KEYS_ZONE, (KEYS_KEY, KEYS_SECRET))
    networks = made.folder / "networks.tsv"
    made.write_settings(
        {
            "guard": {"networks": str(networks)},
            "storage": {"message_limit": MESSAGE_LIMIT},
            "spam": {"test_patterns": True},
            # Lists that exist in the lab only when a test makes them.
            "reputation": {"address_lists": [LISTS[0]], "name_lists": [LISTS[1]]},
            "dmarc": {
                "trusted_forwarders": ["trusted.example"],
                "reports": True,
                "report_minimum": 2,
                "report_name": "Node & Sons",
            },
            "dkim": {
                "zone": KEYS_ZONE,
                "servers": [lab.dns.address],
                "tsig_name": KEYS_KEY,
                "tsig_secret": KEYS_SECRET,
                "ttl": 2,
            },
        }
    )
    networks.write_text(_networks(lab), encoding="ascii")
    made.small_disk(made.home.spool, SPOOL_MEGABYTES)
    made.small_disk(made.home.mail, STORE_MEGABYTES)
    made.up()
    # A test sends as much as it likes; those about limits set their own.
    made.cli("sending", "house", "--each", "none", "--together", "none", "--ramp", "none")
    return made


def _networks(lab: Lab) -> str:
    """The lab's hosts are of one operator, its clients of another one in another country."""
    plan = lab.plan
    lines = [
        f"{network[0]}\t{network[-1]}\t{number}\t{country}\n"
        for network, number, country in (
            (plan.network4, 64500, "DE"),
            (plan.clients4, 64501, "VN"),
        )
    ]
    return "".join(lines)


@pytest.fixture
def site(lab: Lab, node: Node) -> Site:
    """A customer of its own for one test."""
    return Site(lab, node)
