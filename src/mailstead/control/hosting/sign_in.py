"""Mailbox users sign in to the panel with the address and password of their mailbox."""

from __future__ import annotations

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest
from django.utils import timezone

from mailstead.control.hosting.models import Mailbox
from mailstead.control.hosting.services.mailbox_users import log_in_of
from mailstead.control.hosting.services.rehash import rehash_after_sign_in
from mailstead.control.people.models import Person
from mailstead.standards import password as passwords
from mailstead.standards.address import mailbox_address
from mailstead.standards.refusal import Refusal

# Verified where there is no such mailbox, so that the answer takes as long.
_NOBODY = passwords.hashed("nobody has this one")


def _mailbox(address: str) -> Mailbox | None:
    try:
        checked = mailbox_address(address)
    except Refusal:
        return None
    rows = Mailbox.objects.filter(
        local=checked.local,
        domain__name=checked.domain,
        domain__proven=True,
        removed_at=None,
        domain__removed_at=None,
    )
    return rows.select_related("domain__customer").first()


def may_sign_in(mailbox: Mailbox) -> bool:
    """Whether the mailbox's user may use the panel now; as for logging in by IMAP."""
    return mailbox.removed_at is None and not mailbox.login_suspended


class MailboxBackend(BaseBackend):
    """Django's door for mailbox users; the log-in is made at the first use."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        email: str | None = None,
        **_: object,
    ) -> Person | None:
        """The mailbox user of this address and password; None for every fault alike."""
        address, given = email or username, password
        if not address or not given or len(given) > passwords.MAX_OCTETS:
            return None
        if Person.objects.filter(email=address.lower(), mailbox=None).exists():
            # A person's own log-in, which has been tried before this back end.
            return None
        mailbox = _mailbox(address)
        right = passwords.verify(given, mailbox.secret if mailbox else _NOBODY)
        if mailbox is None or not right or not may_sign_in(mailbox):
            return None
        rehash_after_sign_in(mailbox, given, timezone.now())
        return _known(log_in_of(mailbox), mailbox)

    def get_user(self, user_id: int) -> Person | None:
        """The mailbox user of a session, as long as the mailbox is there and may sign in."""
        person = Person.objects.filter(pk=user_id).exclude(mailbox=None).first()
        if person is None:
            return None
        rows = Mailbox.objects.filter(pk=person.mailbox or 0, domain__removed_at=None)
        mailbox = rows.first()
        if mailbox is None or not may_sign_in(mailbox):
            return None
        return _known(person, mailbox)


def _known(person: Person, mailbox: Mailbox) -> Person:
    # Another password ends the sessions that were opened with the old one.
    person.session_secret = str(mailbox.credential)
    return person
