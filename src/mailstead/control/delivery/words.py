"""What became of a message, in words for who sent or expects it.

Whole sentences, one for who did what and one for why, so that each can be translated by itself.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext

from mailstead.control.delivery.models import Attempt, Delivery

Kind = Literal["good", "warn", "bad", "idle"]
# The end of a mail server's name, to whose it is.
COMPANIES = {
    "google.com": "Google",
    "googlemail.com": "Google",
    "outlook.com": "Microsoft",
    "hotmail.com": "Microsoft",
    "yahoodns.net": "Yahoo",
    "yahoo.com": "Yahoo",
    "icloud.com": "Apple",
    "apple.com": "Apple",
    "gmx.net": "GMX",
    "gmx.com": "GMX",
    "web.de": "WEB.DE",
    "t-online.de": "T-Online",
    "kundenserver.de": "IONOS",
    "ionos.com": "IONOS",
    "ionos.de": "IONOS",
    "strato.de": "STRATO",
    "rzone.de": "STRATO",
    "freenet.de": "freenet",
    "posteo.de": "Posteo",
    "mailbox.org": "mailbox.org",
    "protonmail.ch": "Proton",
    "messagingengine.com": "Fastmail",
    "zoho.com": "Zoho",
    "zoho.eu": "Zoho",
    "ovh.net": "OVHcloud",
    "gandi.net": "Gandi",
    "orange.fr": "Orange",
    "comcast.net": "Comcast",
    "bluewin.ch": "Bluewin",
    "yandex.ru": "Yandex",
    "mail.ru": "Mail.ru",
    "qq.com": "Tencent",
    "pphosted.com": "Proofpoint",
    "mimecast.com": "Mimecast",
    "messagelabs.com": "Broadcom",
    "amazonaws.com": "Amazon",
}
_SAID_BY = re.compile(r"^host ([A-Za-z0-9.-]+)\[")

# The first that fits the status code or the reply is why; the more telling ones stand first.
_REASONS: tuple[tuple[str, str, str], ...] = (
    ("full", r"\.2\.2$", r"mailbox (is )?full|over ?quota|quota (is )?exceeded"),
    ("grey", r"(?!)", r"gr[ae]y-?list"),
    ("size", r"\.(2\.3|3\.4)$", r"message (is )?too (large|big)|size limit"),
    ("proof", r"\.7\.(2[067]|509|515)$", r"\b(dmarc|spf|dkim)\b|unauthenticated"),
    ("spam", r"(?!)", r"\bspam|block ?list|black ?list|blocked|reputation|spamhaus"),
    ("rate", r"\.7\.28$", r"rate limit|too many (messages|connections|recipients|errors)|throttl"),
    ("suspended", r"\.2\.1$", r"(mailbox|account|user) (is )?(disabled|suspended|inactive)"),
    ("unknown", r"\.1\.(1|10)$", r"(user|recipient|mailbox|address) (is )?(unknown|not found)"
     r"|no such (user|mailbox|recipient)|unknown (user|recipient)|does not exist"),
    ("relay", r"(?!)", r"relay(ing)? (access )?denied|not permitted to relay"),
    ("nameless", r"\.(4\.4|1\.2)$", r"host or domain name not found|domain .{0,80}does not exist"),
    ("tls", r"\.7\.(4|5|10|11)$", r"\btls\b|certificate"),
    ("away", r"^4\.4\.", r"connect to|connection (timed out|refused|reset)|lost connection"
     r"|timed out|unreachable|no route"),
    ("policy", r"\.7\.", r"(?!)"),
    ("busy", r"^4\.3\.", r"(?!)"),
)  # fmt: skip
_COMPILED = tuple(
    (name, re.compile(code), re.compile(text, re.IGNORECASE)) for name, code, text in _REASONS
)


@dataclass(frozen=True)
class Told:
    """What became of it: a word or two with its colour, and sentences."""

    kind: Kind
    short: str
    sentence: str


def company(host: str) -> str:
    """Whose a mail server is; its name where it is not a known company's; empty: no server."""
    name = host.rstrip(".").lower()
    parts = name.split(".")
    for first in range(len(parts)):
        found = COMPANIES.get(".".join(parts[first:]))
        if found is not None:
            return found
    return name


def reason(dsn: str, reply: str) -> str:
    """Why something was not taken, as a key; empty: not known."""
    for name, code, text in _COMPILED:
        if code.search(dsn) or text.search(reply):
            return name
    return ""


def why(key: str) -> str:
    """The sentence for a reason; empty where there is none."""
    return {
        "full": gettext("The recipient's mailbox is full."),
        "grey": gettext("Mail from new senders is taken at the second try only."),
        "size": gettext("The message is too large."),
        "proof": gettext("Proof is wanted that the mail is the sender's (SPF, DKIM)."),
        "spam": gettext("The message, or its sender, is taken for spam."),
        "rate": gettext("Too much mail came in a short time."),
        "suspended": gettext("The recipient's mailbox is switched off."),
        "unknown": gettext("There is no such address."),
        "relay": gettext("The server asked is not the one for this address."),
        "nameless": gettext("The domain of the address does not exist or has no mail server."),
        "tls": gettext("No secure connection came about."),
        "away": gettext("The other side's server cannot be reached."),
        "policy": gettext("The rules of the receiving side do not allow it."),
        "busy": gettext("The receiving server has trouble of its own at the moment."),
    }.get(key, "")


def clock(at: dt.datetime, now: dt.datetime) -> str:
    """A time in the reader's zone; with the day where it is another one."""
    local = timezone.localtime(at)
    if local.date() == timezone.localtime(now).date():
        return date_format(local, "H:i")
    return date_format(local, pgettext("format of a time", "j M Y, H:i"))


def tell(
    *,
    state: str,
    at: dt.datetime,
    now: dt.datetime,
    relay: str = "",
    dsn: str = "",
    reply: str = "",
    folder: str = "",
    forwarded: list[str] | None = None,
    next_try: dt.datetime | None = None,
) -> Told:
    """What a state or the outcome of one attempt means; pure but for language and time zone."""
    said_by = _SAID_BY.match(reply)
    who = company(relay or (said_by.group(1) if said_by else ""))
    time = clock(at, now)
    # A refusal for now (RFC 5321 §4.2.1): the sender's server keeps the message and comes again.
    key = "put off" if state == "refused" and (dsn or reply)[:1] == "4" else state
    kind, short, first = _first(key, who, time, folder, ", ".join(forwarded or ()))
    sentences = [first]
    if state in ("refused", "deferred", "bounced"):
        sentences.append(why(reason(dsn, reply)))
    if state == "deferred" and next_try is not None:
        words = gettext("Next try about {time}.")
        sentences.append(words.format(time=clock(next_try, now)))
    if state == "filed" and forwarded:
        words = gettext("A rule also forwarded it to {address}.")
        sentences.append(words.format(address=", ".join(forwarded)))
    return Told(kind, short, " ".join(filter(None, sentences)))


def tell_of(row: Delivery | Attempt, now: dt.datetime) -> Told:
    """The same for what became of a message so far, or for one attempt."""
    return tell(
        state=row.outcome if isinstance(row, Attempt) else row.state,
        at=row.at if isinstance(row, Attempt) else row.updated,
        now=now,
        relay=row.relay,
        dsn=row.dsn,
        reply=row.reply,
        folder=row.folder,
        forwarded=row.forwarded,
        next_try=row.next_try,
    )


def _first(state: str, who: str, time: str, folder: str, where: str) -> tuple[Kind, str, str]:
    """Colour, word, and what happened."""
    short = short_words().get(state, state)
    if state == "filed":
        if folder.upper() == "INBOX" or not folder:
            return "good", short, gettext("It came into the inbox at {time}.").format(time=time)
        words = gettext("It was filed into the folder “{folder}” at {time}.")
        return "good", short, words.format(folder=folder, time=time)
    if state == "sent":
        words = gettext("{who} accepted it at {time}.") if who else gettext("Accepted at {time}.")
        return "good", short, words.format(who=who, time=time)
    if state == "forwarded":
        words = gettext("A rule of the mailbox forwarded it to {address} at {time}.")
        return "good", short, words.format(address=where, time=time)
    if state == "deferred":
        words = (
            gettext("{who} did not take it yet at {time}.")
            if who
            else gettext("It could not be delivered yet at {time}.")
        )
        return "warn", short, words.format(who=who, time=time)
    if state == "bounced":
        words = (
            gettext("{who} refused it at {time}; it went back to its sender.")
            if who
            else gettext("It could not be delivered at {time} and went back to its sender.")
        )
        return "bad", short, words.format(who=who, time=time)
    kind, words = _plain(state)
    return kind, short, words.format(time=time)


def _plain(state: str) -> tuple[Kind, str]:
    rows: dict[str, tuple[Kind, str]] = {
        "queued": ("idle", gettext("It waits here for its delivery since {time}.")),
        "released": ("idle", gettext("It was released for delivery at {time}.")),
        "held": ("warn", gettext("It is held back here since {time}.")),
        "refused": ("bad", gettext("It was not accepted here at {time}.")),
        "put off": (
            "warn",
            gettext("It was not accepted here yet at {time}; the sender's server tries again."),
        ),
        "expired": ("bad", gettext("Every try failed; it went back to its sender at {time}.")),
        "deleted": ("bad", gettext("It was removed from the queue by the provider at {time}.")),
        "rejected": ("warn", gettext("A rule of the mailbox rejected it at {time}.")),
        "discarded": (
            "idle",
            gettext("It was discarded at {time}, as a rule of the address says."),
        ),
    }
    return rows.get(state, ("idle", "{time}"))


def short_words() -> dict[str, str]:
    """Each state in a word or two."""
    return {
        "queued": gettext("waiting"),
        "released": gettext("released"),
        "held": gettext("held back"),
        "refused": gettext("refused"),
        "put off": gettext("not yet accepted"),
        "filed": gettext("delivered"),
        "sent": gettext("accepted"),
        "forwarded": gettext("forwarded"),
        "discarded": gettext("discarded"),
        "rejected": gettext("rejected"),
        "deferred": gettext("delayed"),
        "bounced": gettext("returned"),
        "expired": gettext("given up"),
        "deleted": gettext("removed"),
    }
