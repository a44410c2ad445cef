"""How the world sees a zone, in words."""

from __future__ import annotations

from django.utils.translation import gettext

from mailstead.control.dns.models import Zone


def state_of(zone: Zone) -> tuple[str, str]:
    """Kind and words of a delegation."""
    return {
        "here": ("good", gettext("delegated here")),
        "partly": ("warn", gettext("delegated here and elsewhere")),
        "elsewhere": ("idle", gettext("delegated elsewhere")),
        "nowhere": ("idle", gettext("not delegated")),
        "unknown": ("idle", gettext("delegation not known")),
    }[zone.delegation]
