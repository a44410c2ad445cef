"""Password hashes as Dovecot verifies them (doc/wiki AuthDatabase.PasswordSchemes, crypt(5)).

New ones are SHA512-CRYPT; imported ones keep the form in which they were found.
"""

from __future__ import annotations

import base64
import ctypes
import ctypes.util
import hashlib
import hmac
import re
import secrets
import string
from fnmatch import fnmatchcase

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHash

from mailstead.standards.refusal import Refusal

MIN_LENGTH = 10
MAX_OCTETS = 200
"""crypt(3) looks at no more than 512 octets; nobody types that many."""
OF_HOUSE = "{SHA512-CRYPT}$6$*"
"""A stored secret of the house's scheme, as fnmatch and SQLite's GLOB read it, unless it is one of
`TOO_FEW_ROUNDS`: fewer than the 5000 that crypt(5) makes where none are named."""
TOO_FEW_ROUNDS = tuple(
    f"{{SHA512-CRYPT}}$6$rounds={count}$*" for count in ("?", "??", "???", "[0-4]???")
)
_ALPHABET = string.ascii_letters + string.digits
_SALT = string.ascii_letters + string.digits + "./"
_PREFIXED = re.compile(r"\{[A-Z0-9-]{2,24}(?:\.[A-Z0-9]{2,6})?\}[!-~]{4,230}")
_MADE_HERE = re.compile(r"\{SHA512-CRYPT\}\$6\$[./A-Za-z0-9]{16}\$[./A-Za-z0-9]{86}")
_CRYPT_DATA = 32_768
"""Octets of `struct crypt_data` (crypt_rn(3))."""
_FOUND = (
    (re.compile(r"\$6\$[!-~]{20,220}"), "SHA512-CRYPT"),
    (re.compile(r"\$5\$[!-~]{20,220}"), "SHA256-CRYPT"),
    (re.compile(r"\$1\$[!-~]{20,60}"), "MD5-CRYPT"),
    (re.compile(r"\$2[aby]\$[!-~]{50,70}"), "BLF-CRYPT"),
    # Dovecot has no name of its own for yescrypt: crypt(3) of the system knows it.
    (re.compile(r"\$y\$[!-~]{20,220}"), "CRYPT"),
    (re.compile(r"[./A-Za-z0-9]{13}"), "CRYPT"),
)
_SCHEMES = frozenset(
    [
        "SHA512-CRYPT",
        "SHA256-CRYPT",
        "MD5-CRYPT",
        "BLF-CRYPT",
        "CRYPT",
        "DES-CRYPT",
        "SSHA",
        "SSHA256",
        "SSHA512",
        "SHA",
        "SHA1",
        "SHA256",
        "SHA512",
        "SMD5",
        "PLAIN-MD5",
        "LDAP-MD5",
        "ARGON2I",
        "ARGON2ID",
        "PBKDF2",
        "SCRAM-SHA-1",
        "SCRAM-SHA-256",
    ]
)


def generate(length: int = 20) -> str:
    """A random password of letters and digits (20 of them: 119 bits)."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def check(password: str) -> str:
    """The password, if it may be one; raises `Refusal` (`password-…`)."""
    if len(password) < MIN_LENGTH:
        raise Refusal(
            "password-short",
            "The password has fewer than {min_length} characters.",
            remedy="Choose a longer one, or let one be generated.",
            min_length=MIN_LENGTH,
        )
    if len(password.encode()) > MAX_OCTETS or any(not c.isprintable() for c in password):
        raise Refusal(
            "password-invalid",
            "A password may have at most {max_octets} octets and no control characters.",
            remedy="Choose another one.",
            max_octets=MAX_OCTETS,
        )
    return password


def _crypt(password: bytes, setting: str) -> str:
    # Not crypt(3) itself: its answer is in one place for all threads.
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt_rn.restype = ctypes.c_char_p
    room = ctypes.create_string_buffer(_CRYPT_DATA)
    found: bytes | None = library.crypt_rn(password, setting.encode(), room, _CRYPT_DATA)
    if not found or found.startswith(b"*"):
        raise RuntimeError("crypt(3) refused its setting")
    return found.decode("ascii")


def hashed(password: str) -> str:
    """A new `{SHA512-CRYPT}` hash; raises `Refusal` for what cannot be a password."""
    return rehashed(check(password).encode())


def rehashed(password: bytes) -> str:
    """The house's hash of a password that somebody has already, however short it is.

    Raises `RuntimeError` for what crypt(3) does not take: more than 511 octets.
    """
    salt = "".join(secrets.choice(_SALT) for _ in range(16))
    return "{SHA512-CRYPT}" + _crypt(password, f"$6${salt}$")


def hashed_as_found(password: str) -> str:
    """The same for one that was in use elsewhere: short ones go on working."""
    return hashed(password) if len(password) >= MIN_LENGTH else rehashed(password.encode())


def is_of_house(secret: str) -> bool:
    """Whether a stored secret is of the house's scheme, with enough rounds."""
    weak = any(fnmatchcase(secret, form) for form in TOO_FEW_ROUNDS)
    return fnmatchcase(secret, OF_HOUSE) and not weak


def is_made_here(secret: str) -> bool:
    """Whether a text is what `hashed` and `rehashed` give, to the octet."""
    return _MADE_HERE.fullmatch(secret) is not None


def verify(password: str | bytes, secret: str) -> bool:
    """Whether a secret (`{SCHEME}hash`) is that of the password; False for an unknown scheme."""
    if isinstance(password, str):
        password = password.encode()
    scheme, _, bare = secret[1:].partition("}")
    name, _, coding = scheme.partition(".")
    if name.endswith("CRYPT"):
        try:
            return secrets.compare_digest(_crypt(password, bare), bare)
        except RuntimeError:
            return False
    if name.startswith("ARGON2"):
        try:
            return PasswordHasher().verify(bare, password)
        except (Argon2Error, InvalidHash):
            return False
    try:
        if name == "PBKDF2":
            return _pbkdf2(password, bare)
        if name.startswith("SCRAM-"):
            return _scram(password, bare, name.removeprefix("SCRAM-").replace("-", "").lower())
        return _digest(password, bare, name, coding)
    except ValueError:
        return False


def digest_of(secret: str) -> str:
    """What is kept of a long random secret, which needs no salt and no slow hash: hex of SHA-256.

    Dovecot gives the same with `%{sha256:password}`.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


# RFC 2307 and Dovecot's names to hashlib's; those with a salt have it behind the digest.
_DIGESTS = {
    "SSHA": "sha1",
    "SSHA256": "sha256",
    "SSHA512": "sha512",
    "SMD5": "md5",
    "SHA": "sha1",
    "SHA1": "sha1",
    "SHA256": "sha256",
    "SHA512": "sha512",
    "PLAIN-MD5": "md5",
    "LDAP-MD5": "md5",
}


def _digest(password: bytes, bare: str, name: str, coding: str) -> bool:
    kind = _DIGESTS.get(name)
    if kind is None:
        return False
    hexadecimal = coding == "HEX" or (name == "PLAIN-MD5" and not coding)
    found = bytes.fromhex(bare) if hexadecimal else base64.b64decode(bare, validate=True)
    length = hashlib.new(kind, usedforsecurity=False).digest_size
    made = hashlib.new(kind, password + found[length:], usedforsecurity=False)
    return secrets.compare_digest(made.digest(), found[:length])


def _pbkdf2(password: bytes, bare: str) -> bool:
    """`$1$salt$rounds$hash`, HMAC-SHA1 (Dovecot)."""
    _, version, salt, rounds, wanted = bare.split("$")
    if version != "1" or not 1 <= int(rounds) <= 1_000_000:
        return False
    made = hashlib.pbkdf2_hmac("sha1", password, salt.encode(), int(rounds))
    return secrets.compare_digest(made.hex(), wanted)


def _scram(password: bytes, bare: str, kind: str) -> bool:
    """`rounds,salt,StoredKey,ServerKey` (RFC 5802 §3)."""
    rounds, salt, stored, _ = bare.split(",")
    if kind not in ("sha1", "sha256") or not 1 <= int(rounds) <= 1_000_000:
        return False
    salted = hashlib.pbkdf2_hmac(kind, password, base64.b64decode(salt), int(rounds))
    client = hmac.digest(salted, b"Client Key", kind)
    return secrets.compare_digest(hashlib.new(kind, client).digest(), base64.b64decode(stored))


def imported(text: str) -> tuple[str, bool]:
    """A hash found elsewhere as `{SCHEME}hash`, and whether it was locked (`!` or `*` in front).

    Raises `Refusal` (`hash-unknown`) for what Dovecot could not verify.
    """
    bare = text.strip()
    unlocked = bare.lstrip("!*")
    locked = unlocked != bare
    if _PREFIXED.fullmatch(unlocked):
        scheme = unlocked[1 : unlocked.index("}")].partition(".")[0]
        if scheme in _SCHEMES:
            return unlocked, locked
    for pattern, scheme in _FOUND:
        if pattern.fullmatch(unlocked):
            return f"{{{scheme}}}{unlocked}", locked
    raise Refusal(
        "hash-unknown",
        "The password hash is of no known kind.",
        remedy="Give it as crypt(3) writes it ($6$…, $2y$…) or with its Dovecot scheme in front.",
    )
