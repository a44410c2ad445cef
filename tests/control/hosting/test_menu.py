"""The menu: one line at most is the present one."""

from __future__ import annotations

import pytest

from mailstead.control.hosting.queries.menu import lines_for
from tests.control.company import Company


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "hosting:overview"),
        ("/customers/3/domains/", "hosting:customers"),
        ("/protection/", "protection:list"),
        ("/protection/blocks/", "protection:blocks"),
        ("/protection/blocks/lift/", "protection:blocks"),
        ("/my/password/", None),
        ("/profile/", None),
    ],
)
def test_the_nearest_page_above_is_the_present_one(
    company: Company, path: str, route: str | None
) -> None:
    lines = lines_for(company.actor, path)
    assert [line.entry.route for line in lines if line.present] == ([route] if route else [])
