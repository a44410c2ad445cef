"""DKIM keys: made with the domain, published by its owner."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mailstead.control.hosting.models import DkimKey, Domain

SELECTOR = "ms1"
_BITS = 2048  # RFC 8301 §3.2: at least 1024, should be 2048


def new_key(domain: Domain, selector: str = SELECTOR) -> DkimKey:
    """A stored new RSA key for the domain."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return DkimKey.objects.create(
        domain=domain,
        selector=selector,
        private_key=private.decode("ascii"),
        public_key=base64.b64encode(public).decode("ascii"),
    )
