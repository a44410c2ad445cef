"""Certificates and DKIM keys for the lab's hosts: self-signed, or by the lab's own authority."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID


class Authority:
    """A certificate authority that only this lab's nodes believe."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _subject("Lab authority")
        made = _builder(self._name, self._name, self._key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        file.write_bytes(
            made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )

    def certificate(self, name: str, certificate_file: Path, key_file: Path, *more: str) -> None:
        """Write a certificate for a host name and more names, valid for a month, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        _write(
            _host(name, self._name, key, *more).sign(self._key, hashes.SHA256()), certificate_file
        )
        key_file.write_bytes(_pem(key))


def certificate(name: str, certificate_file: Path, key_file: Path) -> None:
    """Write a self-signed certificate for a name or an address, valid for a month, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    _write(_host(name, _subject(name), key).sign(key, hashes.SHA256()), certificate_file)
    key_file.write_bytes(_pem(key))


def tlsa(certificate_file: Path) -> str:
    """The TLSA record that names a certificate's key: DANE-EE, SPKI, SHA-256 (RFC 6698)."""
    found = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    public = found.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return f"3 1 1 {sha256(public).hexdigest()}"


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
    )


def _host(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *more: str
) -> x509.CertificateBuilder:
    return _builder(_subject(name), issuer, key.public_key()).add_extension(
        x509.SubjectAlternativeName([_alternative(one) for one in (name, *more)]), critical=False
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(made: x509.Certificate, file: Path) -> None:
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def dkim_key(key_file: Path) -> str:
    """Write a new RSA key; returns the text of the DKIM record for it (RFC 6376 §3.6.1)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key_file.write_bytes(_pem(key))
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
