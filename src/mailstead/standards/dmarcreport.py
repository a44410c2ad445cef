"""DMARC aggregate reports: what others received in a domain's name (RFC 7489 appendix C, RFC 9990).

A report is XML in a gzip or zip, and comes from anybody. A document type is refused, and with it
every entity, so nothing is fetched and nothing grows while it is read; depth, elements and rows
are counted. A row that makes no sense is left out.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
from dataclasses import dataclass, field
from xml.parsers import expat

from mailstead.standards import inflate
from mailstead.standards.mime import one_line
from mailstead.standards.refusal import Term

MAX_ROWS = 20_000
MAX_ELEMENTS = 600_000
MAX_DEPTH = 12
MAX_CHILDREN = 100
"""Children of one element that are kept, but rows."""
_MAX_TEXT = 500
_ENCODINGS = (None, "utf-8", "iso-8859-1")
"""What is tried in turn: what the report says of itself, then what is true of most, then of all."""


@dataclass(frozen=True)
class Reason:
    """Why a receiver did something else than the policy asks for."""

    kind: str
    comment: str


@dataclass(frozen=True)
class DkimResult:
    """A signature as it was verified."""

    domain: str
    selector: str
    result: str


@dataclass(frozen=True)
class SpfResult:
    """A check of SPF; `scope` is mfrom or helo."""

    domain: str
    scope: str
    result: str


@dataclass(frozen=True)
class Row:
    """Messages from one address that fared alike."""

    source: str
    count: int
    disposition: str
    dkim_aligned: bool
    spf_aligned: bool
    reasons: tuple[Reason, ...]
    header_from: str
    envelope_from: str
    envelope_to: str
    dkim: tuple[DkimResult, ...]
    spf: tuple[SpfResult, ...]


@dataclass(frozen=True)
class Policy:
    """The policy as the receiver found it in DNS; what it does not say is empty."""

    domain: str
    policy: str
    subdomains: str
    missing: str
    """`np`, for subdomains that do not exist (RFC 9990)."""
    dkim_mode: str
    spf_mode: str
    percent: str
    testing: str


@dataclass(frozen=True)
class Report:
    """A report; `complete` is False where it had more rows than are kept."""

    organisation: str
    contact: str
    report_id: str
    begin: datetime.datetime
    end: datetime.datetime
    errors: tuple[str, ...]
    policy: Policy
    rows: tuple[Row, ...]
    complete: bool


def parse(data: bytes) -> Report:
    """A report, packed or not; raises `Refusal` (`report-unreadable`)."""
    text = inflate.unpacked(data)
    for encoding in _ENCODINGS:
        reader = _Reader()
        try:
            reader.read(text, encoding)
        except (expat.ExpatError, LookupError, ValueError):
            continue
        return reader.report()
    raise inflate.unreadable(Term("it is damaged"))


@dataclass
class _Element:
    name: str
    words: list[str] = field(default_factory=list)
    length: int = 0
    children: list[_Element] = field(default_factory=list)

    def first(self, name: str) -> _Element:
        return next((child for child in self.children if child.name == name), _Element(name))

    def all(self, name: str) -> list[_Element]:
        return [child for child in self.children if child.name == name]

    def text(self, name: str) -> str:
        """The text of a child, on one line."""
        return one_line("".join(self.first(name).words), _MAX_TEXT)

    def word(self, name: str) -> str:
        """The text of a child that is a name or one of few words."""
        return self.text(name).lower()


class _Reader:
    """Builds the children of `feedback` one by one, and keeps what becomes of them."""

    def __init__(self) -> None:
        self.stack: list[_Element] = []
        self.elements = 0
        self.root = ""
        self.metadata = _Element("report_metadata")
        self.policy = _Element("policy_published")
        self.rows: list[Row] = []
        self.complete = True

    def read(self, text: bytes, encoding: str | None) -> None:
        parser = expat.ParserCreate(encoding)
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        # A declaration must come first; space before it is a common mistake.
        parser.Parse(text.lstrip(b" \t\r\n"), True)

    def report(self) -> Report:
        begin, end = (
            _moment(self.metadata.first("date_range").text(name)) for name in ("begin", "end")
        )
        domain = self.policy.word("domain")
        if self.root != "feedback" or not begin or not end or not domain:
            raise inflate.unreadable(Term("it is no such report"))
        return Report(
            organisation=self.metadata.text("org_name"),
            contact=self.metadata.text("email"),
            report_id=self.metadata.text("report_id"),
            begin=begin,
            end=end,
            errors=tuple(
                one_line("".join(error.words), _MAX_TEXT) for error in self.metadata.all("error")
            ),
            policy=Policy(
                domain=domain.rstrip("."),
                policy=self.policy.word("p"),
                subdomains=self.policy.word("sp"),
                missing=self.policy.word("np"),
                dkim_mode=self.policy.word("adkim"),
                spf_mode=self.policy.word("aspf"),
                percent=self.policy.word("pct"),
                testing=self.policy.word("testing"),
            ),
            rows=tuple(self.rows),
            complete=self.complete,
        )

    def _doctype(self, *_: object) -> None:
        raise inflate.unreadable(Term("it declares a document type"))

    def _start(self, name: str, _: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > MAX_ELEMENTS or len(self.stack) >= MAX_DEPTH:
            raise inflate.unreadable(Term("it is too large"))
        element = _Element(name.rpartition(":")[2])  # a prefix of a namespace says nothing here
        if not self.stack:
            self.root = element.name
        elif len(self.stack) > 1 and len(self.stack[-1].children) < MAX_CHILDREN:
            self.stack[-1].children.append(element)
        self.stack.append(element)

    def _end(self, _: str) -> None:
        element = self.stack.pop()
        if len(self.stack) != 1:
            return
        if element.name == "report_metadata":
            self.metadata = element
        elif element.name == "policy_published":
            self.policy = element
        elif element.name == "record" and (row := _row(element)):
            if len(self.rows) < MAX_ROWS:
                self.rows.append(row)
            else:
                self.complete = False

    def _characters(self, text: str) -> None:
        if self.stack and self.stack[-1].length < 2 * _MAX_TEXT:
            self.stack[-1].words.append(text[: 2 * _MAX_TEXT])
            self.stack[-1].length += len(text)


def _row(record: _Element) -> Row | None:
    row = record.first("row")
    evaluated = row.first("policy_evaluated")
    identifiers = record.first("identifiers")
    results = record.first("auth_results")
    count = row.text("count")
    try:
        source = str(ipaddress.ip_address(row.text("source_ip")))
    except ValueError:
        return None
    if not re.fullmatch(r"[0-9]{1,12}", count):
        return None
    return Row(
        source=source,
        count=int(count),
        disposition=evaluated.word("disposition"),
        dkim_aligned=evaluated.word("dkim") == "pass",
        spf_aligned=evaluated.word("spf") == "pass",
        reasons=tuple(
            Reason(reason.word("type"), reason.text("comment"))
            for reason in evaluated.all("reason")
        ),
        header_from=identifiers.word("header_from"),
        envelope_from=identifiers.word("envelope_from"),
        envelope_to=identifiers.word("envelope_to"),
        dkim=tuple(
            DkimResult(result.word("domain"), result.text("selector"), result.word("result"))
            for result in results.all("dkim")
        ),
        spf=tuple(
            SpfResult(result.word("domain"), result.word("scope"), result.word("result"))
            for result in results.all("spf")
        ),
    )


def _moment(text: str) -> datetime.datetime | None:
    """Seconds since 1970, as the standard says; some write a fraction."""
    found = re.fullmatch(r"([0-9]{1,10})(?:\.[0-9]*)?", text)
    return datetime.datetime.fromtimestamp(int(found[1]), datetime.UTC) if found else None
