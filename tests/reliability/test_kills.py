"""kill -9 of each process in turn under load: nothing acknowledged is lost, and it comes back."""

from __future__ import annotations

import csv
import io
import sys

import pytest
from tests.support.load import Load
from tests.support.people import PASSWORD
from tests.support.site import Site

pytestmark = pytest.mark.lab

PROCESSES = (
    "postfix",
    "dovecot",
    "rspamd",
    "redis",
    "unbound",
    "knot",
    "postsrsd",
    "guard",
    "mtasts",
    "tlspolicy",
    "agent",
    "web",
    "worker",
)


@pytest.mark.parametrize("name", PROCESSES)
def test_a_killed_process_comes_back_and_no_mail_is_lost(site: Site, name: str) -> None:
    load = Load(site, site.mailbox("ann"))
    with load.running():
        old = site.node.supervisor.kill(name)
        site.node.supervisor.wait_back(name, old)
        load.wait_for_more()
    assert not load.refused, "a fault of ours must never be a permanent refusal"
    load.assert_nothing_lost()


def test_everything_killed_at_once_recovers_with_up(site: Site) -> None:
    load = Load(site, site.mailbox("ann"))
    with load.running():
        site.node.kill()
        site.node.up()
        load.wait_for_more()
    load.assert_nothing_lost()
    bob = site.mailbox("bob")  # the control plane and the agent are back too
    assert all(bob.can_log_in().values())


def test_an_agent_killed_in_mid_batch_leaves_a_directory_that_it_completes(site: Site) -> None:
    domain = site.main
    rows = io.StringIO()
    table = csv.writer(rows)
    table.writerow(["address", "password"])
    addresses = [f"user{number}@{domain}" for number in range(60)]
    table.writerows([address, PASSWORD] for address in addresses)
    with site.node.paused("agent"):
        site.import_mailboxes(rows.getvalue())
    for _ in range(3):
        old = site.node.supervisor.kill("agent")
        site.node.supervisor.wait_back("agent", old)
    site.applied()
    assert site.check_directory() == []


def test_kills_in_the_queue_manager_and_delivery_agents_lose_nothing(site: Site) -> None:
    load = Load(site, site.mailbox("ann"), senders=4)
    with load.running():
        for program in ("qmgr", "cleanup", "smtpd", "lmtp"):
            site.node.kill_children("postfix", program)
            load.wait_for_more(3)
    load.assert_nothing_lost()


def test_an_agent_killed_before_it_told_what_it_applied_tells_it_when_it_is_back(
    site: Site,
) -> None:
    site.mailbox("ann")
    # As a kill between applying and telling leaves it: the node has the change, nobody knows.
    forget = (
        "import sys; from pathlib import Path;"
        "from mailstead.control.project.bootstrap import setup; setup(Path(sys.argv[1]));"
        "from mailstead.control.feed.models import FeedHead; FeedHead.objects.update(acked=0)"
    )
    old = site.node.supervisor.kill("agent")
    site.node.namespace.run(sys.executable, "-c", forget, site.node.folder)
    site.node.supervisor.wait_back("agent", old)
    site.applied()
