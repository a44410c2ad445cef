"""How the user of a stolen mailbox shows to be its owner: by a link to the recovery address.

The mailbox's password proves nothing while a thief has it. A recovery address that was changed
since the theft may have begun is not believed either.
"""

from __future__ import annotations

import datetime as dt

from django.core import signing
from django.utils.translation import gettext

from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import AuditEntry
from mailstead.control.protection.models import Case
from mailstead.control.protection.queries import suspicious_since
from mailstead.control.protection.services.deciding import permit
from mailstead.control.web.links import panel_link
from mailstead.standards.refusal import Refusal

_SALT = "mailstead.protection.proof"
GOOD_FOR = dt.timedelta(hours=3)


def can_be_sent(case: Case) -> bool:
    """Whether there is a recovery address that is older than the theft."""
    if case.mailbox is None or not case.mailbox.recovery_address:
        return False
    changed = AuditEntry.objects.filter(
        verb="mailbox.set-recovery", object_id=case.mailbox.pk, at__gte=suspicious_since(case)
    )
    return not changed.exists()


def post_proof(*, actor: Actor, now: dt.datetime, case: Case) -> None:
    """Mail the link; raises `Refusal` (`recovery-address-missing`)."""
    permit(actor, "case.view", case)
    if case.mailbox is None or not can_be_sent(case):
        raise Refusal(
            "recovery-address-missing",
            "The mailbox has no recovery address that is older than the theft.",
            remedy="Ask whoever administers your mailbox to release it.",
        )
    token = signing.dumps([case.pk, case.mailbox.credential], salt=_SALT)
    link = panel_link("protection:case", case.pk) + f"?proof={token}"
    people.post(
        now=now,
        recipient=case.mailbox.recovery_address,
        subject=gettext("Release of {address}").format(address=case.address),
        text=gettext(
            "Hello,\n\nto release the mailbox {address}, open this link in the browser in which "
            "you are signed in:\n\n{link}\n\nThe link is good for 3 hours. If you have not asked "
            "for it, somebody else knows the password of the mailbox: set a new one.\n"
        ).format(address=case.address, link=link),
    )


def proves(case: Case, token: str) -> bool:
    """Whether the token is one that was mailed for this case and is still good.

    A new password ends it.
    """
    try:
        number, credential = signing.loads(token, salt=_SALT, max_age=GOOD_FOR)
    except (signing.BadSignature, ValueError, TypeError):
        return False
    mailbox = case.mailbox
    return mailbox is not None and number == case.pk and credential == mailbox.credential
