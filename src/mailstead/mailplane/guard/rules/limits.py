"""How much a mailbox, its customer and that one's reseller may send in an hour and in a day.

Asked at DATA, where Postfix knows how many recipients there are. What is refused here is not
counted, so a mail program that comes again later is counted once. What is let through is counted
even if it is refused later (too large, spam): it was an attempt, and an attacker makes those too.

The hour is "slow" (4xx: a mail server tries again by itself), the day and what never fits are
"stopped" (5xx: whoever sends hears of it at once); docs/decisions/0025.
"""

from __future__ import annotations

import datetime as dt

from mailstead.mailplane.guard.desk import Desk
from mailstead.mailplane.guard.session import Decision, Sighting
from mailstead.mailplane.guard.store import Claim, Full
from mailstead.standards.reply import Reply
from mailstead.wire.sending import Page

NAME = "limits"
MAILBOX, CUSTOMER = "mailbox", "customer"
"""The kinds of keys: `mailbox:ann@example.org`, `customer:12`."""


def judge(sighting: Sighting, desk: Desk) -> Decision | None:
    """Count the message, or refuse it with the ceiling that leaves no room."""
    if not sighting.mailbox:
        return None
    now = desk.now()
    sending = desk.sending.of(sighting.mailbox)
    claims = [Claim(f"{MAILBOX}:{sighting.mailbox}", sending.mailbox)]
    new = set()
    for account in sending.accounts:
        step, key = account.at(now), f"{CUSTOMER}:{account.customer}"
        claims.append(Claim(key, step.ceilings))
        if step.until is not None:
            new.add(key)
    full = desk.store.reserve(
        instance=sighting.instance,
        claims=claims,
        recipients=max(1, sighting.recipients),
        now=now,
    )
    if full is None:
        return None
    page = _page(full, full.claim.key in new)
    desk.store.note_refusal(full.claim.key, page, now)
    return Decision(NAME, page, _reply(full, page, desk.link(page), now))


def _page(full: Full, new: bool) -> Page:
    if full.limit == 0:
        return "stopped"
    if full.opens is None:
        return "too-many"
    return "new" if new else full.window


def _reply(full: Full, page: Page, link: str, now: dt.datetime) -> Reply:
    whose = "This mailbox" if full.claim.key.startswith(MAILBOX) else "Your company"
    if page == "new":
        whose = "As a new customer, your company"
    what = f"{full.limit} {full.measure if full.limit != 1 else full.measure[:-1]}"
    span = "an hour" if full.window == "hour" else "a day"
    may = f"{whose} may send to" if full.measure == "recipients" else f"{whose} may send"
    if page == "stopped":
        return Reply(554, "5.7.1", f"{whose} may not send mail at present. See {link}")
    if full.opens is None:
        return Reply(
            554,
            "5.7.1",
            f"{may} {what} in {span}, and this message alone has more: split it. See {link}",
        )
    words = f"{may} {what} in {span}, and has done so. Send again {_when(full.opens, now)}"
    if full.window == "hour":
        return Reply(452, "4.7.1", f"{words}. See {link}")
    return Reply(554, "5.7.1", f"{words}. See {link}")


def _when(opens: dt.datetime, now: dt.datetime) -> str:
    minutes = max(1, -(-int((opens - now).total_seconds()) // 60))
    if minutes < 120:
        return f"in {minutes} minutes (after {opens:%H:%M} UTC)"
    return f"in {minutes // 60 + 1} hours (after {opens:%d %b %H:%M} UTC)"
