"""A record that leads to another, and what stands behind it: keys in the company's zone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Standing = Literal["good", "missing", "wrong"]


def judge_alias(
    expected: str,
    aliases: Sequence[str],
    texts: Sequence[str],
    holds: str,
    same: bool,
) -> tuple[Standing, str]:
    """A verdict and its code for an alias that should lead to `expected`.

    `aliases` and `texts` are the CNAME and TXT values found at the name; `same`: one of the texts
    is `holds`, what should be found behind the alias (empty: nothing yet).
    """
    if not aliases:
        if same and holds:
            # As an earlier set-up asked for it. It holds until the key changes.
            return "good", "dkim-direct"
        return ("wrong", "dkim-text") if texts else ("missing", "dkim-alias-missing")
    ours = _bare(expected)
    if [_bare(one) for one in aliases] == [ours]:
        return "good", "dkim-good" if same or not holds else "dkim-soon"
    if any(_bare(one).startswith(f"{ours}.") for one in aliases):
        return "wrong", "dkim-alias-doubled"
    return "wrong", "dkim-alias-other"


def _bare(name: str) -> str:
    return name.strip().lower().rstrip(".")
