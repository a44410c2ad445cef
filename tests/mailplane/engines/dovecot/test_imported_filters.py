"""Filters of another panel as a person's own script, run by the house's Dovecot."""

from __future__ import annotations

import pytest
from tests.mailplane.engines.dovecot.test_spam_scripts import HOUSE, deliver, folder, own_script
from tests.mailplane.engines.harness import Host

from mailstead.foreign.exim.model import Owner
from mailstead.foreign.exim.translate import translate
from mailstead.foreign.inventory import EximFilter

pytestmark = pytest.mark.engines
ACCOUNT = """# Exim filter
headers charset "UTF-8"
#spam
if $h_X-Spam-Status: begins "Yes" then save "/dev/null" endif
#partner
if $h_x-a: is "partner" then save "$home/mail/$domain/$local_part/.Partner/" 660 endif
"""
MAILBOX = r"""# Exim filter
headers charset "UTF-8"
#news
if $h_subject: contains "NEWS" and not ($h_x-a: matches "^\\\\d+\\$")
then
 save "$home/mail/$domain/$local_part/.News.Été/" 660
endif
"""


@pytest.mark.parametrize(
    ("headers", "into"),
    [
        ("", "News.&AMk-t&AOk-"),
        ("X-A: 17\r\n", "INBOX"),
        ("X-A: partner\r\n", "Partner"),
        (HOUSE, "Junk"),
    ],
)
def test_mail_is_filed_as_it_was(host: Host, headers: str, into: str) -> None:
    ann = host.add(f"imported-{len(headers)}")
    owner = Owner(address=ann, home="/home/acct", mailboxes=frozenset({ann}))
    made = translate(
        owner,
        EximFilter(text=ACCOUNT, place="vf/example.com"),
        EximFilter(text=MAILBOX, place="filter"),
    )
    assert {one.grade for one in made.outcomes} == {"equal"}
    own_script(host, ann, made.sieve)
    deliver(host, ann, headers)
    assert folder(host, ann) == into
