"""DKIM keys with everything real: Rspamd signs, Knot publishes, Exim and dkimpy verify."""

from __future__ import annotations

import re
import sys

import dkim
import pytest
from lab.commands import wait_until
from tests.support.messages import message
from tests.support.people import Mailbox
from tests.support.site import Site

pytestmark = pytest.mark.lab

_LATER = """
import datetime as dt, sys
from mailstead.config import home_from_environment
from mailstead.control.project.bootstrap import setup
setup(home_from_environment())
from mailstead.control.dns import keys
from mailstead.control.hosting.models import Domain
now = dt.datetime.now(dt.UTC) + dt.timedelta(days=float(sys.argv[2]))
domain = Domain.objects.get(name=sys.argv[1], removed_at=None)
keys.advance_keys(now, domain)
"""


def later(site: Site, days: float) -> None:
    """What the worker does so many days from now, with the node's own resolver."""
    environment = {"MAILSTEAD_HOME": str(site.node.folder), "PATH": "/usr/bin:/bin"}
    site.node.namespace.run(
        sys.executable, "-c", _LATER, site.main, str(days), env=environment, cwd="/"
    )
    site.applied()


def selector_of(site: Site, ann: Mailbox) -> str:
    """Send a message out; the selector that signed it. It must verify for everybody."""
    bob = f"bob-{site.word}@far.example"
    made = message(ann.address, bob)
    assert ann.submit(made, [bob])[bob].startswith("250 ")
    site.arrives(made, bob)
    raw = site.foreign_file(made).read_bytes()
    signed = raw[raw.index(b"DKIM-Signature:") :]
    assert b"dkim=pass" in raw
    assert dkim.verify(signed, dnsfunc=site.txt)
    found = re.search(rb"\bs=([a-z0-9]+);", signed)
    assert found
    return found.group(1).decode()


def states(site: Site) -> dict[str, str]:
    return {key["selector"]: key["state"] for key in site.keys(site.main)}


def settled(site: Site, wanted: dict[str, str]) -> None:
    """Wait until the worker, the zone's server and the look have brought the keys there."""

    def looked() -> bool:
        site.node.cli("domain", "check", site.main)
        return states(site) == wanted

    wait_until(looked, f"the keys are {wanted}", seconds=60, every=1)
    site.applied()


def test_mail_signed_during_two_rotations_always_verifies(site: Site) -> None:
    ann = site.mailbox("ann")
    site.publish_dkim(site.main)
    assert selector_of(site, ann) == "ms1"
    # The customer does nothing from here on.
    for old, new, days in (("ms1", "ms2", 8), ("ms2", "ms1", 16)):
        made = site.node.cli("domain", "dkim", "rotate", site.main)
        assert made["selector"] == new
        assert selector_of(site, ann) == old
        settled(site, {old: "old", new: "signing"})
        # Rspamd may learn of it some seconds later: both must do.
        wait_until(lambda n=new: selector_of(site, ann) == n, "the new key signs", seconds=60)
        later(site, days)
        assert states(site) == {old: "withdrawn", new: "signing"}
        name = f"{old}._domainkey.{site.main}"
        wait_until(lambda n=name: site.txt(n) == b"v=DKIM1; k=rsa; p=", "the old key is taken back")
        assert selector_of(site, ann) == new


def test_a_revoked_key_signs_nothing_more_and_the_next_one_follows_by_itself(site: Site) -> None:
    ann = site.mailbox("ann")
    site.publish_dkim(site.main)
    answer = site.cli("domain", "dkim", "revoke", site.main, "ms1", "--reason", "found on the web")
    assert answer["next"] == "ms2"
    settled(site, {"ms1": "revoked", "ms2": "signing"})
    wait_until(lambda: selector_of(site, ann) == "ms2", "the next key signs", seconds=60)
    assert not list(site.node.home.dkim.glob(f"{site.main}.ms1.key"))
    assert not site.check_directory()


def test_the_zone_that_is_exported_is_the_zone_that_is_served(site: Site) -> None:
    site.publish_dkim(site.main)
    text = site.node.run("dns", "operator-zone").stdout
    (line,) = [
        line
        for line in text.splitlines()
        if line.startswith("ms1.") and _public(site) in line.replace('" "', "")
    ]
    name = line.partition(" ")[0]
    served = b"".join(
        part for record in site.lab.dns.resolver.resolve(name, "TXT") for part in record.strings
    ).decode()
    assert served.endswith(_public(site))


def _public(site: Site) -> str:
    text = site.txt(f"ms1._domainkey.{site.main}")
    assert text is not None
    return text.decode().partition("p=")[2]
