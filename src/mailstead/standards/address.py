"""Mail addresses as this host accepts them: normalised once at the border, never trusted later.

Domains become lower-case A-labels (RFC 5890 §2.3.2.1), local parts lower case. What a hosted local
part may hold is narrower than RFC 5321 §4.1.2, because it becomes a directory name, a log-in name,
a key of a Postfix map and a word in a Sieve script.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import idna

from mailstead.standards.refusal import Refusal, Term

MAX_LOCAL_OCTETS = 64  # RFC 5321 §4.5.3.1.1
MAX_DOMAIN_OCTETS = 253  # RFC 1035 §2.3.4, without the final dot
MAX_ADDRESS_OCTETS = 254  # RFC 5321 §4.5.3.1.3: a path of 256 less its angle brackets

# A log-in name must survive Dovecot's default auth_username_chars, which stays at its default
# because widening it has opened injection holes (CVE-2026-24031).
_MAILBOX_LOCAL = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_-])?")
# Forwarders are keys of lmdb maps only. '#' first and '"' would be read by postmap as a comment
# and a quoted key; '/' '%' '|' have meaning elsewhere in mail software.
_FORWARDER_LOCAL = re.compile(r"[a-z0-9_][a-z0-9._+&'=~!$*^#-]*")
# A remote destination is an RFC 5321 Dot-string without what old mail software reads as a route, a
# command or a file: ! % | $ ` { } ^, and '/' or '-' at its beginning.
_REMOTE_LOCAL = re.compile(r"[A-Za-z0-9_#&'*+=?~][A-Za-z0-9_#&'*+=?~/.-]*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


NODE_POSTMASTER = "postmaster@node.mailstead.invalid"
"""Inside a node: whoever reads the mail for the node's own postmaster."""


class Address(NamedTuple):
    """A normalised address; `str()` gives `local@domain`."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def _shown(text: str) -> str:
    """`text` as it may stand in a sentence: printable and short."""
    short = text if len(text) <= 80 else text[:77] + "..."
    return ascii(short)[1:-1]


def normalise_domain(text: str) -> str:
    """`text` as a lower-case A-label domain name; raises `Refusal` (`domain-invalid`)."""
    bare = text.strip(" \t").rstrip(".")
    try:
        name = bare.lower() if bare.isascii() else idna.encode(bare, uts46=True).decode("ascii")
    except idna.IDNAError:
        name = ""
    labels = name.split(".")
    if (
        len(labels) < 2
        or len(name) > MAX_DOMAIN_OCTETS
        or not all(_LABEL.fullmatch(label) for label in labels)
        or labels[-1].isdigit()
    ):
        raise Refusal(
            "domain-invalid",
            "'{text}' is not a domain name.",
            remedy="Give a name such as example.org, without spaces or a leading @.",
            text=_shown(text),
        )
    return name


def _split(text: str) -> tuple[str, str]:
    local, at, domain = text.strip(" \t").rpartition("@")
    if not at or not local:
        raise Refusal(
            "address-invalid",
            "'{text}' is not a mail address.",
            remedy="Give it as name@domain.",
            text=_shown(text),
        )
    return local, domain


def _checked(text: str, pattern: re.Pattern[str], lower: bool, allowed: str) -> Address:
    local, domain = _split(text)
    if lower:
        local = local.lower()
    if not pattern.fullmatch(local) or ".." in local or local[0] == "." or local[-1] == ".":
        raise Refusal(
            "address-invalid",
            "The part before the @ of '{text}' cannot be used here.",
            remedy="Use {allowed}.",
            text=_shown(text),
            allowed=Term(allowed),
        )
    if len(local.encode()) > MAX_LOCAL_OCTETS:
        raise Refusal(
            "address-too-long",
            "The part before the @ of '{text}' is longer than {max_local_octets} octets.",
            remedy="Choose a shorter name.",
            text=_shown(text),
            max_local_octets=MAX_LOCAL_OCTETS,
        )
    address = Address(local, normalise_domain(domain))
    if len(str(address)) > MAX_ADDRESS_OCTETS:
        raise Refusal(
            "address-too-long",
            "'{text}' is longer than {max_address_octets} octets.",
            remedy="Choose a shorter name.",
            text=_shown(text),
            max_address_octets=MAX_ADDRESS_OCTETS,
        )
    return address


def mailbox_address(text: str) -> Address:
    """The address of a mailbox hosted here; raises `Refusal`."""
    return _checked(
        text,
        _MAILBOX_LOCAL,
        True,
        "letters, digits, dots, hyphens and underscores, beginning with a letter or digit",
    )


def forwarder_address(text: str) -> Address:
    """The address of a forwarder or autoresponder hosted here; raises `Refusal`."""
    return _checked(
        text,
        _FORWARDER_LOCAL,
        True,
        "letters, digits and . _ - + & = ~ ' ! $ * ^ #, beginning with a letter or digit",
    )


def destination_address(text: str) -> Address:
    """An address anywhere to which mail is forwarded; its local part keeps its case."""
    return _checked(text, _REMOTE_LOCAL, False, "letters, digits and . _ - + / & = ~ ' # * ?")
