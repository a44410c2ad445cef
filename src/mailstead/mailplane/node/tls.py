"""The host's certificate: self-signed at the first start, until a real one takes its place."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mailstead.home import Home

_VALID = dt.timedelta(days=3651)
"""Ten years, and the day before the first. No authority gives such a time: it marks our own."""


def ensure(home: Home, names: tuple[str, ...]) -> bool:
    """Make key and certificate where there are none; returns whether they were made.

    One of our own making is made anew when it lacks one of the names; others are left alone.
    ECDSA P-256: a handshake costs a fifteenth of RSA-2048's.
    """
    if home.certificate.exists() and home.certificate_key.exists() and not _lacks(home, names):
        return False
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now - dt.timedelta(days=1) + _VALID)
        .add_extension(_alternatives(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    home.tls.mkdir(parents=True, exist_ok=True)
    home.tls.chmod(0o755)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _replace(home.certificate_key, secret, 0o600)
    _replace(home.certificate, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
    return True


def _replace(path: Path, data: bytes, mode: int) -> None:
    """Whole or not at all: an engine may open it at any moment."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as out:
        out.write(data)
        os.fchmod(descriptor, mode)
    part.replace(path)


def _alternatives(names: tuple[str, ...]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.DNSName(name) for name in names])


def _lacks(home: Home, names: tuple[str, ...]) -> bool:
    """Whether a certificate of our own making lacks one of the names, or has another's key."""
    try:
        found = x509.load_pem_x509_certificate(home.certificate.read_bytes())
        key = serialization.load_pem_private_key(home.certificate_key.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # Not of our making; the engines say what is wrong with it.
        return False
    valid = found.not_valid_after_utc - found.not_valid_before_utc
    if found.issuer != found.subject or valid != _VALID:
        return False
    if found.public_key() != key.public_key():
        # Killed between the two files.
        return True
    try:
        there = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    return not set(names) <= set(there.get_values_for_type(x509.DNSName))
