"""Where a client is: by the company's file, or guessed by a wide prefix."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.mailplane.guard.networks import Networks
from mailstead.standards.refusal import Refusal

FILE = """# made for this test
192.0.2.0\t192.0.2.255\t64500\tde\tExample
198.51.100.0\t198.51.100.127\tAS64501\tFR\tOther
203.0.113.0\t203.0.113.255\t0\tNone\tNot routed
2001:db8::\t2001:db8:ffff:ffff:ffff:ffff:ffff:ffff\t64502\tIT\tSix
"""


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks(FILE.splitlines(keepends=True))


@pytest.mark.parametrize(
    ("client", "wide", "country"),
    [
        ("192.0.2.7", 64500, "DE"),
        ("198.51.100.127", 64501, "FR"),
        ("2001:db8:77::1", 64502, "IT"),
        ("::ffff:192.0.2.7", 64500, "DE"),
    ],
)
def test_the_file_knows_operator_and_country(
    networks: Networks, client: str, wide: int, country: str
) -> None:
    place = networks.place(client)
    assert (place.wide, place.country, place.guessed) == (wide, country, False)


@pytest.mark.parametrize("client", ["198.51.100.128", "203.0.113.9", "2001:db9::1", "unknown", ""])
def test_without_it_a_prefix_stands_for_the_operator(networks: Networks, client: str) -> None:
    place = networks.place(client)
    assert place.guessed and not place.country


def test_neighbours_are_near_and_strangers_are_not() -> None:
    networks = Networks()
    one, near, wide, far = (
        networks.place(text) for text in ("192.0.2.1", "192.0.2.9", "192.0.77.1", "198.51.100.1")
    )
    assert (one.near, one.wide) == (near.near, near.wide)
    assert one.wide == wide.wide and one.near != wide.near
    assert far.wide != one.wide
    six, same = networks.place("2001:db8:1:2::3"), networks.place("2001:db8:1:9::4")
    assert six.near == same.near and six.near != one.near


@pytest.mark.parametrize(
    "line",
    [
        "192.0.2.0\t192.0.2.255\t64500",
        "192.0.2.9\t192.0.2.1\t1\tDE",
        "192.0.2.0\t2001:db8::\t1\tDE",
        "x\ty\t1\tDE",
        "192.0.2.0\t192.0.2.9\tmany\tDE",
    ],
)
def test_a_line_that_is_none_is_named(line: str) -> None:
    with pytest.raises(Refusal, match="Line 1 of the file of networks"):
        Networks([line])


def test_ranges_out_of_order_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "networks.tsv"
    file.write_text("192.0.2.0\t192.0.2.255\t1\tDE\n192.0.2.9\t192.0.3.0\t2\tDE\n")
    with pytest.raises(Refusal, match=r"Line 2 .* is not in order"):
        Networks.read(file)


@given(st.text(max_size=60))
def test_whatever_a_client_is_called_it_is_somewhere(client: str) -> None:
    assert Networks().place(client) == Networks().place(client)
