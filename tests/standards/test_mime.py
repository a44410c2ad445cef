"""Messages of strangers are taken apart, and nothing in them costs or breaks anything."""

from __future__ import annotations

import email.policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.standards.mime import MAX_PARTS, message, walk


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])), st.text(max_size=40))
def test_what_the_standard_library_writes_is_read(body: str, subject: str) -> None:
    written = EmailMessage(policy=email.policy.SMTP)
    written["X-Word"] = "".join(c for c in subject if c.isascii() and c.isalnum())
    written.set_content("first")
    written.add_attachment(body, subtype="x-other", charset="utf-8")
    written.add_attachment(body.encode(), maintype="application", subtype="gzip")
    whole = message(written.as_bytes())
    first, text, octets = walk(whole)
    assert whole.header("x-word") == written["X-Word"]
    assert (first.media_type, first.text().strip()) == ("text/plain", "first")
    assert (text.media_type, text.text().rstrip("\n")) == ("text/x-other", body.rstrip("\n"))
    assert (octets.media_type, octets.content()) == ("application/gzip", body.encode())


@given(st.binary(max_size=300), st.sampled_from(["base64", "quoted-printable", "7bit", "x"]))
def test_any_body_has_a_content(body: bytes, encoding: str) -> None:
    head = f"Content-Transfer-Encoding: {encoding}\nContent-Type: text/plain; charset=utf-8\n\n"
    part = message(head.encode() + body)
    assert isinstance(part.content(), bytes)
    assert isinstance(part.text(), str)


@pytest.mark.parametrize(
    "charset", ["idna", "punycode", "zlib", "hex", "utf-7", "iso-8859-99", "x\0", "undefined"]
)
def test_no_codec_runs_because_a_stranger_names_it(charset: str) -> None:
    part = message(f"Content-Type: text/plain; charset={charset}\n\n".encode() + b"gr\xfc\xdfe")
    assert part.text() == "grüße"


def test_a_boundary_that_begins_like_another_is_another() -> None:
    part = message(
        b"Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n"
        b"Content-Type: multipart/mixed; boundary=bb\n\n--bb\n\none\n--bb \n\ntwo\n--bb--\n"
        b"--b\n\nthree\n--b--\nepilogue\n--b\n\nnever\n"
    )
    assert [leaf.body for leaf in walk(part)] == [b"one", b"two", b"three"]


def test_parts_and_depth_end_somewhere() -> None:
    many = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 1000
    assert len(list(walk(message(many)))) <= MAX_PARTS
    deep = b"".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n".encode() for n in range(1000)
    )
    assert len(list(walk(message(deep)))) == 1
