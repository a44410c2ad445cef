"""TLS reports are read, whoever sends them, and where they go is said in a record."""

from __future__ import annotations

import copy
import datetime
import gzip
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.standards import bombs

from mailstead.standards.refusal import Refusal
from mailstead.standards.tlsrpt import (
    MAX_FAILURES,
    MAX_POLICIES,
    make_record,
    parse_record,
    parse_report,
)

# After the example of RFC 8460, appendix B.
EXAMPLE: dict[str, Any] = {
    "organization-name": "Company-X",
    "date-range": {
        "start-datetime": "2026-04-01T00:00:00Z",
        "end-datetime": "2026-04-01T23:59:59Z",
    },
    "contact-info": "sts-reporting@company-x.example",
    "report-id": "5065427c-23d3-47ca-b6e0-946ea0e8c4be",
    "policies": [
        {
            "policy": {
                "policy-type": "sts",
                "policy-string": ["version: STSv1", "mode: testing", "max_age: 86400"],
                "policy-domain": "company-y.example",
                "mx-host": ["*.mail.company-y.example"],
            },
            "summary": {
                "total-successful-session-count": 5326,
                "total-failure-session-count": 303,
            },
            "failure-details": [
                {
                    "result-type": "certificate-expired",
                    "sending-mta-ip": "2001:db8:abcd:0012::1",
                    "receiving-mx-hostname": "mx1.mail.company-y.example",
                    "failed-session-count": 100,
                },
                {
                    "result-type": "starttls-not-supported",
                    "sending-mta-ip": "2001:db8:abcd:0013::1",
                    "receiving-mx-hostname": "mx2.mail.company-y.example",
                    "receiving-ip": "203.0.113.56",
                    "failed-session-count": 200,
                    "additional-information": "https://reports.company-x.example/report_info",
                },
            ],
        }
    ],
}


def packed(report: object) -> bytes:
    return json.dumps(report).encode()


def changed(path: list[Any], value: object) -> dict[str, Any]:
    """The example with one value instead of another."""
    report = copy.deepcopy(EXAMPLE)
    place: Any = report
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return report


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda data: b"\xef\xbb\xbf" + data])
def test_the_example_of_the_standard(pack: Any) -> None:
    report = parse_report(pack(packed(EXAMPLE)))
    assert (report.organisation, report.contact) == (
        "Company-X",
        "sts-reporting@company-x.example",
    )
    assert report.begin == datetime.datetime(2026, 4, 1, tzinfo=datetime.UTC)
    (policy,) = report.policies
    assert (policy.kind, policy.domain) == ("sts", "company-y.example")
    assert (policy.successful, policy.failed) == (5326, 303)
    assert policy.hosts == ("*.mail.company-y.example",)
    first, second = policy.failures
    assert (first.kind, first.count) == ("certificate-expired", 100)
    assert first.sending_address == "2001:db8:abcd:12::1"
    assert (second.receiving_address, second.reason[:8]) == ("203.0.113.56", "https://")


SUMMARY = ["policies", 0, "summary", "total-successful-session-count"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["policies", 0, "policy", "mx-host"], "*.mail.company-y.example"),
        (SUMMARY, "5326"),
        (["date-range", "start-datetime"], "2026-04-01T02:00:00+02:00"),
        (["date-range", "start-datetime"], "2026-04-01T00:00:00"),
        (["date-range", "start-datetime"], "2026-04-01t00:00:00z"),
        (["more"], {"than": ["known"]}),
    ],
)
def test_what_some_write_differently_is_read(path: list[Any], value: object) -> None:
    assert parse_report(packed(changed(path, value))) == parse_report(packed(EXAMPLE))


@pytest.mark.parametrize("value", [-1, 2**70, True, 1.5, None, [], "many", "9" * 5000])
def test_a_count_that_is_none_is_zero(value: object) -> None:
    assert parse_report(packed(changed(SUMMARY, value))).policies[0].successful == 0


def test_what_makes_no_sense_is_left_out() -> None:
    report = copy.deepcopy(EXAMPLE)
    report["policies"] += [None, {}, {"policy": {"policy-type": "sts"}}, 7]
    report["policies"][0]["failure-details"] += [None, {}, {"failed-session-count": 1}]
    assert parse_report(packed(report)) == parse_report(packed(EXAMPLE))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe{",
        b'{"policies": []}',
        packed(changed(["date-range"], {})),
        packed(changed(["date-range", "end-datetime"], "yesterday")),
        packed({name: value for name, value in EXAMPLE.items() if name != "policies"}),
        b"[" * 1_000_000,
        b'{"a":' * 300_000,
        b"1" * 1_000_000,
        bombs.gzip_bomb,
    ],
    ids=range(13),
)
def test_what_is_no_report_is_refused_at_little_cost(data: bytes | Callable[[], bytes]) -> None:
    # What is heavy is made here: whoever only reads this file should not wait for it.
    data = data() if callable(data) else data
    begun = time.process_time()
    with pytest.raises(Refusal):
        parse_report(data)
    assert time.process_time() - begun < 2


def test_a_report_ends_somewhere() -> None:
    detail = EXAMPLE["policies"][0]["failure-details"][0]
    many = {**EXAMPLE["policies"][0], "failure-details": [detail] * (MAX_FAILURES + 5)}
    report = parse_report(packed({**EXAMPLE, "policies": [many] + [EXAMPLE["policies"][0]] * 500}))
    assert len(report.policies) == MAX_POLICIES
    assert len(report.policies[0].failures) == MAX_FAILURES


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
PATHS = [
    ["policies"],
    ["policies", 0],
    ["policies", 0, "policy"],
    ["policies", 0, "policy", "mx-host"],
    ["policies", 0, "policy", "policy-domain"],
    ["policies", 0, "summary"],
    ["policies", 0, "failure-details"],
    ["policies", 0, "failure-details", 0],
    ["policies", 0, "failure-details", 0, "sending-mta-ip"],
    ["date-range"],
    ["date-range", "end-datetime"],
    ["contact-info"],
]


@given(JSON, st.sampled_from(PATHS))
def test_whatever_stands_anywhere_is_read_or_refused(value: object, path: list[Any]) -> None:
    try:
        report = parse_report(packed(changed(path, value)))
    except Refusal:
        return
    assert report.contact.isprintable()


@pytest.mark.parametrize(
    ("texts", "places"),
    [
        (["v=TLSRPTv1;rua=mailto:reports@example.com"], ("mailto:reports@example.com",)),
        (
            ["v=TLSRPTv1; rua=mailto:a@b.example , https://c.example/d?e=f;", "v=spf1 -all"],
            ("mailto:a@b.example", "https://c.example/d?e=f"),
        ),
    ],
)
def test_a_record_is_found_among_others(texts: list[str], places: tuple[str, ...]) -> None:
    assert parse_record(texts) == places


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["v=TLSRPTv1;"],
        ["v=TLSRPTv1; rua="],
        ["v=TLSRPTv1; rua=reports@example.com"],
        ["v=TLSRPTv1; rua=http://example.com/"],
        ["v=TLSRPTv1; rua=mailto:a@b.example,"],
        ["v=TLSRPTv1; rua=mailto:a@b.example", "v=TLSRPTv1; rua=mailto:a@b.example"],
        ["v=TLSRPTv1; rua=mailto:a!b@b.example"],
    ],
)
def test_no_record_several_and_wrong_ones_are_refused(texts: list[str]) -> None:
    with pytest.raises(Refusal):
        parse_record(texts)


def test_a_record_that_is_written_is_read() -> None:
    places = ("mailto:tls@example.org", "https://example.org/tls")
    assert parse_record([make_record(places)]) == places
    for wrong in ((), ("tls@example.org",), ("mailto:a@b.c;x",)):
        with pytest.raises(ValueError, match="not places"):
            make_record(wrong)
