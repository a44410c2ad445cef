"""Lines of `va` say where mail goes as Exim would read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.foreign.cpanel.valiases import Valiases, parse
from mailstead.foreign.inventory import Target

DOMAIN = "example.com"


def _parse(text: str) -> Valiases:
    return parse(text, DOMAIN, "acct")


def _one(value: str) -> list[tuple[str, str]]:
    found = _parse(f"a@{DOMAIN}: {value}\n")
    return [(t.kind, t.value) for alias in found.aliases for t in alias.targets]


@pytest.mark.parametrize(
    ("value", "targets"),
    [
        ("b@x.example", [("address", "b@x.example")]),
        ("b@x.example,c@y.example", [("address", "b@x.example"), ("address", "c@y.example")]),
        (
            " b@x.example , , c@y.example ,",
            [("address", "b@x.example"), ("address", "c@y.example")],
        ),
        ('"b@x.example"', [("address", "b@x.example")]),
        ("Bob <b@x.example>", [("address", "b@x.example")]),
        ("B@X.example", [("address", "B@x.example")]),
        ("b@x.example,b@x.example", [("address", "b@x.example")]),
        ("acct", [("account", "acct")]),
        ("\\acct", [("account", "acct")]),
        (":blackhole:", [("blackhole", "")]),
        ('":blackhole:"', [("blackhole", "")]),
        ("/dev/null", [("blackhole", "")]),
        (":fail: no, not here", [("fail", "no, not here")]),
        ('":fail: no, not here"', [("fail", "no, not here")]),
        ('":fail: say \\"no\\""', [("fail", 'say "no"')]),
        (":FAIL:", [("fail", "")]),
        (":unknown:", [("fail", "")]),
        (":defer: later", [("defer", "later")]),
        ("b@x.example,:fail: no", [("address", "b@x.example"), ("fail", "no")]),
        ('"|/bin/x -a, -b"', [("pipe", "/bin/x -a, -b")]),
        ('|"/bin/x -a, -b"', [("pipe", '"/bin/x -a, -b"')]),
        ("|/bin/x", [("pipe", "/bin/x")]),
        (":include:/home/acct/list", [("include", "/home/acct/list")]),
    ],
)
def test_kinds_of_targets(value: str, targets: list[tuple[str, str]]) -> None:
    assert _one(value) == targets


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("somebody", "unknown-user"),
        ("/home/acct/file", "file-refused"),
        ("b@nowhere", "domain-invalid"),
        ("b b@x.example", "address-invalid"),
        (f"a@{DOMAIN}", "self-forward"),
        ("", "empty-line"),
        ("|/bin/x", "pipe-refused"),
        (":include:/x", "include-refused"),
    ],
)
def test_what_cannot_come_is_said(value: str, code: str) -> None:
    found = _parse(f"a@{DOMAIN}: {value}\n")
    assert [(one.code, one.address, one.line) for one in found.problems] == [
        (code, f"a@{DOMAIN}", 1)
    ]


AUTORESPOND = "/usr/local/cpanel/bin/autorespond"


@pytest.mark.parametrize(
    "value",
    [
        f'"|{AUTORESPOND} a@{DOMAIN} /home/acct/.autorespond"',
        f"|{AUTORESPOND} a@{DOMAIN} /home/acct/.autorespond",
        f'"|\\"{AUTORESPOND}\\" \\"a@{DOMAIN}\\" \\"/home/acct/.autorespond\\""',
        f'|"{AUTORESPOND}" "a@{DOMAIN}" "/home/acct/.autorespond"',
    ],
)
def test_an_automatic_answer_is_never_a_forwarder(value: str) -> None:
    found = _parse(f"a@{DOMAIN}: b@x.example,{value}\nb: {value}\n")
    assert [(one.address, one.file) for one in found.responders] == [
        (f"a@{DOMAIN}", f"a@{DOMAIN}"),
        (f"b@{DOMAIN}", f"a@{DOMAIN}"),
    ]
    assert [alias.targets for alias in found.aliases] == [
        (Target(kind="address", value="b@x.example"),)
    ]
    assert found.problems == []


def test_lists_and_boxtrapper_are_no_forwarders() -> None:
    mailman = "/usr/local/cpanel/3rdparty/mailman/mail/mailman"
    found = _parse(
        f'l@{DOMAIN}: "|{mailman} post l_{DOMAIN}"\n'
        f'l-owner@{DOMAIN}: "|{mailman} owner l_{DOMAIN}"\n'
        f't@{DOMAIN}: "|/usr/local/cpanel/bin/boxtrapper t@{DOMAIN}"\n'
    )
    assert (found.aliases, found.lists, found.problems) == ([], {f"l_{DOMAIN}": 1}, [])
    assert found.boxtrapper == [f"t@{DOMAIN}"]


def test_keys_are_read_as_exim_looks_them_up() -> None:
    found = _parse(
        "# comment: x@x.example\n\n"
        "A@Example.com: b@x.example\n"
        "a@example.com: second@x.example\n"
        "bare: b@x.example\n"
        "c@example.com b@x.example\n"
        "d@example.com: b@x.example,\n  c@x.example\r\n"
        '"e@example.com": b@x.example\n'
        "f@example.com::blackhole:\n"
        "g@other.example: b@x.example\n"
        "h|i@example.com: b@x.example\n"
        "*: acct\n"
    )
    assert {alias.address.partition("@")[0]: len(alias.targets) for alias in found.aliases} == {
        "a": 1,
        "bare": 1,
        "c": 1,
        "d": 2,
        "e": 1,
        "f": 1,
    }
    assert [alias.place for alias in found.aliases] == ["3", "5", "6", "7", "9", "10"]
    assert found.default is not None and found.default.address == f"@{DOMAIN}"
    assert [one.code for one in found.problems] == ["duplicate", "other-domain", "address-invalid"]


_local = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
_address = st.builds("{}@{}.example".format, _local, _local)
_words = st.text(
    st.characters(codec="ascii", categories=("L", "N", "P", "Zs"), exclude_characters='"\\'),
    max_size=20,
).map(str.strip)


@st.composite
def _item(draw: st.DrawFn) -> tuple[str, Target]:
    """How an item is written, and what it means."""
    kind = draw(st.sampled_from(["address", "account", "blackhole", "pipe", "fail"]))
    quoted = draw(st.booleans())
    if kind == "address":
        value = draw(_address)
        return (f'"{value}"' if quoted else value), Target(kind="address", value=value)
    if kind == "account":
        return ('"acct"' if quoted else "acct"), Target(kind="account", value="acct")
    if kind == "blackhole":
        return draw(st.sampled_from([":blackhole:", '":blackhole:"', "/dev/null"])), Target(
            kind="blackhole"
        )
    words = draw(_words)
    if kind == "fail":
        return f'":fail: {words}"', Target(kind="fail", value=words)
    command = f"/bin/{draw(_local)} {words}".strip()
    inner = draw(st.booleans())
    if inner:  # a quotation mark inside, written with a backslash
        return f'"|{command} \\"x,y\\""', Target(kind="pipe", value=f'{command} "x,y"')
    return f'"|{command}"', Target(kind="pipe", value=command)


@st.composite
def _file(draw: st.DrawFn) -> tuple[str, dict[str, tuple[Target, ...]]]:
    """A file's text, and each address's targets as the grammar has them."""
    lines, meant = [], {}
    for local in draw(st.lists(st.one_of(_local, st.just("*")), unique=True, max_size=6)):
        written = draw(st.lists(_item(), min_size=1, max_size=5))
        last = draw(st.sampled_from(["", "fail"]))
        items = [text for text, _ in written]
        targets = [target for _, target in written]
        if last:  # not in quotes it goes on to the end of the line, commas and all
            words = draw(_words)
            items.append(f":fail: {words}")
            targets.append(Target(kind="fail", value=words))
        space = draw(st.sampled_from(["", " ", "\t"]))
        comma = draw(st.sampled_from([",", ", ", " ,"]))
        key = local if local == "*" else draw(st.sampled_from([local, f"{local}@{DOMAIN}"]))
        lines.append(f"{key}:{space}{comma.join(items)}")
        meant[f"@{DOMAIN}" if local == "*" else f"{local}@{DOMAIN}"] = tuple(dict.fromkeys(targets))
        if draw(st.booleans()):
            lines.append(draw(st.sampled_from(["", "# a comment", "#x: y@x.example"])))
    return "\n".join(lines) + draw(st.sampled_from(["", "\n"])), meant


@given(_file())
def test_each_address_goes_where_the_grammar_says(
    case: tuple[str, dict[str, tuple[Target, ...]]],
) -> None:
    text, meant = case
    found = _parse(text)
    said = {alias.address: alias.targets for alias in found.aliases}
    if found.default is not None:
        said[found.default.address] = found.default.targets
    assert said == meant
    assert {one.code for one in found.problems} <= {"pipe-refused"}


@given(st.text(max_size=200))
def test_any_text_is_read_or_said(text: str) -> None:
    _parse(text)
    found = _parse(f"a: {text}")
    assert found.aliases or found.problems or found.responders or found.lists or "\n" in text
