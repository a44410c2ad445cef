"""Brands: the name, colours, logo and host names that a reseller's customers see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction

from mailstead.control.hosting.models import Brand, Customer
from mailstead.control.hosting.services.common import checked_text, commit, facts, locked
from mailstead.control.people.actor import Actor
from mailstead.control.web.colours import ENOUGH, WHITE, contrast, is_colour
from mailstead.standards.address import destination_address, normalise_domain
from mailstead.standards.image import picture
from mailstead.standards.refusal import Refusal

LOGO_BYTES = 100 * 1024
LOGO_PIXELS = 1000
"""The longest side of a logo."""


def _checked_accent(accent: str) -> str:
    colour = accent.strip().lower()
    if not colour:
        return ""
    if not is_colour(colour):
        raise Refusal(
            "colour-invalid",
            "A colour is given as # and six hexadecimal digits.",
            remedy="Give one such as #1f5fbf.",
        )
    found = contrast(colour, WHITE)
    if found < ENOUGH:
        raise Refusal(
            "colour-too-light",
            "White words on {colour} have a contrast of {found} to 1 and are hard to read.",
            remedy="Choose a darker colour: 4.5 to 1 is needed.",
            colour=colour,
            found=f"{int(found * 10) / 10:.1f}",
        )
    return colour


def _checked_logo(logo: bytes) -> str:
    """The media type of a logo; what it claims to be is not asked."""
    if len(logo) > LOGO_BYTES:
        raise Refusal("logo-too-large", "A logo may have 100 KiB.", remedy="Make it smaller.")
    found = picture(logo)
    if found is None:
        raise Refusal(
            "logo-invalid",
            "This is not a PNG or WebP picture.",
            remedy="Save the logo as PNG. SVG is not taken, because it can carry scripts.",
        )
    if max(found.width, found.height) > LOGO_PIXELS:
        raise Refusal(
            "logo-too-large",
            "A logo may be 1000 pixels wide and high; this one has {width} by {height}.",
            remedy="Make it smaller.",
            width=found.width,
            height=found.height,
        )
    return found.media_type


def free_hostnames() -> list[str]:
    """The panel's names that may be given to a brand: all but the first, the company's own."""
    return list(settings.MAILSTEAD.web.hostnames[1:])


def _checked_hostnames(hostnames: Sequence[str], customer: Customer) -> list[str]:
    names = list(dict.fromkeys(normalise_domain(name) for name in hostnames if name.strip()))
    others = Brand.objects.select_for_update().exclude(customer=customer)
    taken = {name for brand in others for name in brand.hostnames}
    for name in names:
        if name not in free_hostnames():
            raise Refusal(
                "hostname-unknown",
                "The panel does not answer under {name} yet.",
                remedy="The operator adds the name and its certificate first.",
                name=name,
            )
        if name in taken:
            raise Refusal(
                "hostname-taken",
                "{name} belongs to another brand.",
                remedy="Choose another name.",
                name=name,
            )
    return names


@transaction.atomic
def set_brand(
    *,
    actor: Actor,
    now: dt.datetime,
    customer: Customer,
    name: str,
    accent: str = "",
    logo: bytes | None = None,
    no_logo: bool = False,
    hostnames: Sequence[str] = (),
    support_email: str = "",
) -> Brand:
    """How the panel looks to a reseller's customers.

    `accent` is `#rrggbb` or empty for the house's own; without a `logo` the one that is there
    stays, unless `no_logo`. Raises `Refusal`.
    """
    if not customer.is_reseller:
        raise Refusal(
            "brand-of-resellers",
            "Only a reseller has a brand of its own.",
            remedy="Make '{name}' a reseller first.",
            name=customer.name,
        )
    brand = Brand.objects.filter(customer=customer).first() or Brand(customer=customer)
    before = None
    if brand.pk:
        locked(brand)
        before = facts(brand)
    brand.name = checked_text(name.strip(), "brand's name", 60)
    if not brand.name:
        raise Refusal("brand-name-empty", "A brand needs a name.", remedy="Give one.")
    brand.accent = _checked_accent(accent)
    if no_logo:
        brand.logo, brand.logo_type = None, ""
    elif logo:
        brand.logo, brand.logo_type = logo, _checked_logo(logo)
    brand.hostnames = _checked_hostnames(hostnames, customer)
    address = support_email.strip()
    brand.support_email = str(destination_address(address)).lower() if address else ""
    brand.save()
    commit(
        actor=actor,
        now=now,
        verb="set",
        row=brand,
        label=customer.name,
        before=before,
        changes=(),
        server=None,
    )
    return brand
