"""Whether this node's addresses and names stand on DNS lists, asked again and again.

The node asks, with its own resolver: lists answer who asks themselves, not a public resolver that
asks for thousands. What is known lives in `<home>/agent/listings.json`; a change is an event.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import random
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.resolver
import msgspec
import structlog

from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.engines.postfix.model import sending_plan
from mailstead.mailplane.engines.unbound.control import own_resolver
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.mailplane.sending.door import RouterAway, ask
from mailstead.mailplane.sending.questions import Listed
from mailstead.standards import dnsbl
from mailstead.standards.dnsbl import Verdict
from mailstead.wire.events import ListingSeen
from mailstead.wire.pools import SendingPlan

PATIENCE = 5.0
"""Seconds for one question."""
WORDS = 300
"""Characters of a list's own words that are kept."""
FIRST = 60.0
"""Seconds after the start of the first round."""

log = structlog.get_logger("listings")


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A subject stands on a list since `since` (UTC)."""

    subject: str
    zone: str
    answers: tuple[str, ...]
    words: str
    since: dt.datetime


class Lists:
    """The lists as this node's resolver finds them; one round asks each for its test entries."""

    def __init__(self, resolver: dns.resolver.Resolver) -> None:
        self._resolver = resolver
        self._sound: dict[tuple[str, dnsbl.Probe], bool] = {}

    def ask(self, subject: str, zone: str) -> Listing | Verdict:
        """What a list says: a listing, `CLEAR`, or `REFUSED` when nothing can be learnt."""
        probe = dnsbl.probe_of(subject)
        if (zone, probe) not in self._sound:
            self._sound[zone, probe] = self._is_sound(zone, probe)
        if not self._sound[zone, probe]:
            return Verdict.REFUSED
        answers = self._look(subject, zone, "A")
        if answers is None:
            return Verdict.REFUSED
        said = dnsbl.verdict(answers)
        if said is not Verdict.LISTED:
            return said
        words = " ".join(self._look(subject, zone, "TXT") or ())[:WORDS]
        return Listing(
            subject=subject,
            zone=zone,
            answers=tuple(sorted(answers)),
            words=words,
            since=dt.datetime.now(dt.UTC),
        )

    def addresses_of(self, name: str) -> list[str]:
        """The addresses of a name in the DNS; none when it has none or nothing can be learnt."""
        return [a for kind in ("A", "AAAA") for a in self._records(name, kind) or ()]

    def _is_sound(self, zone: str, probe: dnsbl.Probe) -> bool:
        known = self._look(probe.listed, zone, "A")
        unknown = self._look(probe.clear, zone, "A")
        return (
            known is not None
            and unknown is not None
            and dnsbl.verdict(known) is Verdict.LISTED
            and not unknown
        )

    def _look(self, subject: str, zone: str, kind: str) -> list[str] | None:
        try:
            return self._records(dnsbl.question(subject, zone), kind)
        except ValueError:
            return None

    def _records(self, name: str, kind: str) -> list[str] | None:
        """The texts of the records; empty: the name has none; None: nothing can be learnt."""
        try:
            found = self._resolver.resolve(name, kind, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException:
            return None
        return [
            b" ".join(item.strings).decode("utf-8", "replace")
            if kind == "TXT"
            else str(item.to_text())
            for item in found
        ]


@dataclass(frozen=True)
class Round:
    """What one round brought: what is listed now, and the lists of which nothing can be learnt."""

    listed: tuple[Listing, ...]
    silent: tuple[str, ...]


_one_round = threading.Lock()
"""A round may be asked for while another runs: they write the same file."""


class ListingWatch:
    """Asks in rounds, keeps what is known, tells what changed."""

    def __init__(self, settings: Settings, home: Home) -> None:
        self._settings = settings
        self._home = home
        self._file = home.event_spool.parent / "listings.json"

    @property
    def known(self) -> list[Listing]:
        """What is listed as far as is known."""
        return _read(self._file)

    def run(self, stopping: threading.Event) -> None:
        """Work until told to stop."""
        pause = FIRST
        while not stopping.wait(pause):
            # Not all nodes of a fleet in the same second, and never on the hour.
            pause = self._settings.reputation.every_minutes * 60 * random.uniform(0.9, 1.1)
            try:
                self.once()
            except (OSError, sqlite3.Error, msgspec.MsgspecError) as error:
                log.error("cannot look at the lists", words=str(error))

    def once(self) -> Round:
        """One round: ask every list for every subject, keep and tell what changed.

        A list that says nothing changes nothing. Raises `OSError`, `sqlite3.Error`.
        """
        with _one_round:
            lists = Lists(own_resolver(self._settings.ports.of("resolver"), PATIENCE))
            before = {(one.subject, one.zone): one for one in self.known}
            after: dict[tuple[str, str], Listing] = {}
            silent: dict[str, None] = {}
            for subject, zone in self._pairs(lists):
                said = lists.ask(subject, zone)
                old = before.get((subject, zone))
                if isinstance(said, Listing):
                    after[subject, zone] = said if old is None else _since(said, old.since)
                elif said is Verdict.REFUSED:
                    silent[zone] = None
                    if old is not None:
                        after[subject, zone] = old
            self._keep(before, after)
        return Round(tuple(after.values()), tuple(silent))

    def _pairs(self, lists: Lists) -> list[tuple[str, str]]:
        wanted = self._settings.reputation
        host = self._settings.hostname
        return [
            (subject, zone)
            for subject in subjects([*lists.addresses_of(host), host], sending_plan(self._home))
            for zone in (wanted.address_lists if dnsbl.is_address(subject) else wanted.name_lists)
        ]

    def _keep(
        self,
        before: dict[tuple[str, str], Listing],
        after: dict[tuple[str, str], Listing],
    ) -> None:
        """Tell first, then keep: a round that is cut off between the two tells again."""
        events = [_event(one, listed=True) for key, one in after.items() if key not in before]
        events += [_event(one, listed=False) for key, one in before.items() if key not in after]
        if events:
            spool = EventSpool(self._home.event_spool)
            try:
                spool.add(events)
            finally:
                spool.close()
        fresh = self._file.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(list(after.values())))
        fresh.replace(self._file)
        self._turn_traffic(after.values())

    def _turn_traffic(self, listings: Iterable[Listing]) -> None:
        """Mail leaves by addresses that no list names, where there are any (sending/choice.py)."""
        plan = sending_plan(self._home)
        if not plan.addresses:
            return
        moving = listings if self._settings.reputation.move_traffic else ()
        try:
            ask(self._home, Listed(lists=named(plan, moving)))
        except RouterAway as away:
            log.warning("router away", words=str(away))


def subjects(of_host: Sequence[str], plan: SendingPlan) -> list[str]:
    """What is looked for: the host's addresses and name, and those from which it sends."""
    sending = [text for one in plan.addresses for text in (one.ipv4, one.ipv6, one.helo)]
    found = dict.fromkeys([*of_host, *sending])
    return [subject for subject in found if subject and not _is_local(subject)]


def named(plan: SendingPlan, listings: Iterable[Listing]) -> dict[int, str]:
    """The numbers of the addresses that lists name, by themselves or by their HELO; the lists."""
    zones: dict[str, list[str]] = {}
    for one in listings:
        zones.setdefault(one.subject, []).append(one.zone)
    found = {
        one.number: [
            zone for text in (one.ipv4, one.ipv6, one.helo) for zone in zones.get(text, ())
        ]
        for one in plan.addresses
    }
    return {number: ", ".join(dict.fromkeys(of)) for number, of in found.items() if of}


def _read(path: Path) -> list[Listing]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Listing])
    except (OSError, msgspec.MsgspecError):
        return []


def _since(listing: Listing, since: dt.datetime) -> Listing:
    return msgspec.structs.replace(listing, since=since)


def _is_local(subject: str) -> bool:
    """Addresses that nobody can meet on the internet are on no list."""
    if not dnsbl.is_address(subject):
        return False
    address = ipaddress.ip_address(subject)
    return address.is_loopback or address.is_link_local or address.is_unspecified


def _event(listing: Listing, *, listed: bool) -> ListingSeen:
    number, now = EventSpool.identity()
    return ListingSeen(
        id=number,
        at=now,
        subject=listing.subject,
        zone=listing.zone,
        listed=listed,
        since=listing.since,
        answers=listing.answers,
        words=listing.words,
    )
