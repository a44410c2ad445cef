"""DirectAdmin's backup of Roundcube gives what it holds, and nothing in it is fetched or grows."""

from __future__ import annotations

import io
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.foreign.roundcube.bases import CARD

from mailstead.foreign.inventory import Contact, Identity, Webmail
from mailstead.foreign.roundcube import from_directadmin_xml
from mailstead.standards.refusal import Refusal

PLACE = "backup/example.com/email/data/roundcube.xml"


def tag(name: str, *inside: str) -> str:
    return f"<{name}>{''.join(inside)}</{name}>\n"


def value(name: str, text: str) -> str:
    return tag(name, quote_plus(text))


def contact(email: str, name: str, card: str = "", groups: tuple[str, ...] = ()) -> str:
    return tag(
        "CONTACT",
        value("EMAIL", email),
        value("NAME", name),
        value("CHANGED", "2024-01-02 03:04:05"),
        value("VCARD", card),
        tag("GROUPS", *(tag("GROUP", value("NAME", group)) for group in groups)),
    )


IDENTITY = tag(
    "INDENTITY",
    value("EMAIL", "info@example.com"),
    value("STANDARD", "1"),
    value("NAME", "Info & Co + 100%"),
    value("ORGANIZATION", "Example"),
    value("REPLY-TO", "desk@example.com"),
    value("BCC", ""),
    value("SIGNATURE", "<b>Info</b>\nline 2"),
    value("HTML_SIGNATURE", "1"),
)


def backup(*contacts: str, user: str = "info@example.com", more: str = "") -> str:
    return tag(
        "ROUNDCUBE",
        tag(
            "EMAIL",
            value("USERNAME", user),
            value("LANGUAGE", "en_US"),
            value("PREFERENCES", 'a:1:{s:8:"timezone";s:4:"auto";}'),
            tag("INDENTITIES", IDENTITY),
            tag("CONTACTS", *contacts),
            more,
        ),
    )


def read(text: str | bytes) -> dict[str, Webmail]:
    data = text.encode() if isinstance(text, str) else text
    return from_directadmin_xml(io.BytesIO(data), PLACE)


def test_everything_in_it_comes() -> None:
    found = read(
        backup(
            contact("ann@x.example", "Ann Älter", CARD, ("Team", "A & B")),
            contact("b@x.example,b@y.example", "Bob + 1"),
        )
    )
    (webmail,) = found.values()
    assert list(found) == ["info@example.com"]
    assert webmail == Webmail(
        contacts=(
            Contact(
                name="Ann Älter",
                emails=("ann@x.example",),
                vcard=CARD.replace("\r\n", "\n"),
                groups=("Team", "A & B"),
            ),
            Contact(name="Bob + 1", emails=("b@x.example", "b@y.example")),
        ),
        groups=("Team", "A & B"),
        identities=(
            Identity(
                email="info@example.com",
                name="Info & Co + 100%",
                organization="Example",
                reply_to="desk@example.com",
                signature="<b>Info</b>\nline 2",
                html=True,
                standard=True,
            ),
        ),
        language="en_US",
        place=PLACE,
    )


def test_a_backup_restored_twice_has_nobody_twice() -> None:
    ann = contact("ann@x.example", "Ann")
    other = contact("ann@x.example", "Ann of the other office")
    once = backup(ann, other)
    inner = once.removeprefix("<ROUNDCUBE>").removesuffix("</ROUNDCUBE>\n")
    assert read(backup(ann, other, ann)) == read(once)
    assert read(tag("ROUNDCUBE", inner, inner)) == read(once)
    assert len(read(once)["info@example.com"].contacts) == 2


def test_a_part_that_is_new_is_told() -> None:
    (webmail,) = read(backup(more=tag("RESPONSES", value("NAME", "x")))).values()
    (remark,) = webmail.remarks
    assert (remark.grade, remark.code, remark.text) == (
        "unknown",
        "webmail-part-unknown",
        "email/responses",
    )
    assert remark.place == PLACE


DOCTYPE = '<!DOCTYPE ROUNDCUBE [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
LAUGHS = (
    '<!DOCTYPE ROUNDCUBE [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
)


@pytest.mark.parametrize(
    "text",
    [
        DOCTYPE + backup().replace("en_US", "&a;"),
        LAUGHS + backup().replace("en_US", "&c;"),
        "",
        "<ROUNDCUBE><EMAIL>",
        "<html></html>",
        "not XML",
        "<ROUNDCUBE><EMAIL></EMAIL></ROUNDCUBE>",
        b"\xff\xfe\x00<",
        '<?xml version="1.0" encoding="nothing"?><ROUNDCUBE/>',
    ],
)
def test_what_it_is_not_is_refused(text: str | bytes) -> None:
    with pytest.raises(Refusal) as refused:
        read(text)
    assert refused.value.code == "webmail-unreadable"


@pytest.mark.parametrize(
    "text",
    [
        "<ROUNDCUBE>" + "<EMAIL>" * 50,
        "<ROUNDCUBE><EMAIL><USERNAME>" + "x" * 60_000_000,
    ],
)
def test_what_is_too_deep_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(text)
    assert refused.value.code == "webmail-too-large"


def test_no_user_is_no_error() -> None:
    assert read("<ROUNDCUBE></ROUNDCUBE>") == {}


@given(st.binary(max_size=400))
def test_octets_of_any_kind_are_a_refusal_or_a_result(junk: bytes) -> None:
    whole = backup(contact("ann@x.example", "Ann")).encode()
    for data in (junk, whole[:200] + junk + whole[200:]):
        try:
            read(data)
        except Refusal as refused:
            assert refused.code in ("webmail-unreadable", "webmail-too-large")
