"""What Dovecot asks, put before the detector, and what it reports, told to who learns from it."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from math import ceil

import msgspec
import structlog

from mailstead.mailplane.directory.lifts import LiftBook
from mailstead.mailplane.guard.acts import SignIn
from mailstead.mailplane.guard.logins import policy
from mailstead.mailplane.guard.logins.detector import Answer, Attempt, LoginDetector, Reason
from mailstead.mailplane.guard.logins.http import Request, Response
from mailstead.mailplane.guard.logins.limits import DAY
from mailstead.mailplane.guard.logins.memory import LoginMemory
from mailstead.mailplane.guard.tally import Tally

LIFTS_HOLD = 2 * DAY
"""Older words of the control plane are not followed any more: what they lifted is over."""
_ASKED, _REPORTED = "/?command=allow", "/?command=report"
_WORDS: dict[Reason, str] = {
    "passwords": "Too many different wrong passwords from your network for this mailbox.",
    "accounts": "Too many mailboxes were tried from your network with wrong passwords.",
    "attack": "Somebody is guessing the password of this mailbox, so that new places must wait.",
}

log = structlog.get_logger("guard")


class LoginDesk:
    """One node's log-ins; used by one thread."""

    def __init__(
        self,
        *,
        detector: LoginDetector,
        memory: LoginMemory,
        lifts: LiftBook,
        key: str,
        page: str,
        blocking: bool,
        now: Callable[[], float],
        signed_in: Callable[[SignIn], None] | None = None,
        tally: Tally | None = None,
    ) -> None:
        """`key`: who knows it may ask; `page`: where a person reads why; `signed_in`: is told of
        each log-in that succeeds; without `blocking` everybody is let in.
        """
        self._detector = detector
        self._memory = memory
        self._lifts = lifts
        self._key = f"Bearer {key}".encode()
        self._page = page
        self._blocking = blocking
        self._now = now
        self._signed_in = signed_in
        self._tally = tally or Tally()
        self._questions = policy.Questions()
        memory.fill(detector)

    def answer(self, request: Request) -> Response:
        """The answer to one request; raises `sqlite3.Error`."""
        if not hmac.compare_digest(request.authorization.encode("latin-1"), self._key):
            return Response(401)
        if request.method != "POST" or request.target not in (_ASKED, _REPORTED):
            return Response(404)
        try:
            told = policy.read(request.body)
        except (msgspec.MsgspecError, ValueError):
            return Response(400)
        if request.target == _ASKED:
            return Response(200, self._judge(self._questions.asked(told)))
        self._note(told, self._questions.reported(told))
        return Response(200)

    def _judge(self, login: policy.Login) -> bytes:
        if not login.protocol:
            return policy.answer(0)
        at = self._now()
        self._tally.add("guard_logins")
        verdict = self._detector.judge(_attempt(login, at))
        if verdict.reason is None:
            return policy.answer(verdict.wait if self._blocking else 0)
        log.info(
            "log-in refused" if self._blocking else "log-in would be refused",
            reason=verdict.reason,
            account=login.account,
            client=login.client,
            protocol=login.protocol,
        )
        if not self._blocking:
            return policy.answer(0)
        self._tally.add("guard_logins_blocked")
        return policy.answer(-1, self._words(verdict, at))

    def _words(self, verdict: Answer, at: float) -> str:
        """As mail programs show it; in ASCII, which every protocol carries."""
        assert verdict.reason is not None
        minutes = max(1, ceil((verdict.until - at) / 60))
        much = f"{minutes} minute{'s' if minutes > 1 else ''}"
        if minutes > 120:
            much = f"{ceil(minutes / 60)} hours"
        return f"{_WORDS[verdict.reason]} Try again in {much}, or sign in at {self._page}"

    def _note(self, told: policy.Told, login: policy.Login) -> None:
        if told.policy_reject or not login.protocol:
            return
        at = self._now()
        self._detector.learn(_attempt(login, at), right=told.success)
        if told.success and self._signed_in is not None:
            self._signed_in(
                SignIn(at, login.account, login.protocol, login.client, login.device)  # type: ignore[arg-type]
            )

    def follow(self) -> None:
        """Do what the control plane has said since the last look; raises `sqlite3.Error`."""
        at = self._now()
        for key, lift in self._lifts.all():
            said = lift.at.timestamp()
            if lift.client and not lift.account and at - said < LIFTS_HOLD:
                # Again and again: another node may tell late of a block from before.
                self._detector.hear_lift(lift.client, said)
            if at - said < LIFTS_HOLD and self._memory.is_news(key, said):
                self._detector.lift(lift.client, lift.account, at, owner=lift.owner)
                log.info("block lifted", client=lift.client, account=lift.account)

    def forget(self, mailbox: str) -> None:
        """A mailbox is gone; raises `sqlite3.Error`."""
        self._detector.forget(mailbox)
        self._memory.forget(mailbox)

    def keep(self) -> None:
        """Write what has changed; raises `sqlite3.Error`."""
        self._memory.keep(self._detector, self._now())

    def prune(self) -> None:
        """Forget what counts no more; raises `sqlite3.Error`."""
        self._detector.prune(self._now())
        self._memory.prune(self._now())


def _attempt(login: policy.Login, at: float) -> Attempt:
    return Attempt(at, login.account, login.client, login.password)
