"""The sender rewriting scheme: forwarded mail leaves from a domain of ours, its bounces find home.

A receiver checks the sender's domain against our address (RFC 7208), so a message that is only
passed on must leave with a sender of ours. No RFC describes the scheme; it is Meng Weng Wong's
paper "SRS" (2003), as libsrs2 and others speak it:

    SRS0=hash=day=domain=local@ours             a sender that had not been rewritten before
    SRS1=hash=host==hash=day=domain=local@ours  one that `host` had rewritten as SRS0

    SRS0=hash=day==key@ours                     a sender too long for either, kept under `key`

`hash` is ours and ours alone to read; without it anybody could send through the way back. Some
hosts lower-case local parts, so nothing here depends on case; a bounce that comes back in lower
case goes on in lower case.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import re
from dataclasses import dataclass

from mailstead.standards.address import MAX_ADDRESS_OCTETS, MAX_LOCAL_OCTETS
from mailstead.standards.refusal import Refusal

MIN_SECRET_OCTETS = 16
_HASH_LENGTH = 6
"""Characters of base32, five bits each: a forger must try some 500 million times."""
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_DAYS = len(_BASE32) ** 2
"""Days are counted modulo this, since two characters is what the field has."""
_EPOCH = datetime.date(1970, 1, 1)

# RFC 5321 §4.1.2, with RFC 6531 §3.3: characters beyond ASCII stand where letters may.
_DOT_STRING = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+"
    r"(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+)*"
)
_QUOTED = re.compile(r'"((?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*)"')
_DOMAIN = re.compile(r"[A-Za-z0-9\x80-\U0010ffff._-]+|\[[A-Za-z0-9.:-]+\]")
# What another host has written: any hash and day, with the separator that this host prefers.
_SRS0 = re.compile(r"srs0([=+-][^=]+=[^=]+=[^=]+=.*)", re.IGNORECASE | re.DOTALL | re.ASCII)
_SRS1 = re.compile(
    r"srs1[=+-][^=]+=([A-Za-z0-9\x80-\U0010ffff._-]+)=([=+-].*)",
    re.IGNORECASE | re.DOTALL | re.ASCII,
)
_KEY = re.compile(r"[a-z0-9]{1,40}")
_OPAQUE = re.compile(r"srs0=([^=]+)=([^=]+)==([a-z0-9]{1,40})", re.IGNORECASE | re.ASCII)
_DAY = re.compile(r"[A-Za-z2-7]{2}")


@dataclass(frozen=True)
class Rewriter:
    """Rewrites senders, and bounces back.

    `secrets`: the newest first; it signs, and all of them open, so that a secret can be replaced
    without losing the bounces on their way. `days`: for how long a bounce is expected.
    """

    secrets: tuple[bytes, ...]
    days: int = 21

    def __post_init__(self) -> None:
        if not self.secrets or any(len(secret) < MIN_SECRET_OCTETS for secret in self.secrets):
            raise ValueError("each secret needs at least 16 octets, and there must be one")
        if not 1 <= self.days < _DAYS // 2:
            raise ValueError(f"days must lie between 1 and {_DAYS // 2 - 1}")

    def forward(self, sender: str, domain: str, now: datetime.datetime) -> str:
        """The sender under which a message from `sender` leaves from `domain`.

        The empty sender stays empty, and one at `domain` stays as it is. Raises `Refusal`:
        `address-invalid`, and `srs-too-long` for what does not fit into a local part; who keeps
        such a sender somewhere can forward with `opaque` instead.
        """
        if not sender:
            return sender
        local, host = _split(sender)
        if host.lower() == domain.lower():
            return sender
        if again := _SRS1.fullmatch(local):
            made = self._srs1(again[1], again[2])
        elif first := _SRS0.fullmatch(local):
            made = self._srs1(host, first[1])
        else:
            day = _day(now)
            mark = self._hash(self.secrets[0], "0", day, host, local)
            made = f"SRS0={mark}={day}={host}={local}"
        address = f"{_quoted(made)}@{domain}"
        if (
            len(address.rpartition("@")[0].encode()) > MAX_LOCAL_OCTETS
            or len(address.encode()) > MAX_ADDRESS_OCTETS
        ):
            raise Refusal(
                "srs-too-long",
                "The sender '{text}' is too long to be rewritten for forwarding.",
                text=_shown(sender),
            )
        return address

    def opaque(self, key: str, domain: str, now: datetime.datetime) -> str:
        """A sender that names `key` alone, under which the caller has kept the first one."""
        if not _KEY.fullmatch(key):
            raise ValueError(f"a key has 1 to 40 small letters and digits, unlike {key!r}")
        day = _day(now)
        return f"SRS0={self._hash(self.secrets[0], 'key', day, key)}={day}=={key}@{domain}"

    def key(self, address: str, now: datetime.datetime) -> str | None:
        """The key in an address that `opaque` has made, or None for one of another form.

        Raises `Refusal`: `srs-foreign` or `srs-expired`, as `reverse` does.
        """
        local, _ = _split(address)
        found = _OPAQUE.fullmatch(local)
        if not found:
            return None
        mark, day, key = found[1], found[2], found[3].lower()
        self._verify(address, mark, "key", day, key)
        self._verify_age(address, day, now)
        return key

    def reverse(self, address: str, now: datetime.datetime) -> str:
        """Whom a bounce to `address` is for, one step back.

        Raises `Refusal`: `srs-foreign` (no such address, or not made by us) or `srs-expired`.
        """
        local, _ = _split(address)
        if again := re.fullmatch(r"srs1=([^=]+)=([^=]+)=([=+-].*)", local, re.I | re.S | re.A):
            mark, host, rest = again[1], again[2], again[3]
            self._verify(address, mark, "1", host, rest)
            return f"{_quoted('SRS0' + rest)}@{host}"
        first = re.fullmatch(r"srs0=([^=]+)=([^=]+)=([^=]+)=(.*)", local, re.I | re.S | re.A)
        if not first:
            raise _foreign(address)
        mark, day, host, rest = first[1], first[2], first[3], first[4]
        self._verify(address, mark, "0", day, host, rest)
        self._verify_age(address, day, now)
        return f"{_quoted(rest)}@{host}"

    def _srs1(self, host: str, rest: str) -> str:
        return f"SRS1={self._hash(self.secrets[0], '1', host, rest)}={host}={rest}"

    def _verify(self, address: str, mark: str, *fields: str) -> None:
        given = mark.lower().encode()
        good = [
            hmac.compare_digest(self._hash(secret, *fields).encode(), given)
            for secret in self.secrets
        ]
        if not any(good) or (fields[0] != "1" and not _DAY.fullmatch(fields[1])):
            raise _foreign(address)

    def _verify_age(self, address: str, day: str, now: datetime.datetime) -> None:
        # A clock of another node may be past midnight already: tomorrow is no day of the past.
        if _age(day, now) > self.days and _age(day, now) != _DAYS - 1:
            raise Refusal(
                "srs-expired",
                "The address '{text}' was good for bounces of a forwarded message and has expired.",
                text=_shown(address),
            )

    @staticmethod
    def _hash(secret: bytes, *fields: str) -> str:
        # Only ASCII is lower-cased on the way, and NUL stands in no field.
        text = "\0".join(fields).encode().lower()
        digest = hmac.new(secret, text, hashlib.sha256).digest()
        return base64.b32encode(digest).decode().lower()[:_HASH_LENGTH]


def _day(now: datetime.datetime) -> str:
    number = _number(now)
    return _BASE32[number // 32] + _BASE32[number % 32]


def _number(now: datetime.datetime) -> int:
    return (now.astimezone(datetime.UTC).date() - _EPOCH).days % _DAYS


def _age(day: str, now: datetime.datetime) -> int:
    """Days since `day`, modulo the span; the day that was written tomorrow is the oldest."""
    high, low = (_BASE32.index(character) for character in day.lower())
    return (_number(now) - high * 32 - low) % _DAYS


def _split(address: str) -> tuple[str, str]:
    """Local part, without its quotes, and domain."""
    local, _, domain = address.rpartition("@")
    quoted = _QUOTED.fullmatch(local)
    bare = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else local
    if (
        not bare
        or not (quoted or _DOT_STRING.fullmatch(local))
        or not _DOMAIN.fullmatch(domain)
        or not _encodable(address)
    ):
        raise Refusal(
            "address-invalid",
            "'{text}' is not a mail address.",
            remedy="Give it as name@domain.",
            text=_shown(address),
        )
    return bare, domain


def _encodable(text: str) -> bool:
    """Whether it holds no half of a surrogate pair, which no octets stand for."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _quoted(local: str) -> str:
    """A local part as it stands before the @: quoted only where it must be."""
    if _DOT_STRING.fullmatch(local):
        return local
    return '"' + re.sub(r'(["\\])', r"\\\1", local) + '"'


def _foreign(address: str) -> Refusal:
    return Refusal(
        "srs-foreign",
        "'{text}' is not an address that this host has made for bounces.",
        text=_shown(address),
    )


def _shown(text: str) -> str:
    """`text` as it may stand in a sentence: printable and short."""
    return ascii(text if len(text) <= 80 else text[:77] + "...")[1:-1]
