"""Who keeps the certificates: orders what is missing or due, shows it, tells how it stands.

Purpose: a thread of the agent; one name after the other, so that none holds up another for longer
    than one order lasts.
Files: `<home>/tls/names/`, `<home>/tls/book.json` (what was tried and when), `<home>/challenges/`
    (what nginx shows to the authority), `<home>/secrets/acme-account.pem`.
Security: a name is ordered only when it is the node's own or lies in a hosted domain, and points
    here. Keys are root's alone.
Diagnostics: JSON lines; `CertificateSeen` to the control plane for each change.
Known limits: one certificate a name, proved by HTTP at port 80 (RFC 8555, 8.3).
Settings: `certificates`, `hostname`, `web.hostnames`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import sqlite3
import threading
from collections.abc import Callable

import structlog
from cryptography import x509

from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.engines.processes import EngineError
from mailstead.mailplane.node.certificates import authority, pointing, schedule, store, wanted, wish
from mailstead.mailplane.node.certificates.authority import Authority, Declined, Unreachable
from mailstead.mailplane.node.certificates.book import Book, Note, Told
from mailstead.mailplane.node.certificates.show import Showcase
from mailstead.mailplane.node.certificates.wanted import Wanted
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.standards.refusal import Refusal
from mailstead.wire.events import CertificateSeen, CertificateState

EVERY = 10.0
"""Seconds between two looks at what is due; a look costs no question to anybody."""
_WISH_EVERY = dt.timedelta(hours=6)
"""Between two questions when the authority wants a certificate renewed."""
OFF = "Certificates are not switched on at this server: the operator has named no authority."

log = structlog.get_logger("certificates")


class Keeper:
    """One node's certificates."""

    def __init__(self, settings: Settings, home: Home) -> None:
        self._settings = settings
        self._home = home
        self._book = Book(home)
        self._authority = Authority(settings.certificates, home)
        self._resolver = pointing.Resolver(settings.ports.of("resolver"))
        self._showcase = Showcase(settings, home)

    @property
    def on(self) -> bool:
        """Whether there is an authority to ask."""
        return bool(self._settings.certificates.directory)

    def run(self, stopping: threading.Event) -> None:
        """Work until told to stop."""
        spool = EventSpool(self._home.event_spool)
        if self.on:
            authority.clear(self._home)
        while not stopping.wait(EVERY):
            try:
                self.once(dt.datetime.now(dt.UTC), stopping.is_set)
                self.tell(spool)
            except (EngineError, Refusal, OSError, ValueError, sqlite3.Error) as error:
                log.error("cannot keep the certificates", words=str(error))
        spool.close()

    def once(self, now: dt.datetime, stopped: Callable[[], bool] = lambda: False) -> None:
        """Do all that is due. Raises `EngineError`, `OSError`, `Refusal`, `sqlite3.Error`."""
        names = wanted.everything(self._settings, self._home)
        for name, at in wish.taken(self._home).items():
            if name in names:
                names[name] = dataclasses.replace(names[name], asked=at)
        self._forget_others(names)
        self._bring()
        for one in names.values():
            if stopped():
                break
            self._keep(one, now)
            self._judge(one, now)
        self._book.save()

    def tell(self, spool: EventSpool) -> None:
        """Tell the control plane what has changed since it was told."""
        events = []
        for name, one in wanted.everything(self._settings, self._home).items():
            note = self._book.note(name)
            found = store.leaf(self._home, name)
            end = found.not_valid_after_utc if found else None
            telling = Told(note.state, note.words, end, one.node, note.alarm)
            if telling != note.told:
                number, at = EventSpool.identity()
                events.append(
                    CertificateSeen(
                        id=number, at=at, name=name, state=note.state, words=note.words,
                        not_after=end, next_try=note.next_try, node=one.node,
                        alarm=note.alarm,
                    )
                )  # fmt: skip
                note.told = telling
        if events:
            spool.add(events)
            self._book.save()

    def _forget_others(self, names: dict[str, Wanted]) -> None:
        """A name that nobody wants any more is shown with the node's own certificate again."""
        for name in self._book.names():
            if name not in names:
                self._book.forget(name)
                store.drop(self._home, name)

    def _bring(self) -> None:
        own = self._settings.hostname
        if store.leaf(self._home, own) is not None:
            store.install_own(self._home, own)
        self._showcase.bring()

    def _keep(self, one: Wanted, now: dt.datetime) -> None:
        """Order the certificate of a name where that is due."""
        note = self._book.note(one.name)
        if not self.on:
            _become(note, "off", OFF, now)
            return
        found = store.leaf(self._home, one.name)
        if not self._book.may_order(now):
            return
        try:
            if not self._is_due(one, note, found, now):
                return
            note.tried = now
            wish.fulfilled(self._home, one.name)
            issuers = self._authority.names()
            seen = pointing.look(
                self._resolver, one.name, self._settings.hostname, issuers, node=one.node
            )
            if seen.state != "here":
                self._not_here(note, seen, now)
                return
            self._order(one, note, now)
            self._book.authority_there()
        except Unreachable as error:
            wait = self._book.authority_away(now)
            note.next_try = now + wait
            words = f"{error} It is asked again by itself."
            _become(note, "failed" if found is None else note.state, words, now)
            log.warning("the authority is away", words=str(error))
        except Declined as error:
            self._declined(one, note, error, now)

    def _is_due(
        self, one: Wanted, note: Note, found: x509.Certificate | None, now: dt.datetime
    ) -> bool:
        asked = one.asked is not None and (note.tried is None or one.asked > note.tried)
        only_looked = note.state in ("elsewhere", "refused") and not note.failures
        least = schedule.LOOKED_AGAIN if only_looked else schedule.ASKED_AGAIN
        if asked and (note.tried is None or now - note.tried >= least):
            # Somebody has mended what was wrong, or wants a new one.
            return True
        if note.next_try is not None and now < note.next_try:
            return False
        if found is None:
            return True
        self._ask_wish(one, note, now)
        due = schedule.renew_at(found, one.name)
        return now >= (min(due, note.renew) if note.renew else due)

    def _ask_wish(self, one: Wanted, note: Note, now: dt.datetime) -> None:
        if note.asked_renew is not None and now - note.asked_renew < _WISH_EVERY:
            return
        note.asked_renew = now
        chain = (self._home.names / one.name / "chain.pem").read_bytes()
        note.renew = self._authority.renewal(chain)

    def _not_here(self, note: Note, seen: pointing.Seen, now: dt.datetime) -> None:
        state: CertificateState = "elsewhere" if seen.state == "unknown" else seen.state  # type: ignore[assignment]
        _become(note, state, seen.words, now)
        fresh = note.since is None or now - note.since < dt.timedelta(days=1)
        note.next_try = now + (schedule.ELSEWHERE if fresh else schedule.ELSEWHERE_LONG)

    def _order(self, one: Wanted, note: Note, now: dt.datetime) -> None:
        """One order, and the new certificate into service. Raises `Unreachable`, `Declined`."""
        own = one.name == self._settings.hostname
        key = store.key_of(self._home, one.name, own=own)
        note.next_try = now + schedule.WHILE_TRYING
        self._book.ordered(now)
        self._book.save()
        log.info("ordering a certificate", name=one.name)
        chain = self._authority.order(one.name, store.request(key, one.name))
        words = store.fits(chain, key, one.name, dt.datetime.now(dt.UTC))
        if words:
            raise Declined(words)
        store.keep(self._home, one.name, chain)
        note.failures, note.next_try, note.renew, note.asked_renew = 0, None, None, now
        note.alarm = 0
        _become(note, "valid", "", now)
        self._bring()
        log.info("a new certificate is in service", name=one.name)

    def _declined(self, one: Wanted, note: Note, error: Declined, now: dt.datetime) -> None:
        self._book.authority_there()
        note.failures += 1
        wait = schedule.AT_THE_LIMIT if error.limited else schedule.pause(note.failures)
        note.next_try = now + wait
        _become(note, "failed", str(error), now)
        log.warning("no certificate", name=one.name, words=str(error), failures=note.failures)

    def _judge(self, one: Wanted, now: dt.datetime) -> None:
        """Note what holds of the certificate in service, and give an alarm that is due, once."""
        note, found = self._book.note(one.name), store.leaf(self._home, one.name)
        if found is None or found.not_valid_after_utc <= now:
            if found is not None and note.state in ("valid", "expiring"):
                _become(note, "failed", "The certificate has ended and was not renewed.", now)
            return
        due = schedule.alarm(found, now)
        if not due:
            if note.state == "waiting":
                _become(note, "valid", "", now)
            return
        why = note.words if note.state != "valid" else ""
        if note.state in ("valid", "waiting"):
            _become(note, "expiring", why, now)
        if note.alarm == 0 or due < note.alarm:
            note.alarm = due
            end = found.not_valid_after_utc.isoformat()
            log.error("a certificate ends and is not renewed", name=one.name, end=end, words=why)


def _become(note: Note, state: CertificateState, words: str, now: dt.datetime) -> None:
    if note.state != state:
        note.state, note.since = state, now
    note.words = words
