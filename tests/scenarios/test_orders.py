"""The control plane asks the node of a whole instance; a job is done by its worker."""

from __future__ import annotations

import json
import sys
import textwrap
from typing import Any

import pytest
from lab.commands import wait_until
from tests.support.site import Site

pytestmark = pytest.mark.lab

_BEGIN = """
import datetime, json, pathlib, sys, time
from mailstead.control.project.bootstrap import setup
setup(pathlib.Path(sys.argv[1]))
from mailstead.control.hosting import queries, services
from mailstead.control.people.actor import Actor
olga = Actor.operator("olga")
now = datetime.datetime.now(datetime.UTC)
who = {"actor": olga, "now": now}
server = queries.server_named(olga, "node1")
"""


def control(site: Site, program: str, *words: str) -> Any:
    """What a program inside the control plane prints, as JSON."""
    done = site.node.namespace.run(
        sys.executable,
        "-c",
        _BEGIN + textwrap.dedent(program),
        site.node.folder,
        *words,
        env={"MAILSTEAD_HOME": str(site.node.folder)},
        timeout=60,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_a_node_answers_within_a_moment(site: Site) -> None:
    ann = site.mailbox("ann")
    # The agent may still apply what was just made.
    wait_until(lambda: ann.can_log_in()["imap"], "ann can log in")
    told = control(
        site,
        """
        mailbox = queries.mailbox_named(olga, sys.argv[2])
        started = time.monotonic()
        state = services.node_state(**who, server=server)
        queue = services.queue(**who, server=server)
        ended = services.end_sessions(**who, mailbox=mailbox)
        folders = services.folders(**who, mailbox=mailbox)
        print(json.dumps({
            "seconds": time.monotonic() - started,
            "late": state.late or queue.late or folders.late,
            "running": sorted(p.name for p in state.answer.processes if p.state == "RUNNING"),
            "revision": state.answer.revision,
            "folders": [folder.name for folder in folders.answer.folders],
            "total": queue.answer.total,
            "ended": ended,
        }))
        """,
        ann.address,
    )
    assert not told["late"]
    assert told["seconds"] < 10
    assert {"agent", "dovecot", "postfix", "web", "worker"} <= set(told["running"])
    assert told["revision"] > 0
    assert "INBOX" in told["folders"]
    assert told["ended"] is not None


def test_rules_are_tried_out_without_touching_the_mailbox(site: Site) -> None:
    ann = site.mailbox("ann")
    told = control(
        site,
        """
        from mailstead.wire.changes import Action, Condition, Rule
        mailbox = queries.mailbox_named(olga, sys.argv[2])
        rule = Rule(
            name="lists", enabled=True, any_of=False,
            conditions=(Condition(field="subject", match="contains", value="[list]"),),
            actions=(Action(do="file", value="Lists"),),
        )
        found = services.test_rules(
            **who, mailbox=mailbox, rules=(rule,),
            message="From: a@b.example\\nSubject: [list] hello\\n\\ntext\\n",
        )
        print(json.dumps([[one.do, one.value] for one in found.happenings]))
        """,
        ann.address,
    )
    assert told == [["file", "Lists"]]
    assert ann.address not in str(list(site.node.home.mail.rglob("*Lists*")))


def test_an_import_is_done_by_the_worker(site: Site) -> None:
    domain = site.main
    told = control(
        site,
        """
        from mailstead.control.jobs.models import Job
        rows = [
            services.MailboxRow(address=f"w{n}@{sys.argv[2]}", hashed="$6$saltsalt$" + "a" * 86)
            for n in range(450)
        ]
        job = services.start_mailbox_import(**who, customer=None, rows=rows)
        deadline = time.monotonic() + 30
        while job.state not in ("done", "failed") and time.monotonic() < deadline:
            time.sleep(0.1)
            job.refresh_from_db()
        print(json.dumps({
            "state": job.state, "words": job.words, "made": job.result.get("made"),
            "waited": (job.started_at - job.created_at).total_seconds(),
        }))
        """,
        domain,
    )
    assert (told["state"], told["words"], told["made"]) == ("done", "", 450)
    assert told["waited"] < 5
