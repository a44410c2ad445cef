"""Who may try to log in: attempts and their results in, an answer out. No sockets, no clock.

A client that has logged in to an account keeps its way to it, whatever else it or its neighbours
have done: one telephone with an old password must not lock an office out, and a net of robots must
not lock out the owner. Only strangers are slowed down for what other strangers do. A /24 or /48
speaks for somebody who was there before, and against nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

from mailstead.mailplane.guard.logins import limits
from mailstead.mailplane.guard.logins.clients import Trusted
from mailstead.mailplane.guard.logins.state import (
    MOST_CROWD,
    MOST_TRIED,
    MOST_WRONG,
    AccountState,
    Ban,
    ClientState,
    Device,
    Tried,
    add,
    banned,
    fresh,
)
from mailstead.standards.client import Client, client

MOST_CLIENTS = 20_000
MOST_GUESSES = 400_000
"""Of all clients together; beyond it those that were quiet longest are forgotten."""
MOST_ACCOUNTS = 20_000
"""At hand; others are read when they are needed."""
MOST_UNWRITTEN = 80_000
"""Accounts at hand while what has changed waits to be written; beyond it the oldest are lost."""

Reason = Literal["passwords", "accounts", "attack"]
"""Too many wrong passwords of a client at an account; at too many accounts; too many strangers at
one account."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody is about to try a password."""

    at: float
    account: str
    client: str
    """Network address."""
    password: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be done with an attempt."""

    wait: int = 0
    """Seconds before it is tried."""
    reason: Reason | None = None
    """Why it is refused; None: it is not."""
    until: float = 0.0
    """For so long."""


@dataclass(frozen=True, slots=True)
class Block:
    """Somebody who is kept out; without a client: all strangers, without an account: from all."""

    client: str
    account: str
    reason: Reason
    since: float
    until: float
    count: int


class Listener(Protocol):
    """Is told of what other nodes should know."""

    def barred(self, client: str, since: float, until: float) -> None:
        """A client is kept out of all accounts that it does not know."""

    def lifted(self, client: str, at: float) -> None:
        """Somebody has let it in again."""


WELCOME = Answer()


@dataclass
class LoginDetector:
    """All clients and accounts of a node."""

    trusted: Trusted = field(default_factory=Trusted)
    load: Callable[[str], AccountState | None] = lambda _: None
    """Where an account comes from that is not at hand."""
    clients: dict[str, ClientState] = field(default_factory=dict)
    accounts: dict[str, AccountState] = field(default_factory=dict)
    changed_clients: set[str] = field(default_factory=set)
    changed_accounts: set[str] = field(default_factory=set)
    guesses: int = 0
    """Kept in all `clients`."""
    lifted: dict[str, float] = field(default_factory=dict)
    """When clients were let in again of late: what others tell of before is over."""
    listener: Listener | None = None

    def judge(self, attempt: Attempt) -> Answer:
        """Whether the password may be tried."""
        who = client(attempt.client)
        if who is None or attempt.client in self.trusted:
            return WELCOME
        at, name = attempt.at, attempt.account
        account = self._account(name)
        known = account.known(who.key, who.near, at) if account else []
        state = self.clients.get(who.key)
        if state is not None:
            tried = state.tried.get(name)
            if tried is not None and tried.ban is not None and tried.ban.holds(at):
                if not _lets_through(known, tried, attempt):
                    return self._refuse(who, tried.ban, "passwords")
            elif not known and state.ban is not None and state.ban.holds(at):
                return self._refuse(who, state.ban, "accounts")
        if account is None or known:
            return WELCOME
        return self._of_stranger(name, account, at)

    def _of_stranger(self, name: str, account: AccountState, at: float) -> Answer:
        ban = account.ban
        if ban is not None and ban.holds(at):
            self.changed_accounts.add(name)
            if at < account.next_try:
                ban.count += 1
                return Answer(reason="attack", until=account.next_try)
            account.next_try = at + limits.ONE_EACH
        slow = fresh(account.wrong, at) >= limits.SLOW
        return Answer(wait=limits.SLOW_SECONDS) if slow else WELCOME

    def _refuse(self, who: Client, ban: Ban, reason: Reason) -> Answer:
        ban.count += 1
        self.changed_clients.add(who.key)
        return Answer(reason=reason, until=ban.until)

    def learn(self, attempt: Attempt, *, right: bool) -> None:
        """The password was tried, and was right or wrong."""
        who = client(attempt.client)
        if who is None or attempt.client in self.trusted:
            return
        if right:
            self._welcome(who, attempt)
            return
        name, at = attempt.account, attempt.at
        account = self._account(name)
        if account is not None and account.is_old(attempt.password):
            return
        known = bool(account and account.known(who.key, who.near, at))
        if not known and self._crowd(name, account, attempt):
            self.changed_accounts.add(name)
        self._guess(who, attempt, known=known)

    def _welcome(self, who: Client, attempt: Attempt) -> None:
        name, until = attempt.account, attempt.at + limits.DEVICE_KEEPS
        account = self._account(name) or self._keep(name, AccountState())
        if account.meet(who.key, who.near, attempt.password, until):
            self.changed_accounts.add(name)
        state = self.clients.get(who.key)
        if state is not None and name in state.tried:
            self._drop(who.key, state, name)

    def _crowd(self, name: str, account: AccountState | None, attempt: Attempt) -> bool:
        """Count it among all strangers' guesses; returns whether it is a new one."""
        account = account or self._keep(name, AccountState())
        if not add(account.wrong, attempt.password, attempt.at, MOST_CROWD):
            return False
        if fresh(account.wrong, attempt.at) >= limits.ATTACKED:
            end = attempt.at + limits.ATTACK_RESTS
            if account.ban is not None and account.ban.holds(attempt.at):
                account.ban.until = end
            else:
                account.ban = Ban(attempt.at, end, 1)
        return True

    def _guess(self, who: Client, attempt: Attempt, *, known: bool) -> None:
        at = attempt.at
        # Taken out and put in again: who came last stands last.
        state = self.clients.pop(who.key, None) or ClientState()
        self.clients[who.key] = state
        self.changed_clients.add(who.key)
        tried = state.tried.get(attempt.account)
        if tried is None:
            if len(state.tried) >= MOST_TRIED:
                self._drop(who.key, state, min(state.tried, key=lambda n: state.tried[n].last()))
            tried = state.tried[attempt.account] = Tried()
        tried.known = known
        before = len(tried.wrong)
        fresh(tried.wrong, at)
        new = add(tried.wrong, attempt.password, at, MOST_WRONG)
        self.guesses += len(tried.wrong) - before
        if new:
            if len(tried.wrong) >= limits.PASSWORDS.count:
                tried.ban = _next(tried.ban, limits.PASSWORDS, at)
            if not known and state.strange(at) >= limits.ACCOUNTS.count:
                before_it, state.ban = state.ban, _next(state.ban, limits.ACCOUNTS, at)
                if state.ban is not before_it and self.listener is not None:
                    self.listener.barred(who.key, state.ban.since, state.ban.until)
        self._make_room()

    def lift(self, address: str, account: str, at: float, *, owner: bool = False) -> None:
        """Let a client in again, at one account or (empty) at all; without a client: all strangers.

        `owner`: whose account it is has said so, from there: the client is known from now on.
        """
        who = client(address.partition("/")[0])
        state = self.clients.get(who.key) if who else None
        if who is not None and state is not None:
            if account:
                self._drop(who.key, state, account)
            else:
                self._let_in(who.key, state)
        if who is not None and not account:
            self.lifted[who.key] = at
            if self.listener is not None:
                self.listener.lifted(who.key, at)
        if not account or (who is not None and not owner):
            return
        found = self._account(account)
        if who is None and found is not None:
            found.wrong, found.ban, found.next_try = {}, None, 0.0
            self.changed_accounts.add(account)
        elif who is not None:
            found = found or self._keep(account, AccountState())
            if found.meet(who.key, who.near, None, at + limits.VOUCHED_KEEPS):
                self.changed_accounts.add(account)

    def hear_ban(self, name: str, since: float, until: float) -> None:
        """Another node keeps a client out of all accounts that it does not know."""
        state = self.clients.get(name)
        ban = state.ban if state is not None else None
        until = min(until, since + limits.ACCOUNTS.most)
        if since <= self.lifted.get(name, 0.0) or name.partition("/")[0] in self.trusted:
            return
        if ban is not None and ban.until >= until:
            return
        state = self.clients.setdefault(name, ClientState())
        state.ban = Ban(since, until, ban.turn if ban is not None else 1)
        self.changed_clients.add(name)
        self._make_room()

    def hear_lift(self, name: str, at: float) -> None:
        """A client was let in again: a block that began before is over, whoever began it."""
        self.lifted[name] = max(at, self.lifted.get(name, 0.0))
        state = self.clients.get(name)
        if state is not None and state.ban is not None and state.ban.since <= at:
            self._let_in(name, state)

    def prune(self, at: float) -> None:
        """Forget what was lifted so long ago that nothing from before can hold."""
        for name in [one for one, when in self.lifted.items() if at - when > 2 * limits.DAY]:
            del self.lifted[name]

    def forget(self, account: str) -> None:
        """The account is no more."""
        self.accounts.pop(account, None)
        self.changed_accounts.discard(account)

    def recall(self, name: str, state: ClientState) -> None:
        """Take up what was kept of a client."""
        self.clients[name] = state
        self.guesses += state.size()

    # What is kept

    def _let_in(self, name: str, state: ClientState) -> None:
        self.guesses -= state.size()
        self.clients[name] = ClientState()
        self.changed_clients.add(name)

    def _account(self, name: str) -> AccountState | None:
        found = self.accounts.pop(name, None)
        if found is None:
            found = self.load(name)
        return self._keep(name, found) if found is not None else None

    def _keep(self, name: str, account: AccountState) -> AccountState:
        self.accounts[name] = account
        if len(self.accounts) > MOST_UNWRITTEN:
            oldest = next(iter(self.accounts))
            del self.accounts[oldest]
            self.changed_accounts.discard(oldest)
        return account

    def _drop(self, key: str, state: ClientState, account: str) -> None:
        gone = state.tried.pop(account, None)
        if gone is not None:
            self.guesses -= len(gone.wrong)
            self.changed_clients.add(key)

    def _make_room(self) -> None:
        while self.guesses > MOST_GUESSES or len(self.clients) > MOST_CLIENTS:
            name = next(iter(self.clients))
            self.guesses -= self.clients.pop(name).size()
            self.changed_clients.add(name)


def _lets_through(known: list[Device], tried: Tried, attempt: Attempt) -> bool:
    """Whether a known client may try although its many wrong passwords keep it out."""
    if not known:
        return False
    if any(attempt.password in one.good for one in known):
        return True
    if attempt.at < tried.next_try:
        return False
    tried.next_try = attempt.at + limits.KNOWN_EVERY
    return True


def _next(before: Ban | None, limit: limits.Limit, at: float) -> Ban:
    if before is not None and before.holds(at):
        return before
    return banned(before, limit, at)


def blocks_of(name: str, state: ClientState) -> Iterator[Block]:
    """Who is kept out, of one client; some may be over."""
    if state.ban is not None:
        yield Block(name, "", "accounts", state.ban.since, state.ban.until, state.ban.count)
    for account, tried in state.tried.items():
        ban = tried.ban
        if ban is not None:
            yield Block(name, account, "passwords", ban.since, ban.until, ban.count)
