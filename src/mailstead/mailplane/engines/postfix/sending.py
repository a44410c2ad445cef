"""Postfix's part in sending addresses: a transport for each, one for the relay, and the filter.

The filter (smtp_delivery_status_filter) turns a refusal for good that speaks of our address's
reputation into one for now, so that the message is kept and leaves by another address. It asks the
same table as `standards.replies` does and after the same preparation: what somebody else may have
written (links, addresses, quotations) and the repeated codes are taken out first. No process of
ours is asked: Postfix takes a filter that does not answer for one that has nothing to say, and the
message would bounce.
"""

from __future__ import annotations

import re
from pathlib import Path

from mailstead.mailplane.engines.files import File
from mailstead.mailplane.engines.postfix.model import PostfixModel
from mailstead.standards.receivers import TABLE, Meaning
from mailstead.standards.refusal import Refusal
from mailstead.wire.pools import FALLBACK, SendingAddress, by_address

SERVICE = "route"
"""Where the router answers qmgr(8)."""
CONCURRENCY_WHEN_NEW = 2
"""Connections at once from a new address to one destination."""
KEPT = (Meaning.REPUTATION, Meaning.RATE)
"""Refusals that are about the address or the pace: another address, or a later try, delivers."""
_CUT = "\x1f"
"""Between what the reply said and the words that are looked at; Postfix lets no such character
through from the other side."""
# As in `standards.replies`; each step takes out one, so there are several of each.
_STEPS = (
    (r"[\s|]+[245]\d\d[ -](?:[245]\.\d{1,3}\.\d{1,3})?[ -]?", " ", 10),
    (r'"[^"]{0,500}"', "<>", 4),
    (r"(?:\b[a-z]{2,9}://|www\.)\S{1,500}", "<>", 4),
    (r"\b[\w.-]{1,100}\.[a-z]{2,12}/\S{0,500}", "<>", 3),
    (r"[^\s<>@]{1,64}@[^\s<>@]{1,255}", "<>", 4),
    (r"\s\s+", " ", 4),
)
_WORD = re.compile(r"[!-9;-~]+")


def files(model: PostfixModel) -> list[File]:
    """The filter's tables and the relay's password; raises `Refusal`."""
    made = [File(path, text) for path, text in _filter(model)]
    relay = model.sending.relay
    if relay is not None and relay.login:
        if not _WORD.fullmatch(relay.login) or not _said(relay.password):
            raise Refusal(
                "relay-login-invalid",
                "The relay's log-in or password has a character that Postfix cannot read.",
                remedy="Use printable ASCII, and no colon in the log-in.",
            )
        text = f"[{relay.host}]:{relay.port} {relay.login}:{relay.password}\n"
        made.append(File(_password_file(model), text, 0o600))
    return made


def _said(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and text == text.strip()


def _password_file(model: PostfixModel) -> Path:
    return model.home.postfix / "relay-password"


def options(model: PostfixModel, address: SendingAddress) -> tuple[tuple[str, str], ...]:
    """The settings of an address's transport (master.cf)."""
    found = [
        ("syslog_name", f"postfix/{by_address(address.number)}"),
        ("smtp_helo_name", address.helo),
        # Rather wait than leave by an address that was not meant.
        ("smtp_bind_address_enforce", "yes"),
        ("smtp_delivery_status_filter", filter_of(model)),
    ]
    if address.ipv4:
        found.append(("smtp_bind_address", address.ipv4))
    if address.ipv6:
        found.append(("smtp_bind_address6", address.ipv6))
    if not (address.ipv4 and address.ipv6 and model.ipv6):
        # Else what it lacks would be the system's own choice.
        found.append(("inet_protocols", "ipv4" if address.ipv4 else "ipv6"))
    return tuple(found)


def relay_options(model: PostfixModel) -> tuple[tuple[str, str], ...]:
    """The settings of the relay's transport."""
    relay = model.sending.relay
    found = [("syslog_name", f"postfix/{FALLBACK}")]
    if relay is not None and relay.login:
        found += [
            ("smtp_sasl_auth_enable", "yes"),
            ("smtp_sasl_password_maps", f"texthash:{_password_file(model)}"),
            ("smtp_sasl_security_options", "noanonymous"),
            # The password must not be read on the way.
            ("smtp_tls_security_level", "encrypt"),
        ]
    return tuple(found)


def filter_of(model: PostfixModel) -> str:
    """The filter as a chain of tables: each one's answer is the next one's question."""
    return f"pipemap:{{{', '.join(f'pcre:{path}' for path, _ in _filter(model))}}}"


def _filter(model: PostfixModel) -> list[tuple[Path, str]]:
    folder = model.home.postfix / "replies"
    texts = [_first(), *(_step(*step[:2]) for step in _STEPS for _ in range(step[2])), _last()]
    return [(folder / f"{number:02}.pcre", text) for number, text in enumerate(texts)]


def _first() -> str:
    """Only a server's own word against us goes on: `4…`, the cut, and its words."""
    return (
        r"/^5(\.\d+\.\d+ .*? (?:said|refused to talk to me): "
        r"5\d\d[ -]?(?:[245]\.\d{1,3}\.\d{1,3}(?!\d))?(.*))$/ "
        f"4${{1}}{_CUT} ${{2}}\n"
    )


def _step(pattern: str, instead: str) -> str:
    pattern = pattern.replace("/", r"\/")
    return f"/^(.*?\\x1f.*?){pattern}(.*)$/ ${{1}}{instead}${{2}}\n/^(.*)$/ ${{1}}\n"


def _last() -> str:
    """The table of replies in its order: what is of `KEPT` is for now, all else stays as it was.

    Any other row answers with what stood there; what fits none, too.
    """
    lines = []
    for row in TABLE:
        if "5" in row.codes:
            pattern = row.pattern.pattern.replace("/", r"\/")
            first = "4" if row.meaning in KEPT else "5"
            anchored = pattern.startswith("^")
            gap = r"\x1f ?" if anchored else r"\x1f.*"
            pattern = pattern.removeprefix("^") if anchored else pattern
            lines.append(f"/^4(.*?){gap}(?:{pattern})/ {first}${{1}}\n")
    return "".join(lines)
