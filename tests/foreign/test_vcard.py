"""A contact becomes a card that holds all it had, and can hold nothing of its own making."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.foreign.inventory import Contact
from mailstead.foreign.vcard import card, emails, group_card, uid

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60)


def unfolded(text: str) -> list[str]:
    """The lines of a card, read by the rules of RFC 6350 §3.2 alone."""
    assert text.endswith("\r\n")
    for line in text.split("\r\n"):
        assert len(line.encode()) <= 75
        assert "\n" not in line
        assert "\r" not in line
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def plain(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)


def test_a_contact_without_a_card() -> None:
    ann = Contact(
        name="Ann, Älter; Dr.",
        emails=("ann@x.example", "a@y.example"),
        first="Ann",
        last="Älter",
        groups=("Team", "A,B"),
    )
    lines = unfolded(card(ann))
    assert lines == [
        "BEGIN:VCARD",
        "VERSION:3.0",
        "FN:Ann\\, Älter\\; Dr.",
        "N:Älter;Ann;;;",
        "EMAIL;TYPE=INTERNET:ann@x.example",
        "EMAIL;TYPE=INTERNET:a@y.example",
        "CATEGORIES:Team,A\\,B",
        f"UID:{uid(ann)}",
        "END:VCARD",
    ]
    assert uid(ann).startswith("urn:uuid:")
    assert uid(ann) == uid(ann)
    assert uid(ann) != uid(ann, owner="other@example.com")


HELD = """BEGIN:VCARD
VERSION:3.0
N:Älter;Ann;;Dr.;
FN:Dr. Ann Älter
EMAIL;TYPE=INTERNET;TYPE=HOME:Ann@X.example
item1.TEL;TYPE="cell,voice":+49 1
item1.X-ABLABEL:_$!<Own>!$_
X-ANNIVERSARY:2001-02-03
CATEGORIES:Old,Team
UID:ann-1
PHOTO;ENCODING=b;TYPE=JPEG:{photo}
 CCCC
NOTE:two\\nlines\\, one comma
END:VCARD
""".replace("{photo}", "A" * 200)


def test_all_that_a_card_holds_stays() -> None:
    ann = Contact(
        name="Ann",
        emails=("ann@x.example", "new@x.example"),
        vcard=HELD,
        groups=("Team", "New"),
    )
    lines = unfolded(card(ann))
    for line in HELD.replace("\n CCCC", "CCCC").splitlines():
        if not line.startswith("CATEGORIES"):
            assert line in lines
    assert "CATEGORIES:Old,Team,New" in lines
    assert "EMAIL;TYPE=INTERNET:new@x.example" in lines
    assert len(lines) == len(HELD.splitlines())  # a fold less, an address more
    assert uid(ann) == "ann-1"


def test_a_card_of_2_1_becomes_one_of_3_0() -> None:
    old = (
        "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BC=\nller;Al\n"
        "FN;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:Al M=FCller, Jr.\n"
        "TEL;HOME;VOICE:123\nPHOTO;BASE64;JPEG:AAEC\nNOTE;QUOTED-PRINTABLE:a=0D=0Ab;c\nEND:VCARD\n"
    )
    lines = unfolded(card(Contact(name="", emails=(), vcard=old)))
    assert lines[1:7] == [
        "VERSION:3.0",
        "N:Müller;Al",
        "FN:Al Müller\\, Jr.",
        "TEL;TYPE=HOME,VOICE:123",
        "PHOTO;ENCODING=b;TYPE=JPEG:AAEC",
        "NOTE:a\\nb\\;c",
    ]


def test_a_card_of_4_0_stays_one() -> None:
    held = "BEGIN:VCARD\nVERSION:4.0\nFN:Ann\nN:;Ann;;;\nEND:VCARD"
    lines = unfolded(card(Contact(name="Ann", emails=("a@x.example",), vcard=held)))
    assert "VERSION:4.0" in lines
    assert "EMAIL:a@x.example" in lines


def test_what_is_no_card_is_kept_to_be_read_by_a_person() -> None:
    lines = unfolded(card(Contact(name="Ann", emails=(), vcard="tel 123\nmobile 4")))
    assert "X-MAILSTEAD-FOUND:tel 123\\nmobile 4" in lines


@pytest.mark.parametrize(
    ("contact", "name"),
    [
        (Contact(name="", emails=("a@x.example",)), "a@x.example"),
        (Contact(name="", first="Ann", last="B", emails=()), "Ann B"),
        (Contact(name="", emails=()), "?"),
        (Contact(name="Ann", emails=(), vcard="BEGIN:VCARD\nFN:\nEND:VCARD"), "Ann"),
    ],
)
def test_every_card_has_a_name(contact: Contact, name: str) -> None:
    assert f"FN:{name}" in unfolded(card(contact))


def test_a_group_names_its_members() -> None:
    ann = Contact(name="Ann", emails=("a@x.example",))
    bob = Contact(name="Bob", emails=(), vcard="BEGIN:VCARD\nUID:no urn\nEND:VCARD")
    lines = unfolded(group_card("Team; A", [ann, bob], owner="info@example.com"))
    assert "KIND:group" in lines
    assert "FN:Team\\; A" in lines
    assert [line for line in lines if line.startswith("MEMBER")] == [
        f"MEMBER:{uid(ann, owner='info@example.com')}"
    ]


@given(TEXT, TEXT, TEXT, st.lists(TEXT, max_size=3), st.lists(TEXT, max_size=3))
def test_every_text_comes_back(
    name: str, first: str, last: str, addresses: list[str], groups: list[str]
) -> None:
    given_groups = tuple(dict.fromkeys(groups))
    written = card(
        Contact(
            name=name + "x", first=first, last=last, emails=tuple(addresses), groups=given_groups
        )
    )
    lines = unfolded(written)
    names = [plain(line[3:]) for line in lines if line.startswith("FN:")]
    assert names == [(name + "x").strip()]
    assert [line for line in lines if line.startswith(("BEGIN", "END"))] == [
        "BEGIN:VCARD",
        "END:VCARD",
    ]
    assert list(emails(written)) == [text.strip() for text in addresses if text.strip()]


@given(st.text(max_size=300))
def test_a_strangers_card_cannot_break_out(junk: str) -> None:
    held = f"BEGIN:VCARD\nVERSION:3.0\n{junk}\nEND:VCARD"
    lines = unfolded(card(Contact(name="Ann", emails=("a@x.example",), vcard=held)))
    assert lines[0] == "BEGIN:VCARD"
    assert lines[-1] == "END:VCARD"
    assert lines.count("END:VCARD") == 1
    assert sum(line.startswith("VERSION:") for line in lines) == 1
