"""Dovecot's authentication policy protocol (2.3): what it asks and reports, what it is told.

Asked is before a password is tried (`command=allow`), reported when it was (`command=report`). To
Postfix a log-in has another name after the directory has answered (docs/decisions/0001), and with
the name the password's hash changes; so the hash of the question is remembered until the report.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import msgspec

PROTOCOLS = {
    "imap": "imap",
    "pop3": "pop3",
    "sieve": "sieve",
    "managesieve": "sieve",
    "smtp": "smtp",
}
MOST_ACCOUNT = 320
"""Octets of an address (RFC 5321); a longer name is cut: nobody has it."""
MOST_OPEN = 20_000
"""Questions whose report has not come."""


class Told(msgspec.Struct, frozen=True):
    """The body of a request."""

    login: str
    password: str
    client: str
    service: str = ""
    session: str = ""
    device: str = ""
    success: bool = False
    policy_reject: bool = False


_DECODE = msgspec.json.Decoder(Told)


@dataclass(frozen=True, slots=True)
class Login:
    """A log-in that is tried or was."""

    account: str
    client: str
    password: int
    protocol: str
    """Empty: none that counts (doveadm)."""
    device: str
    """The name of the mail program, where it says one."""


def read(body: bytes) -> Told:
    """Raises `msgspec.MsgspecError` or `ValueError` for what is none."""
    found = _DECODE.decode(body)
    int(found.password, 16)
    return found


class Questions:
    """Hashes that were asked about, until the report."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[str, ...], int] = OrderedDict()

    def asked(self, told: Told) -> Login:
        """A question; remembered."""
        login = _login(told, int(told.password, 16))
        self._open[_key(told)] = login.password
        if len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)
        return login

    def reported(self, told: Told) -> Login:
        """A report, with the hash of its question."""
        return _login(told, self._open.pop(_key(told), int(told.password, 16)))


def _key(told: Told) -> tuple[str, ...]:
    return told.login, told.client, told.service, told.session


def _login(told: Told, password: int) -> Login:
    return Login(
        account=told.login.strip().lower()[:MOST_ACCOUNT],
        client=told.client,
        password=password,
        protocol=PROTOCOLS.get(told.service, ""),
        device=_program(told.device),
    )


def _program(words: str) -> str:
    """The name in an IMAP ID (RFC 2971): `"name" "Thunderbird" "version" "115.0"`."""
    parts = words.split('"')[1::2]
    pairs = dict(zip(parts[::2], parts[1::2], strict=False))
    return next((value for key, value in pairs.items() if key.lower() == "name"), "")[:60]


def answer(status: int, words: str = "") -> bytes:
    """-1: refused, with the reason; 0: go on; else seconds to wait before."""
    return msgspec.json.encode({"status": status, "msg": words})
