"""Secrets of sources, encrypted with a key of the panel's own."""

from __future__ import annotations

import base64
from hashlib import sha256

from cryptography.fernet import Fernet
from django.conf import settings


def box() -> Fernet:
    """What seals and opens them."""
    key = sha256(b"mailstead.moves.source\0" + str(settings.SECRET_KEY).encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
