"""Tags of the pages about one mailbox: the address of a page beside this one."""

from __future__ import annotations

from django import template

from mailstead.control.hosting.views.place import Place

register = template.Library()


@register.simple_tag
def at(place: Place, page: str, *values: object) -> str:
    """The address of the page `page` of this mailbox, for the reader who looks at it now."""
    return place.link(page, *values)
