"""Reports about a domain's mail are read, and nothing in them is followed or grows."""

from __future__ import annotations

import datetime
import gzip
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.standards import bombs

from mailstead.standards.dmarcreport import (
    MAX_ROWS,
    DkimResult,
    Policy,
    Reason,
    SpfResult,
    parse,
)
from mailstead.standards.refusal import Refusal

SAMPLES = Path(__file__).parent / "samples" / "dmarc"
OLD = (SAMPLES / "rfc7489.xml").read_bytes()
NEW = (SAMPLES / "rfc9990.xml").read_bytes()
RECORD = OLD[OLD.index(b"<record>") : OLD.index(b"</record>") + len(b"</record>")]


def with_doctype(inside: bytes, use: bytes = b"x") -> bytes:
    """The sample with a document type, and something in the organisation's name."""
    head, _, rest = OLD.partition(b"<feedback>")
    return (
        head
        + b"<!DOCTYPE feedback "
        + inside
        + b"><feedback>"
        + rest.replace(b"Receiver Ltd.", use)
    )


def zipped(data: bytes) -> bytes:
    return bombs.zip_of(("receiver.example!example.org!1772323200!1772409599.xml", data))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zipped])
def test_the_form_of_rfc_7489(pack: Callable[[bytes], bytes]) -> None:
    report = parse(pack(OLD))
    assert (report.organisation, report.contact) == ("Receiver Ltd.", "dmarc@receiver.example")
    assert report.report_id == "17.receiver.example"
    assert report.begin == datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
    assert report.end == datetime.datetime(2026, 3, 1, 23, 59, 59, tzinfo=datetime.UTC)
    assert report.errors == ("The record was fetched late",)
    assert report.policy == Policy("example.org", "quarantine", "none", "", "r", "s", "100", "")
    first, second = report.rows
    assert (first.source, first.count, first.disposition) == ("192.0.2.1", 20, "none")
    assert (first.dkim_aligned, first.spf_aligned) == (True, False)
    assert first.reasons == (Reason("forwarded", "known forwarder"),)
    assert (first.header_from, first.envelope_from) == ("example.org", "lists.example.net")
    assert first.dkim == (
        DkimResult("example.org", "k1", "pass"),
        DkimResult("lists.example.net", "", "fail"),
    )
    assert first.spf == (SpfResult("lists.example.net", "mfrom", "pass"),)
    assert (second.source, second.spf_aligned) == ("2001:db8::17", False)
    assert report.complete


def test_the_form_of_rfc_9990() -> None:
    report = parse(NEW)
    assert report.policy == Policy("example.org", "reject", "reject", "reject", "s", "r", "", "y")
    (row,) = report.rows
    assert (row.disposition, row.envelope_to) == ("pass", "receiver.example")
    assert row.reasons == (Reason("policy_test_mode", ""),)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<?xml", b"\n  <?xml"),
        (b"<?xml", b"\xef\xbb\xbf<?xml"),
        (b'<?xml version="1.0" encoding="UTF-8" ?>\n', b""),
        (b"UTF-8", b"UTF-16"),
        (b"UTF-8", b"us-ascii"),
        (b"UTF-8", b"windows-1252"),
        (b"UTF-8", b"no-such-encoding"),
        (b"UTF-8", b"shift_jis"),
        (b"UTF-8", b"zlib"),
        (b"<feedback>", b'<feedback xmlns:n="http://dmarc.org/dmarc-xml/0.1">'),
        (b"1772323200", b" 1772323200.0\n"),
        (b"<domain>example.org</domain>", b"<domain> EXAMPLE.org. </domain>"),
        (b"<record>", b"<record><more/><row/></record><record>"),
        (b"Receiver Ltd.", b"<![CDATA[Receiver Ltd.]]>"),
        (b"Receiver Ltd.", b"Receiver\n  &#76;td."),
    ],
)
def test_what_some_write_differently_is_read(before: bytes, after: bytes) -> None:
    assert before in OLD
    report = parse(OLD.replace(before, after, 1))
    assert report.policy == parse(OLD).policy
    assert report.rows == parse(OLD).rows
    assert report.organisation == "Receiver Ltd."


def test_prefixes_of_namespaces_do_not_matter() -> None:
    prefixed = OLD.replace(b"<", b"<n:").replace(b"<n:/", b"</n:").replace(b"<n:?", b"<?")
    assert parse(prefixed) == parse(OLD)


@pytest.mark.parametrize(
    ("declared", "encoded"),
    [
        ("UTF-8", "utf-8"),
        ("UTF-8", "latin-1"),
        ("iso-8859-1", "latin-1"),
        ("windows-1252", "cp1252"),
        ("UTF-16", "utf-16"),
        ("us-ascii", "utf-8"),
        ("UTF-16", "utf-8"),
        ("no-such-encoding", "latin-1"),
    ],
)
def test_names_beyond_ascii_are_read_in_the_encoding_they_have(declared: str, encoded: str) -> None:
    text = OLD.decode().replace("UTF-8", declared).replace("Receiver Ltd.", "Empfänger")
    assert parse(text.encode(encoded)).organisation == "Empfänger"


LAUGHS = b"[<!ENTITY a0 'ha'>" + b"".join(
    b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10)
)


@pytest.mark.parametrize(
    "data",
    [
        with_doctype(b"[<!ENTITY x SYSTEM 'file:///etc/passwd'>]", b"&x;"),
        with_doctype(b"[<!ENTITY x SYSTEM 'http://127.0.0.1:9/'>]", b"&x;"),
        with_doctype(b"[<!ENTITY % x SYSTEM 'http://127.0.0.1:9/'> %x;]"),
        with_doctype(b"SYSTEM 'http://127.0.0.1:9/feedback.dtd'"),
        with_doctype(b"PUBLIC '-//x//y' 'http://127.0.0.1:9/feedback.dtd'"),
        with_doctype(LAUGHS + b"]", b"&a9;"),
        with_doctype(b"[<!ENTITY x '" + b"x" * 100_000 + b"'>]", b"&x;" * 100_000),
        with_doctype(b"[]"),
        with_doctype(b"[<!ENTITY x 'y'>]", b"&x;")
        .replace(b"UTF-8", b"UTF-16")
        .decode()
        .encode("utf-16"),
    ],
    ids=range(9),
)
def test_a_document_type_is_refused_and_with_it_every_entity(data: bytes) -> None:
    begun = time.process_time()
    with pytest.raises(Refusal, match="document type"):
        parse(data)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    "make",
    [
        bombs.gzip_bomb,
        bombs.zip_bomb,
        bombs.lying_zip,
        lambda: gzip.compress(OLD.replace(b"Receiver", b" " * 40 * 2**20)),
        lambda: zipped(OLD.replace(b"Receiver", b" " * 40 * 2**20)),
        lambda: OLD.replace(b"Receiver", b"<x>" * 500_000),
        lambda: OLD.replace(b"Receiver", b"<x/>" * 1_500_000),
        lambda: OLD.replace(b"<record>", b"<x/>" * 1_500_000 + b"<record>", 1),
        lambda: OLD.replace(b"Receiver", b"<x><y>" * 20 + b"</y></x>" * 20),
        lambda: bombs.zip_of(("a.xml", OLD), ("b.xml", OLD)),
        lambda: b"<feedback>" * 500_000,
        lambda: b"<" * 2_000_000,
        lambda: b"<a " + b"b='' " * 400_000,
        lambda: b"<a " + b"".join(b"b%d='' " % n for n in range(200_000)) + b"/>",
        lambda: b"<!--" + b"-" * 2_000_000,
    ],
    ids=range(15),
)
def test_a_bomb_is_refused_at_little_cost(make: Callable[[], bytes]) -> None:
    data = make()
    begun = time.process_time()
    with pytest.raises(Refusal):
        parse(data)
    assert time.process_time() - begun < 4


def test_a_long_report_is_read_as_far_as_it_is_kept() -> None:
    rows = b"".join(
        RECORD.replace(b"192.0.2.1", b"10.%d.%d.1" % divmod(n, 256)).replace(b">20<", b">%d<" % n)
        for n in range(MAX_ROWS + 5)
    )
    begun = time.process_time()
    report = parse(gzip.compress(OLD.replace(RECORD, rows)))
    assert time.process_time() - begun < 10
    assert len(report.rows) == MAX_ROWS
    assert not report.complete


def test_a_long_text_is_cut_and_takes_no_room() -> None:
    data = OLD.replace(b"Receiver", b"R&#101;" * 500_000)
    tracemalloc.start()
    try:
        assert len(parse(data).organisation) <= 500
        assert tracemalloc.get_traced_memory()[1] < 10 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<source_ip>192.0.2.1</source_ip>", b"<source_ip>999.0.2.1</source_ip>"),
        (b"<source_ip>192.0.2.1</source_ip>", b""),
        (b"<count>20</count>", b"<count>-20</count>"),
        (b"<count>20</count>", b"<count>" + b"9" * 5000 + b"</count>"),
        (b"<count>20</count>", b"<count>many</count>"),
        (b"<count>20</count>", b""),
    ],
)
def test_a_row_that_makes_no_sense_is_left_out(before: bytes, after: bytes) -> None:
    assert parse(OLD.replace(before, after)).rows == parse(OLD).rows[1:]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"<feedback/>",
        b"<html><body/></html>",
        OLD.replace(b"feedback>", b"report>"),
        OLD.replace(b"<begin>1772323200</begin>", b""),
        OLD.replace(b"1772323200", b"yesterday"),
        OLD.replace(b"1772323200", b"99999999999"),
        OLD.replace(b"    <domain>example.org</domain>\n    <adkim>", b"<adkim>"),
        OLD[:-20],
        OLD + OLD,
        OLD.replace(b"Receiver", b"&receiver;"),
    ],
    ids=range(12),
)
def test_what_is_no_report_is_refused(data: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        parse(data)
    assert caught.value.code == "report-unreadable"


@given(st.binary(max_size=60), st.integers(0, 2400), st.sampled_from([OLD, NEW]))
def test_whatever_comes_is_read_or_refused(data: bytes, at: int, whole: bytes) -> None:
    for text in (data, whole[:at] + data + whole[at:], whole[:at] + data + whole[at + 9 :]):
        for packed in (text, gzip.compress(text)):
            try:
                report = parse(packed)
            except Refusal:
                continue
            assert report.organisation.isprintable()
            assert all(row.header_from.isprintable() for row in report.rows)
