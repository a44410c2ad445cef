"""The host's certificate: self-signed at the first start, until a real one takes its place."""

from __future__ import annotations

import datetime as dt
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mailstead.home import Home

_YEARS = 10


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
        .not_valid_after(now + dt.timedelta(days=365 * _YEARS))
        .add_extension(_alternatives(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    home.tls.mkdir(parents=True, exist_ok=True)
    home.tls.chmod(0o755)
    descriptor = os.open(home.certificate_key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    home.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    home.certificate.chmod(0o644)
    return True


def _alternatives(names: tuple[str, ...]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.DNSName(name) for name in names])


def _lacks(home: Home, names: tuple[str, ...]) -> bool:
    """Whether our own self-signed certificate lacks one of the names."""
    found = x509.load_pem_x509_certificate(home.certificate.read_bytes())
    if found.issuer != found.subject:
        return False
    try:
        there = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    return not set(names) <= set(there.get_values_for_type(x509.DNSName))
