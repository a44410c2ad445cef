"""Hashes of every scheme that may be imported, verified as Dovecot verifies them."""

from __future__ import annotations

import pytest

from mailstead.standards.password import verify

PASSWORD = "correct horse é"
# Made by `doveadm pw -s SCHEME` of Dovecot 2.3.19.
HASHES = [
    "{SSHA}l7U26KANEUE86p/yjR2zFA368DcGU9z3",
    "{SSHA256}MrildK7eZUAZrkmzOWjYAYQX64XtFi80PeLbDx3Vhjb5AJR5",
    "{SSHA512}Um8OP9oBmI24ga97WSoarhTH5hQrfMhQw3Q9LyNlvThZ/8EEee5X9PbIUyKdkDJeLqBK7qG"
    "q7WEFVOkTcw3p6uhZGM0=",
    "{SHA256}dnWSPHvvy1uKaWcqmYwmaT6nw3xnItNMK/+qBM7cqPQ=",
    "{SMD5}TgTTU94ZHjYWS7n9cvI8TvgxA1A=",
    "{PLAIN-MD5}99d4eaa3c4a60dc3228acb823b8924be",
    "{LDAP-MD5}mdTqo8SmDcMiisuCO4kkvg==",
    "{SHA512-CRYPT}$6$iJxW5dyZY2RL0X9R$DU9jabJKu.Er5msVp0kBDFU.yxdkgx6yaNiM9IxVCFQEd8"
    "h1uXS/zcFPwADY1NIxJitWcZdzs2jSZRsN0DVGj1",
    "{BLF-CRYPT}$2y$05$SNJBH6Bl8HeFEyHySNu/FewGeLF2s4qnq/0dP5i8PXkbyvFBw8W8K",
    "{MD5-CRYPT}$1$52uJF63X$i2X6nxKn7nocJ2nid.1O7.",
    "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$jf/1lG3AWAqvUq6K//S5YA$gkJVDV+RXZWSBHAv"
    "S5PWGpLkA7TNQTdqKkR4EoQE+vI",
    "{PBKDF2}$1$mGLDydjsRErqi1TW$5000$904df323d9132366b14dd8d91e2825422928c596",
    "{SCRAM-SHA-256}4096,mIIwdRaqQRk+l58u4xZ1Wg==,C5pxhaf9LIy7Nif56cG2FAoOznDXCmpL+wF"
    "bt3HqLjY=,AZZRd0SmdF+o6Vd+rFa63QT+lHnjGMDk90dSkG0NbeQ=",
    "{SCRAM-SHA-1}4096,6sJWUvn8Hrwd6hHdfdIscQ==,Y4h3O6rz1BgcV/ZPkQVeF283MSM=,TL4prWb5"
    "H5iy45PmSjAeDhWDnw4=",
    "{SHA512.HEX}3175030395c921bcc22f5ce487427b8bcd0d81260bcb4929a5dc529dd397f2478ec4"
    "f7e7f16359dc171314bd7a566e4591726d8cb0bdcdd4eccf934048dc6386",
]


@pytest.mark.parametrize("secret", HASHES, ids=lambda secret: secret[1:].partition("}")[0])
def test_a_hash_of_dovecots_opens_with_its_password_alone(secret: str) -> None:
    assert verify(PASSWORD, secret)
    assert not verify("incorrect horse", secret)


@pytest.mark.parametrize(
    "secret", ["{NONSENSE}abc", "{SSHA}%%%", "{PBKDF2}$1$x", "{SCRAM-SHA-1}a,b", "{ARGON2ID}$x", ""]
)
def test_what_is_no_hash_opens_with_nothing(secret: str) -> None:
    assert not verify(PASSWORD, secret)
