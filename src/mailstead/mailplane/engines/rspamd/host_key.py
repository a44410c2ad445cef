"""The key with which this node signs in its own name, and the record that its name needs for it.

ARC seals of forwarded mail and the reports of this host are signed with it. It is the node's own,
made at its first start; the record stands below the host's name.
"""

from __future__ import annotations

import base64
import os
import shutil

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mailstead.home import Home
from mailstead.mailplane.engines.rspamd.model import USER

SELECTOR = "mailstead"
_BITS = 2048  # RFC 8301 §3.2: at least 1024, should be 2048


def ensure(home: Home) -> None:
    """Make the key where there is none; readable by Rspamd only."""
    path = home.seal_key
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
        text = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        part = path.with_suffix(".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    for item, mode in ((path.parent, 0o750), (path, 0o640)):
        shutil.chown(item, "root", USER)
        item.chmod(mode)


def record_name(hostname: str) -> str:
    """Where the key's record stands (RFC 6376 §3.6.2.1)."""
    return f"{SELECTOR}._domainkey.{hostname}"


def record(home: Home) -> str:
    """The TXT record that the name needs; raises `FileNotFoundError` before the first start."""
    key = serialization.load_pem_private_key(home.seal_key.read_bytes(), password=None)
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode('ascii')}"
