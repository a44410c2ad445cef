"""Tags of every template: fields, states, sizes, times, icons, the page turner."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext

from mailstead.control.web.icons import PATHS

register = template.Library()

_UNITS = ("KiB", "MiB", "GiB", "TiB")


@register.filter
def size(octets: int | None) -> str:
    """Bytes in binary units."""
    value = float(octets or 0)
    if value < 1024:
        return f"{value:.0f} B"
    for unit in _UNITS:
        value /= 1024
        if value < 1024 or unit == _UNITS[-1]:
            break
    return f"{number_format(value, 1 if value < 100 else 0)} {unit}"


@register.filter
def limit(octets: int | None) -> str:
    """A limit in binary units; 0 is none."""
    return size(octets) if octets else gettext("no limit")


@register.filter
def moment(at: dt.datetime | None) -> str | SafeString:
    """A time in the reader's zone, for programs in UTC."""
    if at is None:
        return "–"
    local = timezone.localtime(at)
    # As Django's `date` filter writes it: unambiguous, 24 hours.
    shown = date_format(local, pgettext("format of a time", "j M Y, H:i"))
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.astimezone(dt.UTC).isoformat(timespec="seconds"),
        date_format(local, "DATETIME_FORMAT") + " " + local.strftime("%Z"),
        shown,
    )


@register.filter
def ago(at: dt.datetime | None) -> str | SafeString:
    """How long ago, in one unit; the time itself for programs and for who points at it."""
    if at is None:
        return gettext("never")
    seconds = int((timezone.now() - at).total_seconds())
    if seconds < 60:
        words = gettext("just now")
    elif seconds < 3600:
        words = ngettext("{n} minute ago", "{n} minutes ago", seconds // 60).format(n=seconds // 60)
    elif seconds < 86400:
        hours = seconds // 3600
        words = ngettext("{n} hour ago", "{n} hours ago", hours).format(n=hours)
    else:
        days = seconds // 86400
        words = ngettext("{n} day ago", "{n} days ago", days).format(n=days)
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.astimezone(dt.UTC).isoformat(timespec="seconds"),
        date_format(local, "DATETIME_FORMAT"),
        words,
    )


@register.filter
def lasting(seconds: float | None) -> str:
    """A length of time in its two largest units: `3 h 12 min`."""
    left = int(seconds or 0)
    if left >= 86400:
        whole, rest = divmod(left // 3600, 24)
        return gettext("{d} d {h} h").format(d=whole, h=rest)
    if left >= 3600:
        whole, rest = divmod(left // 60, 60)
        return gettext("{h} h {min} min").format(h=whole, min=rest)
    if left >= 60:
        return gettext("{min} min").format(min=left // 60)
    return gettext("{s} s").format(s=left)


@register.filter
def share(part: int, whole: int) -> int:
    """Per cent, 0 to 100; 0 where there is no whole."""
    return min(100, max(0, round(100 * part / whole))) if whole else 0


@register.simple_tag
def icon(name: str) -> SafeString:
    """A picture that says nothing by itself: words stand beside it."""
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" '
        'focusable="false"><path d="{}"/></svg>',
        PATHS[name],
    )


@register.inclusion_tag("web/state.html")
def state(kind: str, words: str) -> dict[str, str]:
    """A state in words with its colour and sign: `good`, `warn`, `bad`, `idle`."""
    signs = {"good": "check", "warn": "warning", "bad": "cross", "idle": "dot"}
    return {"kind": kind, "words": words, "sign": signs[kind]}


@register.inclusion_tag("web/field.html")
def field(bound: Any, **extra: Any) -> dict[str, Any]:
    """A form field with label, help and errors, each tied to it for readers of the screen."""
    widget = bound.field.widget
    described = [f"{bound.id_for_label}_help"] if bound.help_text else []
    if bound.errors:
        described.append(f"{bound.id_for_label}_errors")
    if described:
        widget.attrs["aria-describedby"] = " ".join(described)
    if bound.errors:
        widget.attrs["aria-invalid"] = "true"
    kind = getattr(widget, "input_type", "") or type(widget).__name__.lower()
    several = type(widget).__name__ in ("CheckboxSelectMultiple", "RadioSelect")
    return {"field": bound, "kind": kind, "several": several, **extra}


@register.inclusion_tag("web/fields.html")
def fields(form: Any) -> dict[str, Any]:
    """All fields of a form with its errors above them."""
    return {"form": form}


@register.inclusion_tag("web/meter.html")
def meter(used: int, whole: int, label: str) -> dict[str, Any]:
    """Storage in use as a bar with its words."""
    percent = share(used, whole)
    kind = "bad" if whole and percent >= 95 else "warn" if whole and percent >= 80 else "good"
    return {"used": used, "whole": whole, "label": label, "percent": percent, "kind": kind}


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changes: Any) -> str:
    """The page's own query with some values changed; None takes one away."""
    request: HttpRequest = context["request"]
    query: QueryDict = request.GET.copy()
    for key, value in changes.items():
        if value is None or value == "":
            query.pop(key, None)
        else:
            query[key] = str(value)
    return f"?{query.urlencode()}" if query else "?"


@register.inclusion_tag("web/sorter.html", takes_context=True)
def sorter(context: dict[str, Any], name: str, title: str) -> dict[str, Any]:
    """A column's head by which the list can be sorted, up and down."""
    now = context["request"].GET.get("sort", "")
    order = "ascending" if now == name else "descending" if now == f"-{name}" else ""
    target = f"-{name}" if now == name else name
    link = with_query(context, sort=target, page=None)
    return {"title": title, "order": order, "link": link}


@register.inclusion_tag("web/copy.html")
def copyable(value: str, label: str = "") -> dict[str, str]:
    """A value with a button that copies it."""
    return {"value": value, "label": label or pgettext("button", "Copy")}


@register.simple_tag
def colour_patch(colour: str) -> SafeString:
    """A small patch of a colour (`#rrggbb`); as an attribute of SVG, which needs no style."""
    return format_html(
        '<svg class="patch" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">'
        '<rect width="20" height="20" rx="4" fill="{}"/></svg>',
        colour,
    )
