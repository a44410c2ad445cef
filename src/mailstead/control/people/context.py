"""What every template knows: who asks, what they may, how the house is called."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def panel(request: HttpRequest) -> dict[str, Any]:
    """The actor, the brand and the menu; see `hosting.middleware`, which sets them."""
    return {
        "actor": getattr(request, "actor", None),
        "brand": getattr(request, "brand", None),
        "panel_name": getattr(getattr(request, "brand", None), "name", "") or settings.PANEL_NAME,
        "theme": getattr(getattr(request, "user", None), "theme", ""),
        "menu": getattr(request, "menu", ()),
        "acting": getattr(request, "acting", None),
        "places": getattr(request, "places", ()),
    }
