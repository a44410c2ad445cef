"""Which lines of the engines' logs tell a log-in: of whom, by what, from where, when."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

from mailstead.mailplane.engines.log_text import moment

_PROTOCOLS = {"imap": "imap", "pop3": "pop3", "managesieve": "sieve"}
_SESSIONS = 20_000
"""Submission sessions that are remembered; more than Postfix may have processes."""
# What stands behind the user's name may hold anything that a client sent, hence the strict
# beginning: no `<` before that of `user=<`.
_DOVECOT = re.compile(
    r"(?P<at>\S+) (?P<name>imap|pop3|managesieve)-login: Info: "
    r"(?:(?P<ok>Login)|(?:Disconnected|Aborted login)[^<]*\(auth failed, (?P<tries>\d+) "
    r"attempts[^<)]*\)): "
    r"user=<(?P<user>[^<>\s]+@[^<>\s]+)>, (?:method=\S+, )?rip=(?P<rip>[0-9a-fA-F.:]+),"
    r".*?credential=<(?:[^<>\s]*/(?P<credential>\d+))?>"
)
_POSTFIX = re.compile(
    r"(?P<at>\w{3} [ \d]\d [\d:]{8}) \S+ postfix/submissions?/smtpd\[(?P<pid>\d+)\]: "
    r"(?:(?P<id>\w+): client=[^\[\s]*\[(?P<rip>[0-9a-fA-F.:]+)\][^,]*, sasl_method=\S+"
    r"|warning: [^\[\s]*\[(?P<bad>[0-9a-fA-F.:]+)\]: SASL \w+ authentication failed:.*)"
    r", sasl_username=(?P<user>[^\s/]+@[^\s/]+)(?:/(?P<credential>\d+))?"
)
# By the script that Dovecot asks (engines/dovecot/breached.lua).
_LEAKED = re.compile(
    r"(?P<at>\S+) auth-worker\(\d+\): Info: breached password: "
    r"service=<(?P<service>imap|pop3|sieve|smtp)> rip=<(?P<rip>[0-9a-fA-F.:]*)> "
    r"credential=<(?P<user>[^<>\s/]+@[^<>\s/]+)/(?P<credential>\d+)>"
)
_OVER = re.compile(
    r"\w{3} [ \d]\d [\d:]{8} \S+ postfix/submissions?/smtpd\[(?P<pid>\d+)\]: "
    r"(?:dis)?connect(?:ed)? from "
)


@dataclass(frozen=True)
class Key:
    """What is added up."""

    address: str
    protocol: str
    client: str
    credential: int
    failed: bool


@dataclass(frozen=True)
class Seen:
    """What one line tells."""

    key: Key
    count: int
    at: dt.datetime


@dataclass(frozen=True)
class Leaked:
    """A log-in with a password that is known from leaks."""

    address: str
    protocol: Literal["imap", "pop3", "sieve", "smtp"]
    client: str
    credential: int
    at: dt.datetime


def leaked(line: str, now: dt.datetime) -> Leaked | None:
    """The log-in with a leaked password that a line of Dovecot's log tells, if it tells one."""
    if "breached password" not in line:
        return None
    found = _LEAKED.fullmatch(line)
    if found is None:
        return None
    return Leaked(
        address=found["user"].lower(),
        protocol=found["service"],  # type: ignore[arg-type]
        client=found["rip"],
        credential=int(found["credential"]),
        at=moment(found["at"], "%Y-%m-%dT%H:%M:%S", now),
    )


class DovecotLines:
    """IMAP, POP3, ManageSieve: one line at each log-in, one at the end of those that failed."""

    def read(self, line: str, now: dt.datetime) -> Seen | None:
        """The log-in that a line tells, if it tells one."""
        found = _DOVECOT.match(line)
        if found is None:
            return None
        key = Key(
            address=found["user"].lower(),
            protocol=_PROTOCOLS[found["name"]],
            client=found["rip"],
            credential=int(found["credential"] or 0),
            failed=not found["ok"],
        )
        return Seen(key, int(found["tries"] or 1), moment(found["at"], "%Y-%m-%dT%H:%M:%S", now))


class PostfixLines:
    """Submission: a line for each message, of which the first of a session counts."""

    def __init__(self) -> None:
        self._open: dict[str, Key] = {}
        """By the number of the process: whose session it serves."""

    def read(self, line: str, now: dt.datetime) -> Seen | None:
        """The log-in that a line tells, if it tells one."""
        if "/smtpd[" not in line:
            return None
        over = _OVER.match(line)
        if over is not None:
            self._open.pop(over["pid"], None)
            return None
        found = _POSTFIX.fullmatch(line)
        if found is None:
            return None
        failed = found["id"] is None
        key = Key(
            address=found["user"].lower(),
            protocol="smtp",
            client=found["bad"] if failed else found["rip"],
            credential=0 if failed else int(found["credential"] or 0),
            failed=failed,
        )
        if not failed:
            if self._open.get(found["pid"]) == key:
                return None
            if len(self._open) >= _SESSIONS:
                self._open.clear()
            self._open[found["pid"]] = key
        return Seen(key, 1, moment(found["at"], "%b %d %H:%M:%S", now))
