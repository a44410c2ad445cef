"""What became of a message, in words for who sent or expects it.

Whole sentences, one for who did what and one for why, so that each can be translated by itself.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext

from mailstead.control.delivery.causes import FAILED
from mailstead.control.delivery.models import Attempt, Delivery
from mailstead.standards import replies
from mailstead.standards.mail_hosts import company
from mailstead.standards.receivers import Detail, Meaning
from mailstead.standards.replies import Reading

Kind = Literal["good", "warn", "bad", "idle"]
_SAID_BY = re.compile(r"^host ([A-Za-z0-9.-]+)\[")


@dataclass(frozen=True)
class Told:
    """What became of it: a word or two with its colour, and sentences."""

    kind: Kind
    short: str
    sentence: str
    advice: str = ""
    """What the sender can do; empty: nothing, or nothing is wrong."""


def why(reading: Reading) -> str:
    """The sentence for what a reply means; empty where it says nothing that is known."""
    by_detail = {
        Detail.GREYLISTED: gettext("Mail from new senders is taken at the second try only."),
        Detail.UNREACHED: gettext("The other side's server cannot be reached."),
        Detail.BUSY: gettext("The receiving server has trouble of its own at the moment."),
        Detail.NO_DOMAIN: gettext(
            "The domain of the address does not exist or has no mail server."
        ),
        Detail.SWITCHED_OFF: gettext("The recipient's mailbox is switched off."),
        Detail.SIZE: gettext("The message is too large."),
        Detail.PROOF: gettext("Proof is wanted that the mail is the sender's (SPF, DKIM)."),
        Detail.HOST_NAME: gettext("The receiving side misses our server's name in DNS."),
        Detail.RELAY: gettext("The server asked is not the one for this address."),
        Detail.MALWARE: gettext("The message or a file in it is taken for dangerous."),
    }
    by_meaning = {
        Meaning.LATER: gettext("The receiving server wants it later."),
        Meaning.FULL: gettext("The recipient's mailbox is full."),
        Meaning.NO_MAILBOX: gettext("There is no such address."),
        Meaning.POLICY: gettext("The rules of the receiving side do not allow it."),
        Meaning.REPUTATION: gettext("The sending server is not trusted there at present."),
        Meaning.CONTENT: gettext("The message is taken for spam."),
        Meaning.RATE: gettext("Too much mail came in a short time."),
        Meaning.TLS: gettext("No secure connection came about."),
    }
    return by_detail.get(reading.detail) or by_meaning.get(reading.meaning, "")


def advice(reading: Reading) -> str:
    """What the sender can do about it; empty where there is nothing."""
    by_detail = {
        Detail.NO_DOMAIN: gettext("Check the spelling of what stands after the @."),
        Detail.SIZE: gettext("Send it in smaller parts, or send a link to the file."),
        Detail.PROOF: gettext(
            "Whoever looks after your domain should see what its page about DNS says."
        ),
        Detail.HOST_NAME: gettext("It is about our server, not about you: we look after it."),
        Detail.MALWARE: gettext("Check the files in it, and send them in another way."),
    }
    by_meaning = {
        Meaning.FULL: gettext("Reach them in another way, or write again in some days."),
        Meaning.NO_MAILBOX: gettext(
            "Check the spelling, or ask the recipient in another way for the address of today."
        ),
        Meaning.POLICY: gettext("Ask the recipient in another way to have your mail allowed."),
        Meaning.REPUTATION: gettext("It is about our server, not about you: we look after it."),
        Meaning.CONTENT: gettext("Write it anew, with fewer links and no attached files."),
        Meaning.RATE: gettext("Write to fewer people at a time."),
    }
    return by_detail.get(reading.detail) or by_meaning.get(reading.meaning, "")


def cause_words() -> dict[str, str]:
    """Each class of failures in a word or two."""
    return {
        "no-mailbox": gettext("no such address"),
        "full": gettext("mailbox full"),
        "policy": gettext("rules of the other side"),
        "reputation": gettext("trust in our server"),
        "content": gettext("taken for spam"),
        "rate": gettext("too much at once"),
        "tls": gettext("encryption"),
        "later": gettext("asked to come later"),
        "soft": gettext("for now, without a known reason"),
        "hard": gettext("for good, without a known reason"),
    }


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
    sentences, hint = [first], ""
    if state in FAILED:
        reading = replies.read(reply, dsn)
        sentences.append(why(reading))
        if state != "deferred":
            hint = advice(reading)
    if state == "deferred" and next_try is not None:
        words = gettext("Next try about {time}.")
        sentences.append(words.format(time=clock(next_try, now)))
    if state == "filed" and forwarded:
        words = gettext("A rule also forwarded it to {address}.")
        sentences.append(words.format(address=", ".join(forwarded)))
    return Told(kind, short, " ".join(filter(None, sentences)), hint)


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
        "returned": (
            "bad",
            gettext("It was accepted, but sent back later by the other side, at {time}."),
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
        "returned": gettext("sent back later"),
        "expired": gettext("given up"),
        "deleted": gettext("removed"),
    }


def way_words(way: str, names: Mapping[str, str]) -> str:
    """By what mail left or leaves (`wire.events.AttemptSeen.source`, or `wait`).

    `names` are those of the sending addresses, by `wire.pools.by_address`.
    """
    return {
        "wait": gettext("waits"),
        "fallback": gettext("the fallback relay"),
        "direct": gettext("the server itself"),
    }.get(way) or names.get(way, way)
