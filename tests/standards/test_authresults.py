"""Whose signature our own host has found good; what a message says about itself counts nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.standards.authresults import signed_by

HOST = "mx.node.example"


@pytest.mark.parametrize(
    ("fields", "signed"),
    [
        ([f"{HOST}; dkim=pass header.d=far.example header.s=a; spf=pass"], True),
        ([f"{HOST}; dkim=pass (good) header.i=@far.example"], True),
        ([f"{HOST};\r\n dkim=fail header.d=other.example; dkim=pass header.d=far.example"], True),
        ([f"{HOST}; dkim=pass header.d=mail.far.example"], True),
        ([f"{HOST}; dkim=fail header.d=far.example"], False),
        ([f"{HOST}; dkim=pass header.d=notfar.example"], False),
        ([f"{HOST}; dkim=pass header.d=example"], False),
        ([f"{HOST}; spf=pass smtp.mailfrom=x@far.example"], False),
        ([f"{HOST}; dkim=passive header.d=far.example"], False),
        (["mx.evil.example; dkim=pass header.d=far.example"], False),
        ([f"{HOST}; dkim=none", f"{HOST}; dkim=pass header.d=far.example"], False),
        ([f"x ({HOST}); dkim=pass header.d=far.example"], False),
        ([], False),
    ],
)
def test_only_the_first_field_of_our_own_host_counts(fields: list[str], signed: bool) -> None:
    assert signed_by(fields, HOST, "far.example") is signed


@given(st.text(max_size=300))
def test_whatever_stands_there_is_no_error(text: str) -> None:
    signed_by([text], HOST, "far.example")
    assert not signed_by([text], "", "far.example")
