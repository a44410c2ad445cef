"""Typed rules and autoresponders as Sieve scripts: what the node runs and what the panel shows."""

from __future__ import annotations

import datetime as dt
from email.utils import formataddr

from mailstead.standards import sieve
from mailstead.standards.refusal import Refusal
from mailstead.wire import answer_tags
from mailstead.wire.changes import Action, AutoresponderPut, Condition, Rule, SpamSettingsPut

_HEADERS = {
    "from": ["From"],
    "to": ["To"],
    "cc": ["Cc"],
    "recipient": ["To", "Cc", "Bcc"],
    "subject": ["Subject"],
}
_SYSTEM_FLAGS = {"flagged", "seen", "answered", "deleted", "draft"}
_HOUSE = 'header :is "X-Spam" "Yes"'
_HEAD = "# Made by Mailstead; changes here are overwritten.\n"
STRICT, LENIENT = 4, 10
"""Scores from which on the levels of these names take mail for spam; the house's own verdict may
be set stricter than `strict` or milder than `lenient`, and then holds."""


def spam_test(settings: SpamSettingsPut | None) -> str:
    """The test whether a message is spam for a mailbox.

    Rspamd's headers say it: `X-Spam` the house's own verdict, `X-Spam-Level` a star for each point.
    Whatever came from outside under these names was removed before.
    """
    if settings is None:
        return _HOUSE
    level = {
        "off": "false",
        "lenient": sieve.all_of([_HOUSE, _score_from(LENIENT)]),
        "normal": _HOUSE,
        "strict": sieve.any_of([_HOUSE, _score_from(STRICT)]),
    }[settings.level]
    if settings.allow:
        level = sieve.all_of([f"not {_from_any(settings.allow)}", level])
    return sieve.any_of([_from_any(settings.deny), level]) if settings.deny else level


def _score_from(points: int) -> str:
    return f'header :contains "X-Spam-Level" "{"*" * points}"'


def _from_any(senders: tuple[str, ...]) -> str:
    domains = [sender[1:] for sender in senders if sender.startswith("@")]
    whole = [sender for sender in senders if not sender.startswith("@")]
    tests = []
    if whole:
        tests.append(f'address :is :all "From" {sieve.strings(whole)}')
    if domains:
        tests.append(f'address :is :domain "From" {sieve.strings(domains)}')
    return sieve.any_of(tests)


def spam_script(settings: SpamSettingsPut) -> str:
    """Runs when nothing else has decided, instead of the house's own filing of spam."""
    return (
        f"{_HEAD}{sieve.require({'fileinto', 'mailbox'})}if {spam_test(settings)} {{\n"
        '  fileinto :create "Junk";\n  stop;\n}\n'
    )


def deny_script(settings: SpamSettingsPut) -> str:
    """Runs before everything: mail of those whom the mailbox does not want."""
    return (
        f"{_HEAD}{sieve.require({'fileinto', 'mailbox'})}if {_from_any(settings.deny)} {{\n"
        '  fileinto :create "Junk";\n  stop;\n}\n'
    )


def rules_script(rules: tuple[Rule, ...], spam: SpamSettingsPut | None = None) -> str:
    """The script of a mailbox's rules, in their order."""
    needs: set[str] = set()
    verdict = spam_test(spam)
    blocks = [_rule(rule, needs, verdict) for rule in rules if rule.enabled]
    return _HEAD + sieve.require(needs) + "\n".join(blocks)


def _rule(rule: Rule, needs: set[str], spam: str) -> str:
    tests = [_test(condition, needs, spam) for condition in rule.conditions]
    test = sieve.any_of(tests) if rule.any_of else sieve.all_of(tests)
    lines = [line for action in rule.actions for line in _action(action, needs)]
    if rule.stop:
        lines.append("stop;")
    name = "".join(c if c.isprintable() else " " for c in rule.name)
    body = "".join(f"  {line}\n" for line in lines)
    return f"# {name}\nif {test} {{\n{body}}}\n"


def _test(condition: Condition, needs: set[str], spam: str) -> str:
    test = _positive(condition, needs, spam)
    return f"not {test}" if condition.negate else test


def _positive(condition: Condition, needs: set[str], spam: str) -> str:
    if condition.field == "spam":
        return spam
    if condition.field == "size":
        if condition.match not in ("over", "under") or not condition.value.isdigit():
            raise Refusal(
                "rule-invalid",
                "A size is compared by 'over' or 'under' with a number of bytes.",
            )
        return f"size :{condition.match} {int(condition.value)}"
    if condition.field == "body":
        needs.add("body")
        return f"body :text {_match(condition)}"
    names = _HEADERS.get(condition.field) or [condition.header]
    if condition.match == "exists":
        tests = [f"exists {sieve.string(name)}" for name in names]
        return sieve.any_of(tests)
    if condition.match == "is" and condition.field in ("from", "to", "cc", "recipient"):
        return f"address :is :all {sieve.strings(names)} {sieve.string(condition.value)}"
    kind, value = _match_parts(condition)
    return f"header {kind} {sieve.strings(names)} {sieve.string(value)}"


def _match(condition: Condition) -> str:
    kind, value = _match_parts(condition)
    return f"{kind} {sieve.string(value)}"


def _match_parts(condition: Condition) -> tuple[str, str]:
    plain = sieve.literal_pattern(condition.value)
    parts = {
        "contains": (":contains", condition.value),
        "is": (":is", condition.value),
        "begins": (":matches", plain + "*"),
        "ends": (":matches", "*" + plain),
        "matches": (":matches", condition.value),
    }.get(condition.match)
    if parts is None:
        raise Refusal("rule-invalid", f"'{condition.match}' cannot be used with {condition.field}.")
    return parts


def _action(action: Action, needs: set[str]) -> list[str]:
    value = sieve.string(action.value)
    if action.do in ("file", "copy"):
        needs |= {"fileinto", "mailbox"}
        if action.do == "copy":
            needs.add("copy")
        return [f"fileinto {':copy ' if action.do == 'copy' else ''}:create {value};"]
    if action.do == "redirect":
        return [f"redirect {value};"]
    if action.do == "redirect_copy":
        needs.add("copy")
        return [f"redirect :copy {value};"]
    if action.do == "flag":
        needs.add("imap4flags")
        known = action.value.lstrip("\\").lower() in _SYSTEM_FLAGS
        flag = "\\" + action.value.lstrip("\\") if known else action.value
        return [f"addflag {sieve.string(flag)};"]
    if action.do == "reject":
        needs.add("reject")
        return [f"reject {value};"]
    return ["discard;" if action.do == "discard" else "keep;"]


def autoresponder_script(
    answer: AutoresponderPut,
    names: list[str],
    *,
    keep: bool,
    spam: SpamSettingsPut | None = None,
) -> str:
    """The script of an autoresponder; `names` are the addresses that it answers for.

    It answers people only: not spam, lists or bulk (RFC 3834 §2); Pigeonhole itself leaves out
    null senders and automatic mail, and remembers whom it answered (RFC 5230 §4.2). Without
    `keep` the message goes no further. In subject and text `%subject%`, `%from%` and `%email%`
    stand for the message's subject, its sender's name and address.
    """
    needs = {"vacation", "vacation-seconds"}
    tags = [tag for tag in answer_tags.TAGS if tag in answer.subject + answer.body]
    if tags:
        needs |= answer_tags.NEEDS
    tests = [
        f"not {spam_test(spam)}",
        'not exists "List-Id"',
        'not exists "List-Unsubscribe"',
        'not header :contains "Precedence" ["bulk", "list", "junk"]',
    ]
    if answer.starts:
        tests.append(_from_moment(answer.starts))
    if answer.ends:
        tests.append(f"not {_from_moment(answer.ends)}")
    if answer.starts or answer.ends:
        needs |= {"date", "relational"}
    sender = formataddr((answer.from_name, answer.address))
    parts = [
        f"  vacation :seconds {answer.interval}",
        f"    :addresses {sieve.strings(names)}",
        f"    :from {sieve.string(sender)}",
        f"    :subject {_filled(answer.subject, tags)}",
        f"    {_body(answer, tags)};",
    ]
    end = "" if keep else "discard;\nstop;\n"
    body = "\n".join(parts)
    head = _HEAD + sieve.require(needs) + answer_tags.settings(tags, html=answer.html)
    return f"{head}if {sieve.all_of(tests)} {{\n{body}\n}}\n{end}"


def _filled(text: str, tags: list[str]) -> str:
    return sieve.string(answer_tags.filled(text) if tags else text)


def _body(answer: AutoresponderPut, tags: list[str]) -> str:
    if not answer.html:
        return _filled(answer.body, tags)
    head = (
        "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n"
        "Content-Transfer-Encoding: 8bit\n\n"
    )
    return f":mime {_filled(head + answer.body, tags)}"


def _from_moment(moment: dt.datetime) -> str:
    """True from that moment on (RFC 5260 §5); compared as text in UTC."""
    utc = moment.astimezone(dt.UTC)
    day, time = utc.strftime("%Y-%m-%d"), utc.strftime("%H:%M:%S")

    def compare(how: str, part: str, value: str) -> str:
        return f'currentdate :zone "+0000" {how} "{part}" "{value}"'

    same_day = sieve.all_of([compare(":is", "date", day), compare(':value "ge"', "time", time)])
    return sieve.any_of([compare(':value "gt"', "date", day), same_day])
