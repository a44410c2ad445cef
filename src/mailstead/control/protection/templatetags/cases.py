"""Notices of stolen mailboxes on overviews and on the page of a mailbox."""

from __future__ import annotations

from typing import Any

from django import template

from mailstead.control.hosting.models import Mailbox
from mailstead.control.people.roles import may
from mailstead.control.protection import queries, words

register = template.Library()


@register.inclusion_tag("protection/notice.html", takes_context=True)
def case_notice(context: dict[str, Any], mailbox: Mailbox | None = None) -> dict[str, Any]:
    """The reader's cases that need somebody, of all mailboxes or of one."""
    actor = context.get("actor")
    if actor is None or not may(actor, "case.view"):
        return {"cases": []}
    found = queries.unsettled(actor, mailbox=mailbox)
    return {
        "cases": [(one, words.step_words(one.step)[1]) for one in found],
        "own": actor.kind == "mailbox",
    }
