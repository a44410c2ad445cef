"""Rows of a forwarders' file mean here what Exim makes of them there."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.foreign.tars import unpacked

from mailstead.foreign.archive import DirectoryTree
from mailstead.foreign.directadmin.aliases import aliases, targets
from mailstead.foreign.directadmin.answers import seconds
from mailstead.foreign.directadmin.files import Files
from mailstead.foreign.inventory import Alias, Target

DOMAIN, ACCOUNT = "example.com", "acct"


def address(value: str) -> Target:
    return Target(kind="address", value=value)


ACCT = Target(kind="account", value=ACCOUNT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a@x.example", [address("a@x.example")]),
        ("A.B@X.Example", [address("A.B@x.example")]),
        ("Info@Example.com", [address("info@example.com")]),
        ("info", [address("info@example.com")]),
        ("Info, acct", [address("info@example.com"), ACCT]),
        ("\\acct", [ACCT]),
        ("a@x.example,a@x.example", [address("a@x.example")]),
        ("Ann B <a@x.example>, c@x.example", [address("a@x.example"), address("c@x.example")]),
        ('"a@x.example"', [address("a@x.example")]),
        (":blackhole:", [Target(kind="blackhole")]),
        ("/dev/null", [Target(kind="blackhole")]),
        (":fail:", [Target(kind="fail")]),
        (":FAIL: no, not here", [Target(kind="fail", value="no, not here")]),
        ('":fail: no, not here"', [Target(kind="fail", value="no, not here")]),
        (
            "a@x.example, :defer: later, please",
            [address("a@x.example"), Target(kind="defer", value="later, please")],
        ),
        ('"|/bin/x a,b \\"c\\""', [Target(kind="pipe", value='/bin/x a,b "c"')]),
        ('|"/bin/x a,b"', [Target(kind="pipe", value="/bin/x a,b")]),
        ("|/bin/x", [Target(kind="pipe", value="/bin/x")]),
        (":include:/etc/list", [Target(kind="include", value="/etc/list")]),
        ("/var/mail/x", [Target(kind="include", value="/var/mail/x")]),
        ("ä@x.example", [address("ä@x.example")]),
        ("a@bücher.example", [address("a@xn--bcher-kva.example")]),
        ("", []),
        (", ,", []),
    ],
)
def test_the_items_of_a_row(text: str, expected: list[Target]) -> None:
    assert targets(text, DOMAIN, ACCOUNT) == (expected, [])


@pytest.mark.parametrize("bad", ["a@", "@x.example", "a b@x.example", "a@no_domain", "a@localhost"])
def test_an_item_that_is_none_is_told_and_spoils_no_other(bad: str) -> None:
    found, told = targets(f"a@x.example, {bad}", DOMAIN, ACCOUNT)
    assert found == [address("a@x.example")]
    assert told == [bad]


def read(folder: Path, text: str, *served: str) -> tuple[Files, tuple[Alias, ...], Alias | None]:
    unpacked([("aliases", text.encode())], folder)
    files = Files(DirectoryTree(folder))
    found, default = aliases(files, "aliases", DOMAIN, ACCOUNT, lambda local: local in served)
    return files, found, default


LOCAL = st.from_regex(r"[a-z0-9][a-z0-9._+-]{0,20}", fullmatch=True).filter(
    lambda text: text != ACCOUNT
)
HOST = st.sampled_from(["x.example", "mail.y.example", "bücher.example", "example.com"])
ITEM = st.one_of(
    st.builds("{}@{}".format, LOCAL, HOST),
    LOCAL,
    st.sampled_from(["acct", ":blackhole:", '"|/bin/x, y"', '|"/bin/y"', "/dev/null"]),
)
LAST = st.one_of(st.just(""), st.sampled_from([":fail: gone, for good", ":defer: later"]))
ROW = st.tuples(LOCAL | st.just("*"), st.lists(ITEM, min_size=1, max_size=6), LAST)


@given(
    st.lists(ROW, max_size=12, unique_by=lambda row: row[0]),
    st.sampled_from([":", ": ", " : ", ":\t", ":\n  "]),
    st.sampled_from([",", ", ", " ,", ",\n\t"]),
)
def test_each_row_of_a_file_comes(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, list[str], str]],
    colon: str,
    comma: str,
) -> None:
    text = "# made by DirectAdmin\n" + "".join(
        f"{key}{colon}{comma.join([*items, *([last] if last else [])])}\n"
        for key, items, last in rows
    )
    files, found, default = read(tmp_path_factory.mktemp("a"), text)
    told = {one.address: one.targets for one in found}
    if default is not None:
        told["*"] = default.targets
    assert len(told) == len(rows)
    for key, items, last in rows:
        got = told["*" if key == "*" else f"{key}@{DOMAIN}"]
        one_by_one = [one for item in items for one in targets(item, DOMAIN, ACCOUNT)[0]]
        assert len(one_by_one) == len(items)
        if last:
            # Exim 4.96 refuses the whole (`exim -bt`).
            kind, _, words = last[1:].partition(": ")
            assert [(one.kind, one.value) for one in got] == [(kind, words)]
        else:
            assert list(got) == list(dict.fromkeys(one_by_one))
    assert {one.code for one in files.notes.all()} <= {"target-unserved", "beside-refusal"}


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
def test_any_text_gives_rows_or_remarks(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    _, found, default = read(tmp_path_factory.mktemp("a"), text.encode("utf-8", "replace").decode())
    for alias in [*found, *([default] if default else [])]:
        assert alias.targets
        for target in alias.targets:
            assert target.kind != "address" or target.value.count("@") >= 1
            assert "\n" not in target.value or target.kind in ("fail", "defer", "pipe", "include")


def test_a_key_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    files, found, default = read(
        tmp_path, "a: x@x.example\nA: y@x.example\n*: x@x.example\n*: :fail:\n"
    )
    assert [one.targets for one in found] == [(address("x@x.example"),)]
    assert default is not None and default.targets == (address("x@x.example"),)
    assert [one.code for one in files.notes.all()] == ["alias-twice", "alias-twice"]


def test_a_destination_that_nothing_serves_is_told(tmp_path: Path) -> None:
    files, _, _ = read(tmp_path, "a: b, c, neighbour\nb: x@x.example\n", "c")
    assert [one.text for one in files.notes.all()] == ["neighbour@example.com"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2d", 172800),
        ("1h30m", 5400),
        ("1w", 604800),
        ("90s", 90),
        ("0s", 0),
        ("60", 60),
        ("2 days", None),
        ("d", None),
        ("", None),
        ("1h!", None),
    ],
)
def test_times_as_exim_writes_them(text: str, expected: int | None) -> None:
    assert seconds(text) == expected
