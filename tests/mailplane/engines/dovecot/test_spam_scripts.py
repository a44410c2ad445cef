"""The house's Sieve for a mailbox with a say of its own in what is spam, run by Pigeonhole."""

from __future__ import annotations

import shutil

import pytest
from tests.mailplane.engines.harness import Host, until

from mailstead.mailplane.directory.stores import replace_file
from mailstead.wire import sieve_rules
from mailstead.wire.changes import Action, Condition, Rule, SpamSettingsPut

pytestmark = pytest.mark.engines
HOUSE = "X-Spam: Yes\r\n"
COUNT = 500
"""Entries that a list may have (control/hosting/services/spam.py)."""


def stars(points: int) -> str:
    return f"X-Spam-Level: {'*' * points}\r\n"


def settle(host: Host, address: str, **settings: object) -> SpamSettingsPut:
    """Write what the directory writes for a mailbox with these settings."""
    made = SpamSettingsPut(address=address, **settings)  # type: ignore[arg-type]
    script(host, address, "spam", sieve_rules.spam_script(made))
    if made.deny:
        script(host, address, "deny", sieve_rules.deny_script(made))
    host.login("INSERT OR REPLACE INTO own_spam VALUES (?)", (address,))
    return made


def script(host: Host, address: str, name: str, text: str) -> None:
    local, _, domain = address.partition("@")
    replace_file(host.home.sieve / domain / local / f"{name}.sieve", text, host.home.sieve)


def own_script(host: Host, address: str, text: str) -> None:
    """A person's own script, as ManageSieve leaves it."""
    local, _, domain = address.partition("@")
    path = host.home.mail / domain / local / ".dovecot.sieve"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    for made in (path, path.parent, path.parent.parent):
        shutil.chown(made, "vmail", "vmail")


def deliver(host: Host, address: str, headers: str, sender: str = "far@away.example") -> None:
    with host.smtp() as session:
        text = f"From: F <{sender}>\r\nTo: {address}\r\nSubject: news\r\n{headers}\r\nnews\r\n"
        session.sendmail("bounces@elsewhere.example", [address], text)


def folder(host: Host, address: str) -> str:
    """The one folder in which the one message lies, `INBOX` or another."""
    found: list[str] = []

    def there() -> bool:
        local, _, domain = address.partition("@")
        maildir = host.home.mail / domain / local / "Maildir"
        found[:] = [str(path.parent.parent.name) for path in maildir.rglob("*M*P*")
                    if path.parent.name in ("new", "cur")]  # fmt: skip
        return bool(found)

    until(there, f"{address} has the message")
    assert len(found) == 1
    return found[0].removeprefix(".").replace("Maildir", "INBOX")


@pytest.mark.parametrize(
    ("level", "headers", "into"),
    [
        ("off", HOUSE + stars(14), "INBOX"),
        ("lenient", HOUSE + stars(9), "INBOX"),
        ("lenient", HOUSE + stars(10), "Junk"),
        ("lenient", stars(12), "INBOX"),
        ("normal", HOUSE + stars(6), "Junk"),
        ("normal", stars(5), "INBOX"),
        ("strict", stars(4), "Junk"),
        ("strict", stars(3), "INBOX"),
        ("strict", HOUSE, "Junk"),
        ("strict", "", "INBOX"),
    ],
)
def test_a_level_decides_by_the_score(host: Host, level: str, headers: str, into: str) -> None:
    ann = host.add(f"level-{level}-{headers.count('*')}-{len(headers)}")
    settle(host, ann, level=level)
    deliver(host, ann, headers)
    assert folder(host, ann) == into


@pytest.mark.parametrize(
    ("lists", "sender", "into"),
    [
        ({"allow": ("far@away.example",)}, "Far@Away.example", "INBOX"),
        ({"allow": ("@away.example",)}, "far@away.example", "INBOX"),
        ({"allow": ("@away.example",)}, "far@not-away.example", "Junk"),
        ({"allow": ("@away.example",)}, "far@sub.away.example", "Junk"),
        # Whose address only looks like it: the list speaks of addresses, not of names.
        ({"allow": ("far@away.example",)}, "far@away.example.evil.example", "Junk"),
    ],
)
def test_allowed_senders_are_never_filed(
    host: Host, lists: dict[str, tuple[str, ...]], sender: str, into: str
) -> None:
    ann = host.add(f"allow-{sender.lower().replace('@', '-at-')}-{len(str(lists))}")
    settle(host, ann, level="normal", **lists)
    deliver(host, ann, HOUSE, sender)
    assert folder(host, ann) == into


def test_denied_senders_are_filed_before_any_rule(host: Host) -> None:
    ann = host.add("denying")
    settle(host, ann, level="off", deny=("@away.example",))
    rule = Rule(name="all", enabled=True, any_of=False, conditions=(),
                actions=(Action(do="file", value="News"),))  # fmt: skip
    script(host, ann, "rules", sieve_rules.rules_script((rule,)))
    deliver(host, ann, "")
    assert folder(host, ann) == "Junk"


def test_a_rule_about_spam_goes_by_the_mailboxs_own_settings(host: Host) -> None:
    spam = Condition(field="spam", match="is")
    rule = Rule(name="spam", enabled=True, any_of=False, conditions=(spam,),
                actions=(Action(do="file", value="Marked"),))  # fmt: skip
    for local, settings, headers, into in (
        ("ruled-house", None, HOUSE, "Marked"),
        ("ruled-allow", {"level": "normal", "allow": ("far@away.example",)}, HOUSE, "INBOX"),
        ("ruled-strict", {"level": "strict"}, stars(4), "Marked"),
        ("ruled-off", {"level": "off"}, HOUSE, "INBOX"),
    ):
        ann = host.add(local)
        made = settle(host, ann, **settings) if settings else None
        script(host, ann, "rules", sieve_rules.rules_script((rule,), made))
        deliver(host, ann, headers)
        assert folder(host, ann) == into, local


@pytest.mark.parametrize("own", [False, True])
def test_what_a_persons_own_script_sets_stays_set(host: Host, own: bool) -> None:
    ann = host.add(f"flags-{own}".lower())
    if own:
        settle(host, ann, level="strict")
    own_script(host, ann, 'require "imap4flags";\nkeep :flags "\\\\Seen";\n')
    deliver(host, ann, "")
    assert folder(host, ann) == "INBOX"
    (path,) = (host.home.mail / "here.example" / ann.partition("@")[0] / "Maildir/cur").glob("*")
    assert path.name.endswith(":2,S")


def test_the_longest_lists_are_a_script_that_runs(host: Host) -> None:
    ann = host.add("long-lists")
    label = "x" * 60
    allow = tuple(f"{'a' * 60}{n}@{label}.{label}.{label}.example" for n in range(COUNT - 1))
    deny = tuple(f"{'d' * 60}{n}@{label}.{label}.{label}.example" for n in range(COUNT))
    made = settle(host, ann, level="strict", allow=(*allow, "far@away.example"), deny=deny)
    rules = tuple(
        Rule(name=str(n), enabled=True, any_of=False,
             conditions=(Condition(field="spam", match="is"),),
             actions=(Action(do="file", value="Marked"),))
        for n in range(3)
    )  # fmt: skip
    script(host, ann, "rules", sieve_rules.rules_script(rules, made))
    deliver(host, ann, HOUSE + stars(9))
    assert folder(host, ann) == "INBOX"
