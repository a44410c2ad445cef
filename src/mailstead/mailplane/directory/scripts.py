"""The Sieve scripts and the log-in row of an address, as entries of its answers."""

from __future__ import annotations

import msgspec

from mailstead.mailplane.directory.state import State
from mailstead.wire import sieve_rules


def login_row(
    secret: str, smtp_user: str, may_login: bool, deliverable: bool, quota: int, responder: bool
) -> str:
    """A row of the table `login` without its key, as one comparable value."""
    row = [secret, smtp_user, int(may_login), int(deliverable), quota, int(responder)]
    return msgspec.json.encode(row).decode()


def entries(state: State, address: str, *, stores: bool) -> dict[tuple[str, str], str]:
    """The scripts of an own address; `stores`: mail to it is kept in its mailbox."""
    local, _, domain = address.rpartition("@")
    found: dict[tuple[str, str], str] = {}
    answer = state.autoresponder(address)
    spam = state.spam(address)
    if answer:
        names = [f"{local}@{name}" for name in _names(state, domain)]
        found["sieve", f"{domain}/{local}/autoresponder"] = sieve_rules.autoresponder_script(
            answer, names, keep=stores, spam=spam if stores else None
        )
    rules = state.rules(address)
    if rules and stores and rules.script:
        found["sieve", f"{domain}/{local}/rules"] = rules.script
    elif rules and stores and any(rule.enabled for rule in rules.rules):
        found["sieve", f"{domain}/{local}/rules"] = sieve_rules.rules_script(rules.rules, spam)
    if spam and stores:
        found["spam", address] = "own"
        found["sieve", f"{domain}/{local}/spam"] = sieve_rules.spam_script(spam)
        if spam.deny:
            found["sieve", f"{domain}/{local}/deny"] = sieve_rules.deny_script(spam)
    return found


def _names(state: State, domain: str) -> list[str]:
    found = [domain]
    for name in found:
        found += [other for other in state.followers(name) if other not in found]
    return found
