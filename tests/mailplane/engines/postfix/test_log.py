"""Which of Postfix's log lines the operator sees."""

from __future__ import annotations

import pytest

from mailstead.mailplane.engines.postfix.log import problem

HEAD = "Nov 23 22:00:55 mail "


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "postfix/trivial-rewrite[12]: fatal: open database /x.lmdb: No such file or directory",
            "fatal: open database /x.lmdb: No such file or directory",
        ),
        (
            'postfix/master[1]: warning: service "smtp" (25) has reached its process limit "100"',
            'warning: service "smtp" (25) has reached its process limit "100"',
        ),
        (
            "postfix/submission/smtpd[5]: warning: SASL: Connect to private/auth failed",
            "warning: SASL: Connect to private/auth failed",
        ),
    ],
)
def test_trouble_of_our_own_is_seen(line: str, words: str) -> None:
    assert problem(HEAD + line) == words


@pytest.mark.parametrize(
    "line",
    [
        "postfix/smtpd[3]: connect from localhost[127.0.0.1]",
        "postfix/smtpd[3]: warning: hostname a.example does not resolve to address 192.0.2.1",
        "postfix/submission/smtpd[3]: warning: unknown[192.0.2.1]: SASL PLAIN "
        "authentication failed",
        "postfix/smtpd[3]: warning: non-SMTP command from unknown[192.0.2.1]: GET / HTTP/1.1",
    ],
)
def test_what_strangers_do_is_not_our_trouble(line: str) -> None:
    assert problem(HEAD + line) is None
