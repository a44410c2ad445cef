"""What a plan changes, and what it leaves alone."""

from __future__ import annotations

from mailstead.control.dns.compare import Expected
from mailstead.control.dns.push.plan import Change, back, changes_for
from mailstead.control.dns.push.records import Rrset, written

NAME = "cars.example"
MX = Expected(NAME, "MX", "10 node1.example.")
SPF = Expected(NAME, "TXT", "v=spf1 a:node1.example ~all")
ALIAS = Expected(f"k1._domainkey.{NAME}", "CNAME", "k1.keys.node1.example.")


def texts(*values: str) -> tuple[str, ...]:
    return tuple(written("TXT", value) for value in values)


def test_what_is_good_is_not_touched() -> None:
    zone = [
        Rrset(NAME, "MX", 60, ("5 NODE1.example.",)),
        Rrset(NAME, "TXT", 60, texts("v=spf1 a:node1.example -all", "other")),
    ]
    assert changes_for([MX, SPF], zone) == []


def test_another_hosts_mx_beside_ours_is_loud_and_ours_keeps_its_place() -> None:
    zone = [Rrset(NAME, "MX", 60, ("5 node1.example.", "20 old.example."))]
    (change,) = changes_for([MX], zone)
    assert (change.kind, change.loud, change.after) == ("update", True, ("5 node1.example.",))


def test_a_null_mx_is_nobodys_mail() -> None:
    (change,) = changes_for([MX], [Rrset(NAME, "MX", 60, ("0 .",))])
    assert (change.loud, change.after) == (False, ("10 node1.example.",))


def test_several_spf_records_become_one_and_other_texts_stay() -> None:
    zone = [Rrset(NAME, "TXT", 60, texts("v=spf1 mx -all", "other", "v=spf1 ip4:192.0.2.1 -all"))]
    (change,) = changes_for([SPF], zone)
    merged = "v=spf1 ip4:192.0.2.1 mx a:node1.example -all"
    assert change.after == texts("other", merged)


def test_what_an_alias_cannot_stand_beside_is_removed_only_when_it_is_said() -> None:
    zone = [Rrset(ALIAS.name, "TXT", 60, texts("v=DKIM1; p=old"))]
    gone, alias = changes_for([ALIAS], zone)
    assert (gone.kind, gone.type, gone.loud) == ("delete", "TXT", True)
    assert (alias.kind, alias.type, alias.after) == ("create", "CNAME", (ALIAS.value,))


def test_the_way_back_goes_in_the_other_order() -> None:
    zone = [Rrset(ALIAS.name, "TXT", 60, texts("v=DKIM1; p=old"))]
    made = changes_for([ALIAS], zone)
    after = [Rrset(ALIAS.name, "CNAME", 3600, (ALIAS.value,))]
    changes, differing = back(made, after)
    assert not differing
    assert [(one.type, one.kind) for one in changes] == [("CNAME", "delete"), ("TXT", "create")]
    assert changes[1].wanted == Rrset(ALIAS.name, "TXT", 60, zone[0].values)


def test_what_was_never_made_is_not_taken_back() -> None:
    made = [Change(NAME, "MX", ("10 old.example.",), ("10 new.example.",), 60, 60)]
    assert back(made, [Rrset(NAME, "MX", 60, ("10 old.example.",))]) == ([], [])
    assert back(made, [Rrset(NAME, "MX", 60, ("10 third.example.",))]) == ([], [f"{NAME} MX"])
