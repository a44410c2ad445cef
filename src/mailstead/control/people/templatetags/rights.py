"""What a template shows only to who may do it; the page itself refuses again."""

from __future__ import annotations

from django import template

from mailstead.control.people import roles
from mailstead.control.people.actor import Actor

register = template.Library()


@register.filter
def may(actor: Actor | None, rule: str) -> bool:
    """Whether the reader's role has the verb: `{% if actor|may:"domain.remove" %}`."""
    return actor is not None and roles.may(actor, rule)
