"""A node's figures: counted in the engines' own lines, through rotations, each message once."""

from __future__ import annotations

import imaplib
import smtplib
import sqlite3
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from tests.mailplane.engines.harness import DOMAIN, Host, until

from mailstead.home import Home
from mailstead.mailplane.guard.store import Store
from mailstead.mailplane.node import tail
from mailstead.mailplane.node.counts import Pulse

LEVELS = ("seconds", "queue", "disk", "memory", "revision", "load")
HEAD = "Nov  4 15:31:25 mail postfix/"


class Logs:
    """The logs of a node, without engines."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.home.log.mkdir()
        self.mail = self.home.log / "postfix.log"
        self.mail.touch()

    def say(self, *lines: str) -> None:
        with self.mail.open("a") as out:
            out.write("".join(f"{HEAD}{line}\n" for line in lines))


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    return Logs(tmp_path)


@pytest.fixture
def pulse(logs: Logs) -> Pulse:
    logs.say("smtpd[1]: 4jYmxT3LbbzOLD1: client=before[192.0.2.1]")
    return Pulse(logs.home)


def counted(pulse: Pulse) -> dict[str, int]:
    seen = msgspec.to_builtins(pulse.take())
    names = [n for n in seen if isinstance(seen[n], int) and not n.startswith(LEVELS)]
    return {name: seen[name] for name in names if seen[name]}


def test_a_message_counts_once_however_often_it_is_tried(logs: Logs, pulse: Pulse) -> None:
    logs.say(
        "smtpd[1]: 4jYmxT3LbbzAAA1: client=x[192.0.2.1]",
        "submission/smtpd[1]: 4jYmxT3LbbzAAA2: client=x[192.0.2.1], sasl_username=a@b.example/1",
        "reinject/smtpd[1]: 4jYmxT3LbbzAAA3: client=localhost[127.0.0.1]",
        "smtpd[1]: 4jYmxT3LbbzAAA4: client=x[192.0.2.1]",
        "cleanup[1]: 4jYmxT3LbbzAAA4: milter-reject: END-OF-MESSAGE from x[192.0.2.1]: 5.7.1 Spam",
        "smtpd[1]: NOQUEUE: reject: RCPT from x[192.0.2.1]: 550 5.1.1 <a@b.example>: no",
        *(
            f"qmgr[1]: 4jYmxT3LbbzAAA{n}: from=<a@b.example>, size=1, nrcpt=1 (queue active)"
            for n in (1, 2, 3, 1, 1)
        ),
    )
    assert counted(pulse) == {"inbound": 1, "submitted": 1, "rejected": 2}
    assert counted(pulse) == {}


def test_what_becomes_of_a_message_counts_by_recipient(logs: Logs, pulse: Pulse) -> None:
    end = "relay=r, delay=0.1, delays=0/0/0/0, dsn=2.0.0, status="
    logs.say(
        f"lmtp[1]: 4jYmxT3LbbzAAA1: to=<a@b.example>, {end}sent (ok)",
        f"smtp[1]: 4jYmxT3LbbzAAA1: to=<c@d.example>, orig_to=<x@b.example>, {end}sent (250 ok)",
        f"relay/smtp[1]: 4jYmxT3LbbzAAA1: to=<e@d.example>, {end}sent (250 ok)",
        f"smtp[1]: 4jYmxT3LbbzAAA1: to=<f@d.example>, {end}deferred (said: status=sent)",
        f"error[1]: 4jYmxT3LbbzAAA1: to=<g@d.example>, {end}bounced (no)",
        f"discard[1]: 4jYmxT3LbbzAAA1: to=<h@d.example>, {end}sent (gone)",
        "warning: x[192.0.2.1]: status=sent",
        "submission/smtpd[1]: warning: x[192.0.2.1]: SASL PLAIN authentication failed: ",
    )
    assert counted(pulse) == {
        "stored": 1,
        "sent": 2,
        "deferred": 1,
        "bounced": 1,
        "logins_failed": 1,
    }


def test_a_rotated_log_is_read_to_its_end_and_the_new_one_from_its_beginning(
    logs: Logs, pulse: Pulse
) -> None:
    reject = "smtpd[1]: NOQUEUE: reject: RCPT from x"
    logs.say(reject)
    logs.mail.rename(logs.mail.with_name("postfix.log.20260101-000000"))
    logs.say(reject, reject)
    assert counted(pulse) == {"rejected": 3}
    logs.say(reject)
    assert counted(pulse) == {"rejected": 1}


def test_all_that_is_there_counts_however_much_is_read_at_once(
    logs: Logs, pulse: Pulse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "AT_ONCE", 100)
    reject = "smtpd[1]: NOQUEUE: reject: RCPT from x"
    logs.say(*[reject] * 5)
    logs.mail.rename(logs.mail.with_name("postfix.log.20260101-000000"))
    logs.say(*[reject] * 5)
    assert counted(pulse) == {"rejected": 10}


def test_what_the_guard_counts_is_told_once(logs: Logs) -> None:
    store = Store(logs.home.guard_database)
    store.count({"guard_asked": 7})
    pulse = Pulse(logs.home)
    assert counted(pulse) == {}, "that was before the agent started"
    store.count({"guard_asked": 3, "guard_held": 2})
    pulse.leaked(4)
    assert counted(pulse) == {"guard_asked": 3, "guard_held": 2, "passwords_leaked": 4}
    assert counted(pulse) == {}
    store.count({"guard_asked": 1})
    store.close()
    logs.home.guard_database.unlink()
    again = Store(logs.home.guard_database)
    again.count({"guard_asked": 5})
    assert counted(pulse) == {"guard_asked": 5}, "a new file begins at 0"
    again.close()


def test_a_guard_of_before_counts_nothing(logs: Logs, pulse: Pulse) -> None:
    logs.home.guard_database.parent.mkdir()
    with sqlite3.connect(logs.home.guard_database) as old:
        old.execute("CREATE TABLE bucket (key TEXT)")
    old.close()
    assert counted(pulse) == {}


def test_a_line_counts_when_it_is_whole(logs: Logs, pulse: Pulse) -> None:
    with logs.mail.open("a") as out:
        out.write(f"{HEAD}smtpd[1]: NOQUEUE: rej")
    assert counted(pulse) == {}
    with logs.mail.open("a") as out:
        out.write("ect: RCPT from x\n")
    assert counted(pulse) == {"rejected": 1}


@pytest.mark.engines
def test_real_engines_are_counted(own_host: Host) -> None:
    ann, bob = own_host.add("ann"), own_host.add("bob")
    own_host.login("CREATE TABLE meta (name TEXT, value INTEGER)")
    own_host.login("INSERT INTO meta VALUES ('revision', 41)")
    pulse = Pulse(own_host.home)
    own_host.deliver(ann)
    with own_host.submission(ann) as session:
        session.sendmail(ann, [bob], b"Subject: hi\r\n\r\nTo Bob.\r\n")
    own_host.arrives(ann, b"Hello")
    own_host.arrives(bob, b"To Bob.")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        own_host.deliver(f"nobody@{DOMAIN}")
    own_host.imap(ann).logout()
    with pytest.raises(imaplib.IMAP4.error):
        own_host.imap(ann, "wrong")
    with pytest.raises(smtplib.SMTPAuthenticationError):
        own_host.submission(ann, "wrong")
    total = Counter[str]()
    wanted = {
        "inbound": 1,
        "submitted": 1,
        "stored": 2,
        "rejected": 1,
        "logins": 1,
        # smtplib tries PLAIN, then LOGIN.
        "logins_failed": 3,
        # At RCPT and at DATA; about each log-in.
        "guard_asked": 2,
        "guard_logins": 5,
    }

    def all_counted() -> bool:
        total.update(counted(pulse))
        took = {name for name in total if name.startswith("guard_took_")}
        rest = {name: count for name, count in total.items() if name not in took}
        return rest == wanted and sum(total[name] for name in took) == 2

    try:
        until(all_counted, "all is counted")
    except AssertionError:
        raise AssertionError(dict(total)) from None
