"""Steady mail from several senders, with a record of every message that was acknowledged."""

from __future__ import annotations

import contextlib
import smtplib
import threading
from collections.abc import Iterator

from lab.commands import wait_until

from tests.support.messages import message, message_id
from tests.support.people import Mailbox
from tests.support.site import STRANGER, Site


class Load:
    """Mail to one mailbox, from strangers and from its own owner, as long as it is told to.

    `acknowledged` holds the Message-ID of every message that got a 250 after its data; those
    must be found later, the others may be. `refused` holds every reply that was for good (5xx).
    """

    def __init__(self, site: Site, ann: Mailbox, *, senders: int = 2) -> None:
        self.site = site
        self.ann = ann
        self.acknowledged: list[str] = []
        self.refused: list[str] = []
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._send, args=(number % 2 == 1,))
            for number in range(senders)
        ]

    @contextlib.contextmanager
    def running(self) -> Iterator[Load]:
        """Send while inside the block; at its end every sender has stopped."""
        for thread in self._threads:
            thread.start()
        try:
            self.wait_for_more(4)
            yield self
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join(60)

    def wait_for_more(self, count: int = 6, seconds: float = 60) -> None:
        """Wait until so many more messages are acknowledged."""
        goal = len(self.acknowledged) + count
        wait_until(
            lambda: len(self.acknowledged) >= goal,
            f"{count} more messages are accepted",
            seconds=seconds,
        )

    def assert_nothing_lost(self, seconds: float = 60) -> None:
        """Every acknowledged message is in the mailbox; what waits in the queue is tried first."""

        def missing() -> list[str]:
            found = self.site.collector.all_ids(self.ann.address)
            return [identity for identity in self.acknowledged if identity not in found]

        def complete() -> bool:
            self.site.node.flush()
            return not missing()

        wait_until(
            complete,
            f"all {len(self.acknowledged)} acknowledged messages are delivered",
            seconds=seconds,
            every=1,
        )

    def _send(self, submission: bool) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._session(submission)
            self._stop.wait(0.1)

    def _session(self, submission: bool) -> None:
        if submission:
            try:
                with self.ann.smtp() as smtp:
                    self._messages(smtp, self.ann.address)
            except smtplib.SMTPAuthenticationError as error:
                # The password is right: whatever says that it is wrong is a fault of ours.
                if error.smtp_code >= 500:
                    self.refused.append(f"{error.smtp_code} {error.smtp_error!r}")
        else:
            with self.site.lab.clients.smtp(self.site.node.address) as smtp:
                self._messages(smtp, STRANGER)

    def _messages(self, smtp: smtplib.SMTP, sender: str) -> None:
        """Up to five messages over one connection, as a real server sends them."""
        for _ in range(5):
            if self._stop.is_set():
                return
            made = message(sender, self.ann.address)
            try:
                smtp.sendmail(sender, [self.ann.address], made.as_bytes())
            except smtplib.SMTPResponseException as error:
                if error.smtp_code >= 500:
                    self.refused.append(f"{error.smtp_code} {error.smtp_error!r}")
                return
            except smtplib.SMTPRecipientsRefused as error:
                replies = error.recipients.values()
                self.refused += [f"{code} {text!r}" for code, text in replies if code >= 500]
                return
            self.acknowledged.append(message_id(made))
