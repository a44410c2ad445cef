"""Bounces of forwarded mail find their way back, and nobody else's mail does."""

from __future__ import annotations

import datetime
import re
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailstead.standards.refusal import Refusal
from mailstead.standards.srs import Rewriter

OURS = Rewriter((b"a secret of ours, the first",))
THEIRS = Rewriter((b"a secret of another host",))
NOW = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)

ATOM = st.text(string.ascii_letters + string.digits + "!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=9)
DOT_STRING = st.lists(ATOM, min_size=1, max_size=3).map(".".join)
LABEL = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=6)
DOMAIN = st.lists(LABEL, min_size=2, max_size=3).map(".".join)
QUOTED = st.text(
    st.characters(codec="utf-8", min_codepoint=32, exclude_characters="\x7f"), max_size=9
).map(lambda text: '"x ' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')
ADDRESS = st.tuples(DOT_STRING | QUOTED, DOMAIN).map("@".join)


def meaning(address: str) -> tuple[str, str]:
    """Local part and domain, whether quoted or not."""
    local, _, domain = address.rpartition("@")
    if local.startswith('"'):
        local = re.sub(r"\\(.)", r"\1", local[1:-1])
    return local, domain


def test_a_sender_is_rewritten_as_other_hosts_know_it() -> None:
    made = OURS.forward("Ann.Lee@example.org", "fwd.example.net", NOW)
    assert re.fullmatch(r"SRS0=[a-z2-7]{6}=[a-z2-7]{2}=example\.org=Ann\.Lee@fwd.*", made)
    assert OURS.reverse(made, NOW) == "Ann.Lee@example.org"


@given(ADDRESS)
@example('"@"@a.b')
@example('"SRS0=x=y=z=a"@a.b')
@example('".a"@a.b')
@example('"a."@a.b')
@example("SRS0=a@b.c")
@example("SRS1=a=b=c@b.c")
@example('"SRS1=a=b c@d==e"@b.c')
@example("srs0+aaaa=bb=c.d=e@b.c")
@example("SRS1=aaaa=c.d=-aaaa=bb=e.f=g@b.c")
def test_any_sender_comes_back(sender: str) -> None:
    try:
        made = OURS.forward(sender, "fwd.example", NOW)
    except Refusal as refusal:
        assert refusal.code == "srs-too-long"
        return
    assert len(made.rpartition("@")[0].encode()) <= 64
    back = meaning(OURS.reverse(made, NOW))
    local, domain = meaning(sender)
    if made.startswith(("SRS0", '"SRS0')):
        assert back == (local, domain)
    elif local.upper().startswith("SRS0"):
        assert back == ("SRS0" + local[4:], domain)
    else:
        host, rest = re.split("=", local[5:], maxsplit=2)[1:]
        assert back == ("SRS0" + rest, host)


@given(ADDRESS)
def test_a_host_that_lower_cases_loses_no_bounce(sender: str) -> None:
    try:
        made = OURS.forward(sender, "fwd.example", NOW)
    except Refusal:
        return
    lowered = "".join(c.lower() if c.isascii() else c for c in made)
    assert OURS.reverse(lowered, NOW).lower() == OURS.reverse(made, NOW).lower()


@given(ADDRESS, st.integers(0, 80), st.characters(min_codepoint=33, max_codepoint=126))
def test_whatever_is_changed_is_refused(sender: str, at: int, other: str) -> None:
    try:
        made = OURS.forward(sender, "fwd.example", NOW)
    except Refusal:
        return
    local, _, domain = made.rpartition("@")
    at %= len(local)
    changed = f"{local[:at]}{other}{local[at + 1 :]}@{domain}"
    if meaning(changed.lower()) == meaning(made.lower()):
        return
    with pytest.raises(Refusal):
        OURS.reverse(changed, NOW)


@given(st.text(max_size=90))
def test_an_address_of_a_stranger_opens_nothing(text: str) -> None:
    for address in (text, f"SRS0={text}@fwd.example", f"SRS1=a=b.c={text}@fwd.example"):
        with pytest.raises(Refusal) as caught:
            OURS.reverse(address, NOW)
        assert caught.value.words.isprintable()


@given(st.text(max_size=90))
def test_no_sender_brings_a_line_of_its_own(text: str) -> None:
    try:
        made = OURS.forward(text, "fwd.example", NOW)
    except Refusal:
        return
    assert not re.search(r"[\x00-\x1f\x7f]", made)


def test_an_address_expires_after_its_days() -> None:
    made = OURS.forward("ann@example.org", "fwd.example", NOW)
    for days in (-1, 0, 1, 21):
        assert OURS.reverse(made, NOW + days * DAY) == "ann@example.org"
    for days in (22, 400, 1000):
        with pytest.raises(Refusal) as caught:
            OURS.reverse(made, NOW + days * DAY)
        assert caught.value.code == "srs-expired"


@given(st.integers(0, 3000), st.integers(0, 21))
def test_days_are_counted_across_the_end_of_their_span(start: int, later: int) -> None:
    then = NOW + start * DAY
    made = OURS.forward("ann@example.org", "fwd.example", then)
    assert OURS.reverse(made, then + later * DAY) == "ann@example.org"


def test_a_foreign_srs0_becomes_srs1_and_returns_to_who_made_it() -> None:
    first = THEIRS.forward("ann@example.org", "one.example", NOW)
    second = OURS.forward(first, "two.example", NOW)
    assert second.startswith("SRS1=")
    assert second.endswith("@two.example")
    assert OURS.reverse(second, NOW) == first
    assert THEIRS.reverse(first, NOW) == "ann@example.org"


def test_a_foreign_srs1_stays_as_long_as_it_is_and_returns_to_the_first_host() -> None:
    first = Rewriter((b"the secret of the first",)).forward("ann@example.org", "one.example", NOW)
    second = THEIRS.forward(first, "two.example", NOW)
    third = OURS.forward(second, "three.example", NOW)
    assert len(third.partition("@")[0]) == len(second.partition("@")[0])
    assert OURS.reverse(third, NOW) == first


def test_separators_of_other_hosts_are_kept() -> None:
    made = OURS.forward("SRS0+ab12=Q7=example.org=ann@one.example", "two.example", NOW)
    assert "=one.example=+ab12=" in made
    assert OURS.reverse(made, NOW) == "SRS0+ab12=Q7=example.org=ann@one.example"


def test_a_replaced_secret_opens_what_it_has_signed() -> None:
    old = OURS.forward("ann@example.org", "fwd.example", NOW)
    rotated = Rewriter((b"a secret of ours, the second", *OURS.secrets))
    assert rotated.reverse(old, NOW) == "ann@example.org"
    with pytest.raises(Refusal):
        OURS.reverse(rotated.forward("ann@example.org", "fwd.example", NOW), NOW)


def test_what_need_not_be_rewritten_is_not() -> None:
    assert OURS.forward("", "fwd.example", NOW) == ""
    assert OURS.forward("ann@FWD.example", "fwd.example", NOW) == "ann@FWD.example"


def test_a_sender_without_room_is_refused_with_a_sentence() -> None:
    with pytest.raises(Refusal, match="too long") as caught:
        OURS.forward("a" * 60 + "@example.org", "fwd.example", NOW)
    assert caught.value.code == "srs-too-long"


@given(st.from_regex(r"[a-z0-9]{1,40}", fullmatch=True))
def test_a_sender_kept_elsewhere_is_found_by_its_key(key: str) -> None:
    made = OURS.opaque(key, "fwd.example", NOW)
    assert len(made.partition("@")[0]) <= 64
    for address in (made, made.lower(), made.upper()):
        assert OURS.key(address, NOW + 21 * DAY) == key
        with pytest.raises(Refusal):
            OURS.key(address, NOW + 22 * DAY)
        with pytest.raises(Refusal):
            THEIRS.key(address, NOW)
        with pytest.raises(Refusal):
            OURS.reverse(address, NOW)


def test_a_key_is_looked_for_in_its_own_form_only() -> None:
    assert OURS.key(OURS.forward("ann@example.org", "fwd.example", NOW), NOW) is None
    assert OURS.key("ann@example.org", NOW) is None
    forged = OURS.opaque("a17", "fwd.example", NOW).replace("a17", "a18")
    with pytest.raises(Refusal):
        OURS.key(forged, NOW)
    for wrong in ("", "A", "a=b", "a" * 41):
        with pytest.raises(ValueError, match="a key has"):
            OURS.opaque(wrong, "fwd.example", NOW)


def test_a_foreign_sender_with_a_key_comes_back() -> None:
    made = THEIRS.opaque("a17", "one.example", NOW)
    assert OURS.reverse(OURS.forward(made, "two.example", NOW), NOW) == made


def test_weak_secrets_and_wild_days_are_a_defect() -> None:
    for secrets, days in (((), 21), ((b"short",), 21), (OURS.secrets, 0), (OURS.secrets, 600)):
        with pytest.raises(ValueError, match=r"must|needs"):
            Rewriter(secrets, days)
