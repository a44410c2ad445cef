"""Colours that can be read: contrast, and the lighter tone that a dark page needs.

WCAG 2.2: text needs a contrast of 4.5 to 1 to what it stands on.
"""

from __future__ import annotations

import re

ENOUGH = 4.5
"""Contrast at which text of normal size can be read."""
WHITE = "#ffffff"
DARK_GROUND = "#232c39"
"""The lightest ground of the dark pages, `--sunken` of panel.css."""
_HEX = re.compile(r"#[0-9a-f]{6}")


def is_colour(text: str) -> bool:
    """Whether the text is a colour as `#rrggbb` in small letters."""
    return _HEX.fullmatch(text) is not None


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black and white)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def for_dark(colour: str) -> str:
    """The colour as light as it must be on the dark pages' grounds."""
    channels = _channels(colour)
    for step in range(21):
        mixed = [round(channel + (255 - channel) * step / 20) for channel in channels]
        lighter = "#{:02x}{:02x}{:02x}".format(*mixed)
        if contrast(lighter, DARK_GROUND) >= ENOUGH:
            return lighter
    return WHITE
