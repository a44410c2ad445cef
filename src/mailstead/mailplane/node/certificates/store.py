"""The certificates on disk: a name's key, made once, and its chain, replaced whole."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mailstead.home import Home
from mailstead.mailplane.engines import served

SECRET = 0o600
PUBLIC = 0o644


def put(path: Path, data: bytes, mode: int) -> None:
    """Write a file whole or not at all, and on the disk before anybody can see it."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as out:
        out.write(data)
        os.fchmod(descriptor, mode)
        out.flush()
        os.fsync(descriptor)
    part.replace(path)


def new_key() -> bytes:
    """An ECDSA P-256 key in PEM: a handshake costs a fifteenth of RSA-2048's."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def key_of(home: Home, name: str, *, own: bool) -> bytes:
    """The key of a name in PEM, made where there is none; `own`: the host's own is taken."""
    place = served.of(home, name).key
    if not place.exists():
        # The chains in them are read by nginx's worker, the keys by root.
        for folder in (home.names, place.parent):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o755)
        put(place, home.certificate_key.read_bytes() if own else new_key(), SECRET)
    return place.read_bytes()


def request(key: bytes, name: str) -> bytes:
    """What an authority is given to sign (PKCS#10), in PEM. Raises `ValueError`."""
    builder = x509.CertificateSigningRequestBuilder()
    # A common name has 64 characters at most, and is not looked at where there are others.
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, name)] if len(name) <= 64 else []
    loaded = serialization.load_pem_private_key(key, None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    made = (
        builder.subject_name(x509.Name(subject))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(loaded, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def leaf(home: Home, name: str) -> x509.Certificate | None:
    """The certificate of a name; None where there is none or it cannot be read."""
    try:
        return x509.load_pem_x509_certificate(served.of(home, name).chain.read_bytes())
    except (OSError, ValueError):
        return None


def fits(chain: bytes, key: bytes, name: str, now: dt.datetime) -> str:
    """Why a chain cannot be used for a name and a key; empty when it can."""
    try:
        first = x509.load_pem_x509_certificates(chain)[0]
        names = first.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, IndexError, x509.ExtensionNotFound):
        return "What the authority gave is no certificate."
    loaded = serialization.load_pem_private_key(key, None)
    if first.public_key() != loaded.public_key():
        return "The authority gave a certificate for another key."
    if name not in names.get_values_for_type(x509.DNSName):
        return "The authority gave a certificate for another name."
    if first.not_valid_after_utc <= now:
        return "The authority gave a certificate that has ended."
    return ""


def keep(home: Home, name: str, chain: bytes) -> None:
    """Put a name's new chain in the place of the one before."""
    put(served.of(home, name).chain, chain, PUBLIC)


def install_own(home: Home, name: str) -> bool:
    """Let the host's own certificate be the one of its name; returns whether it was another.

    The key first: where the operator has put a key of their own there, the chain is made for it
    from the start, and so nothing but the chain ever changes.
    """
    one = served.of(home, name)
    chain = one.chain.read_bytes()
    if one.key.read_bytes() != home.certificate_key.read_bytes():
        put(home.certificate_key, one.key.read_bytes(), SECRET)
    elif home.certificate.read_bytes() == chain:
        return False
    put(home.certificate, chain, PUBLIC)
    return True


def drop(home: Home, name: str) -> None:
    """Forget a name's certificate and key."""
    shutil.rmtree(served.of(home, name).key.parent, ignore_errors=True)
