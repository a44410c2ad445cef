"""Everything that DirectAdmin knows of an account's mail comes, from a backup or a live server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.foreign.directadmin.accounts import (
    HASH,
    KEY,
    SIEVE,
    SPAM_FILTER,
    TEXT,
    Files,
    archive,
    directory,
    home,
    mail,
    server,
    whole,
)
from tests.foreign.roundcube.bases import mysql_dump

from mailstead.foreign.directadmin import accounts, detect, read
from mailstead.foreign.inventory import (
    Alias,
    Domain,
    Inventory,
    Limits,
    Mailbox,
    Remark,
    SpamWishes,
    Target,
)
from mailstead.standards.refusal import Refusal

Make = Callable[[Path], Path]


def as_archive(outer: str, inner: str) -> Make:
    return lambda folder: archive(folder, whole() | mail(), home(), outer, inner)


SOURCES: dict[str, Make] = {
    "tar.gz with zst": as_archive("gz", "zst"),
    "tar.zst with gz": as_archive("zst", "gz"),
    "unpacked": lambda folder: directory(folder, whole() | mail(), home()),
    "live": lambda folder: server(folder, whole() | mail(), home()),
}


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Inventory:
    return read(SOURCES[request.param](tmp_path), "acct")


def domain(inventory: Inventory, name: str = "example.com") -> Domain:
    one = inventory.domain(name)
    assert one is not None
    return one


def box(inventory: Inventory, address: str) -> Mailbox:
    return next(one for one in inventory.mailboxes() if one.address == address)


def codes(inventory: Inventory, *grades: str) -> list[str]:
    return sorted(one.code for one in inventory.remarks if not grades or one.grade in grades)


def remark(inventory: Inventory, code: str) -> Remark:
    (one,) = [one for one in inventory.remarks if one.code == code]
    return one


def target(value: str) -> Target:
    return Target(kind="address", value=value)


def test_the_account(source: Inventory) -> None:
    assert (source.panel, source.account, source.owner) == ("directadmin", "acct", "admin")
    assert source.contacts == ("me@other.example", "too@other.example")
    assert (source.package, source.suspended) == ("std", False)
    assert source.limits == Limits(
        octets=5120 * 2**20, mailboxes=50, forwarders=None, autoresponders=10, lists=5
    )
    assert not source.mail_missing


def test_the_domains_and_what_points_to_them(source: Inventory) -> None:
    told = [(one.name, one.kind, one.routing, one.mirror_of) for one in source.domains]
    assert told == [
        ("example.com", "main", "local", ""),
        ("extra.example", "addon", "remote", ""),
        ("alias.example", "parked", "auto", "example.com"),
        ("pointer.example", "pointer", "auto", "example.com"),
        ("newer.example", "parked", "auto", "example.com"),
    ]
    assert domain(source).zone.startswith("$TTL")
    assert domain(source).certificate


def test_the_mailboxes(source: Inventory) -> None:
    told = {
        one.address: (one.secret, one.login_suspended, one.quota, one.login)
        for one in domain(source).mailboxes
    }
    assert told == {
        "info@example.com": (HASH, False, 52428800, ""),
        "sales@example.com": (HASH, True, 0, ""),
        "old@example.com": ("$1$abc$" + "b" * 22, False, 104857600, ""),
        "left@example.com": ("", False, 104857600, ""),
        "acct@example.com": (HASH, False, 0, "acct"),
    }
    assert [one.address for one in domain(source, "extra.example").mailboxes] == [
        "info@extra.example"
    ]
    assert remark(source, "mailbox-without-password").address == "left@example.com"
    assert remark(source, "quota-of-nobody").text == "gone:1000000"


def test_the_mail(source: Inventory) -> None:
    (store,) = box(source, "info@example.com").stores
    assert (store.kind, store.names, store.compressed) == ("maildir", "mutf-7", True)
    assert (store.messages, store.octets) == (4, 3 * len(TEXT) + 10)
    assert store.folders == ("A/B", "Entwürfe")
    assert str(store.path).endswith("imap/example.com/info/Maildir")
    (own,) = box(source, "acct@example.com").stores
    assert own.messages == 1


def test_the_forwarders(source: Inventory) -> None:
    told = {one.address: one.targets for one in domain(source).aliases}
    assert told == {
        "sales@example.com": (target("info@example.com"), target("Partner@other.example")),
        "drop@example.com": (Target(kind="blackhole"),),
        "shut@example.com": (Target(kind="fail", value="Moved, ask us"),),
        "hook@example.com": (Target(kind="pipe", value="/home/acct/t.php a,b"),),
        "team@example.com": (
            target("info@example.com"),
            target("sales@example.com"),
            Target(kind="account", value="acct"),
        ),
        "acct@example.com": (target("boss@other.example"),),
    }
    extra = domain(source, "extra.example")
    assert [(one.address, one.targets) for one in extra.aliases] == [
        ("acct@extra.example", (Target(kind="account", value="acct"),))
    ]


def test_the_catch_alls(source: Inventory) -> None:
    default = domain(source).default
    assert default is not None
    assert (default.address, default.targets) == ("@example.com", (target("info@example.com"),))
    extra = domain(source, "extra.example").default
    assert extra is not None
    assert extra.targets == (Target(kind="fail"),)


def test_the_automatic_answers(source: Inventory) -> None:
    away, quiet, info = domain(source).autoresponders
    assert (away.address, away.body, away.subject) == (
        "away@example.com",
        "We are closed.\nÄ\n",
        "Away: %subject%",
    )
    assert (away.html, away.interval, away.copy_to) == (True, 5400, "boss@example.com")
    assert (away.starts, away.ends) == (None, None)
    assert (quiet.body, quiet.html, quiet.copy_to) == ("Hush ä", False, "")
    assert (quiet.subject, quiet.interval) == ("Autoreply: %subject%", 2 * 86400)
    assert info.body == "On holiday"
    assert info.starts == dt.datetime(2026, 8, 1, 6, tzinfo=dt.UTC)
    assert info.ends == dt.datetime(2026, 8, 15, 18, tzinfo=dt.UTC)
    assert remark(source, "answer-leftover").place.endswith("reply/left.msg")


def test_filters_and_scripts(source: Inventory) -> None:
    filter_ = domain(source).filter
    assert filter_ is not None
    assert filter_.text == SPAM_FILTER
    assert domain(source, "extra.example").filter is None
    told = {one.name: (one.text, one.active) for one in box(source, "info@example.com").sieve}
    assert told == {"main": (SIEVE, True), "spare": ("keep;\n", False)}


def test_the_spam_settings(source: Inventory) -> None:
    spam = domain(source).spam
    assert spam is not None
    assert (spam.enabled, spam.to_folder, spam.score, spam.delete_above) == (True, True, 6.5, 15.0)
    assert spam.allow == ("*@good.example",)
    assert spam.deny == ("bad@x.example", "*@worse.example")
    assert "SPAM" in remark(source, "spam-subject").text
    extra = domain(source, "extra.example").spam
    assert extra is not None
    assert (extra.enabled, extra.to_folder, extra.delete_above) == (True, False, None)


def test_the_lists(source: Inventory) -> None:
    (one,) = domain(source).lists
    assert (one.address, one.software) == ("news@example.com", "majordomo")
    assert one.members == ("ann@x.example", "bob@y.example")
    assert one.owners == ("boss@example.com", "acct@example.com")
    assert one.settings == (
        ("message_footer", "Bye\nand = thanks"),
        ("moderate", "no"),
        ("subject_prefix", "[news]"),
    )


def test_the_webmail_of_a_backup(tmp_path: Path) -> None:
    source = read(SOURCES["tar.gz with zst"](tmp_path))
    info = box(source, "info@example.com").webmail
    own = box(source, "acct@example.com").webmail
    assert info is not None and own is not None
    assert [one.emails for one in info.contacts] == [("ann@x.example",)]
    # The account's own book is in the backup of each domain.
    assert [one.emails for one in own.contacts] == [("cy@x.example",)]


def test_only_a_live_server_has_the_signing_key_and_no_webmail(tmp_path: Path) -> None:
    live = read(SOURCES["live"](tmp_path), "acct")
    (key,) = domain(live).dkim
    assert (key.selector, key.private_key) == ("x", KEY)
    assert live.home == "/home2/acct"
    assert "webmail-not-there" in codes(live, "refused")
    assert "dkim-not-there" not in codes(live)


def test_nothing_else_is_said_of_a_whole_backup(tmp_path: Path) -> None:
    source = read(SOURCES["tar.gz with zst"](tmp_path))
    assert codes(source) == [
        "answer-leftover",
        "dates-in-words",
        "dkim-not-there",
        "mailbox-without-password",
        "quota-of-nobody",
        "sending-limit",
        "spam-subject",
    ]
    assert source.home == "/home/acct"


def changed(tmp_path: Path, changes: Files, inside: Files | None = None) -> Inventory:
    """The whole backup with some files in another form; an empty one is left out."""
    files = {path: data for path, data in (whole() | mail() | changes).items() if data != ""}
    return read(archive(tmp_path, files, home() if inside is None else inside))


MAIN = "backup/example.com"


@pytest.mark.parametrize(
    ("row", "saved", "targets", "code"),
    [
        ("", "catchall=info@example.com\n", (target("info@example.com"),), ""),
        ("*: :fail: gone\n", "", (Target(kind="fail", value="gone"),), ""),
        ("*: :blackhole:\n", "catchall=:blackhole:\n", (Target(kind="blackhole"),), ""),
        ("*: acct\n", "catchall=acct\n", (Target(kind="account", value="acct"),), ""),
        (
            "*: info@example.com\n",
            "catchall=:fail:\n",
            (target("info@example.com"),),
            "catch-all-differs",
        ),
    ],
)
def test_a_catch_all_has_two_homes(
    tmp_path: Path, row: str, saved: str, targets: tuple[Target, ...], code: str
) -> None:
    source = changed(
        tmp_path, {f"{MAIN}/email/aliases": f"acct:acct\n{row}", f"{MAIN}/email/email.conf": saved}
    )
    default = domain(source).default
    assert default is not None
    assert default.targets == targets
    assert ("catch-all-differs" in codes(source, "asks")) == bool(code)


def test_without_a_catch_all_there_is_none(tmp_path: Path) -> None:
    changes: Files = {f"{MAIN}/email/aliases": "acct:acct\n", f"{MAIN}/email/email.conf": ""}
    assert domain(changed(tmp_path, changes)).default is None


def test_a_vacation_beside_an_autoresponder_is_answered_always(tmp_path: Path) -> None:
    source = changed(tmp_path, {f"{MAIN}/email/autoresponder.conf": "info: boss@example.com\n"})
    (info,) = domain(source).autoresponders
    assert (info.starts, info.ends, info.copy_to) == (None, None, "boss@example.com")
    assert remark(source, "two-answers").address == "info@example.com"


def test_quotas_that_cannot_be_bytes_are_asked_about(tmp_path: Path) -> None:
    source = changed(tmp_path, {f"{MAIN}/email/quota": "info:50\nsales:0\nold:2000\n"})
    assert box(source, "info@example.com").quota == 50 * 2**20
    assert box(source, "sales@example.com").quota == 0
    assert remark(source, "quota-unit").grade == "asks"


def test_a_suspended_account_keeps_its_passwords(tmp_path: Path) -> None:
    conf = str(whole()["backup/user.conf"]).replace("suspended=no", "suspended=yes")
    changes: Files = {
        "backup/user.conf": conf,
        "backup/.shadow": f"!{HASH}",
        f"{MAIN}/email/passwd": f"info:!{HASH}\nsales:*LOCKED*{HASH}\n",
    }
    source = changed(tmp_path, changes)
    assert source.suspended
    for name in ("info", "sales", "acct"):
        one = box(source, f"{name}@example.com")
        assert (one.secret, one.login_suspended) == (HASH, False)


def test_the_accounts_address_in_two_places_becomes_one_mailbox(tmp_path: Path) -> None:
    changes: Files = {
        f"{MAIN}/email/passwd": f"acct:{HASH}x\n",
        "imap/example.com/acct/Maildir/cur/7.q:2,": TEXT,
    }
    source = changed(tmp_path, changes)
    own = box(source, "acct@example.com")
    assert [str(store.path) for store in own.stores] == [
        "backup/home/Maildir",
        "imap/example.com/acct/Maildir",
    ]
    assert (own.secret, own.login) == (HASH, "acct")
    assert "mailbox-in-two-places" in codes(source, "differs")


def test_a_backup_without_mail_says_so(tmp_path: Path) -> None:
    options = str(whole()["backup/backup_options.list"]).replace("email_data\n", "")
    files = {
        path: data
        for path, data in (whole() | {"backup/backup_options.list": options}).items()
        if "/data/" not in path
    }
    source = read(archive(tmp_path, files, None))
    assert source.mail_missing
    assert remark(source, "part-not-in-backup").text == "email_data"
    assert box(source, "info@example.com").secret == HASH


def test_mail_that_directadmin_itself_would_pass_over_is_read(tmp_path: Path) -> None:
    source = changed(tmp_path, {f"{MAIN}/email/data/imap/.direct_imap_backup": ""})
    assert remark(source, "direct-imap-missing").domain == "example.com"
    assert box(source, "info@example.com").stores


def test_mail_is_not_counted_twice_through_a_pointers_link(tmp_path: Path) -> None:
    folder = directory(tmp_path, whole() | mail(), home())
    (folder / "imap/alias.example").symlink_to("example.com")
    source = read(folder)
    assert sum(store.messages for one in source.mailboxes() for store in one.stores) == 6
    assert "unknown-file" not in codes(source)


def test_mail_of_a_domain_that_is_gone_is_asked_about(tmp_path: Path) -> None:
    source = changed(tmp_path, {"imap/gone.example/info/Maildir/cur/8.r:2,": TEXT})
    assert remark(source, "mail-of-unknown-domain").text == "gone.example"


def test_old_layouts_of_mail(tmp_path: Path) -> None:
    files = {path: data for path, data in whole().items() if "direct_imap" not in path}
    files[f"{MAIN}/email/data/imap/info/Maildir/cur/1.a:2,"] = TEXT
    files[f"{MAIN}/email/data/pop/old"] = b"From a\n" + TEXT + b"\nFrom b\n" + TEXT
    source = read(archive(tmp_path, files, {}))
    (store,) = box(source, "info@example.com").stores
    assert (store.kind, store.messages) == ("maildir", 1)
    (mbox,) = box(source, "old@example.com").stores
    assert (mbox.kind, mbox.messages) == ("mbox", 2)


def test_what_is_not_known_is_told(tmp_path: Path) -> None:
    changes: Files = {
        "backup/user.conf": str(whole()["backup/user.conf"]) + "mail_quantum=7\n",
        f"{MAIN}/domain.conf": "domain=example.com\nmail_quantum=7\n",
        f"{MAIN}/domain.pointers": "x.example=weird\n",
        f"{MAIN}/email/filter.conf": "where=moon\n",
        f"{MAIN}/email/email.conf": "moon=1\n",
        f"{MAIN}/email/new.conf": "x",
        f"{MAIN}/email/data/squirrelmail/info.abook": "ann|Ann||ann@x.example|",
        "backup/new/deep/file": "x",
        "imap/stray": "x",
        "top": "x",
    }
    source = changed(tmp_path, changes)
    unknown = {one.place for one in source.remarks if one.code == "unknown-file"}
    assert unknown == {
        f"{MAIN}/email/new.conf",
        "backup/new/deep/file",
        "imap/stray",
        "top",
    }
    settings = [one.text for one in source.remarks if one.code == "unknown-setting"]
    assert settings == ["mail_quantum=7", "moon=1", "mail_quantum=7"]
    assert remark(source, "pointer-unreadable").text == "x.example=weird"
    assert remark(source, "spam-setting").text == "where=moon"
    assert remark(source, "webmail-old").grade == "refused"


def test_no_hash_is_in_a_remark(tmp_path: Path) -> None:
    changes: Files = {
        f"{MAIN}/email/passwd": f"info:{HASH}\nin fo:{HASH}\n{HASH}\n",
        f"{MAIN}/email/dkim.private.key": "not a key",
    }
    source = changed(tmp_path, changes)
    assert "line-unreadable" in codes(source)
    assert all("$6$" not in f"{one.text}{one.words}" for one in source.remarks)
    assert remark(source, "dkim-unreadable").text == ""


def test_a_forward_that_keeps_nothing_and_rules_in_the_home(tmp_path: Path) -> None:
    source = changed(tmp_path, {}, {".forward": "boss@other.example", ".procmailrc": ":0\n* x\n"})
    assert "forward-keeps" in codes(source, "differs")
    assert "procmail" in codes(source, "refused")
    with_filter = changed(tmp_path, {}, {".forward": "# Exim filter\nfinish\n"})
    filter_ = box(with_filter, "acct@example.com").filter
    assert filter_ is not None and filter_.place == "backup/home/.forward"


def test_a_link_says_which_script_is_active(tmp_path: Path) -> None:
    folder = directory(tmp_path, whole() | mail(), home())
    link = folder / "imap/example.com/info/.dovecot.sieve"
    link.unlink()
    link.symlink_to("sieve/spare.sieve")
    told = {one.name: one.active for one in box(read(folder), "info@example.com").sieve}
    assert told == {"main": False, "spare": True}
    link.unlink()
    link.symlink_to("/etc/passwd")
    source = read(folder)
    assert "script-missing" in codes(source, "unknown")
    assert not any(one.active for one in box(source, "info@example.com").sieve)


@pytest.mark.parametrize(("where", "delete"), [("delete", 6.5), ("inbox", 15.0)])
def test_where_spam_goes(tmp_path: Path, where: str, delete: float) -> None:
    conf = f"high_score=15\nhigh_score_block=yes\nwhere={where}\n"
    spam = domain(changed(tmp_path, {f"{MAIN}/email/filter.conf": conf})).spam
    assert isinstance(spam, SpamWishes)
    assert (spam.to_folder, spam.delete_above) == (False, delete)


def test_without_preferences_the_spam_filter_is_off(tmp_path: Path) -> None:
    source = changed(tmp_path, {f"{MAIN}/email/filter.conf": ""}, {})
    assert domain(source).spam is None
    with_conf = changed(tmp_path, {}, {})
    spam = domain(with_conf).spam
    assert spam is not None and not spam.enabled


def test_a_backup_of_nobody_and_of_something_else_is_refused(tmp_path: Path) -> None:
    files = whole() | {"backup/user.conf": "domain=example.com\n"}
    with pytest.raises(Refusal) as nobody:
        read(archive(tmp_path, files, None))
    assert nobody.value.code == "account-unknown"
    with pytest.raises(Refusal) as other:
        read(archive(tmp_path, {"cp/acct": "USER=acct\n"}, None))
    assert other.value.code == "not-directadmin"
    with pytest.raises(Refusal) as another:
        read(archive(tmp_path, whole(), None), "other")
    assert another.value.code == "account-other"
    live = server(tmp_path / "root", whole(), {})
    with pytest.raises(Refusal) as nameless:
        read(live, "../acct")
    assert nameless.value.code == "account-needed"


def test_how_an_account_lies_somewhere_is_told(tmp_path: Path) -> None:
    backup = archive(tmp_path, whole(), None)
    live = server(tmp_path / "root", whole(), {})
    assert detect(backup) == "archive"
    assert detect(directory(tmp_path / "plain", whole(), {})) == "unpacked"
    assert (detect(live), accounts(live)) == ("live", ("acct",))
    (tmp_path / "empty").mkdir()
    assert detect(tmp_path / "empty") == ""
    assert detect(archive(tmp_path, {"cp/acct": "USER=acct\n"}, None)) == ""


def test_a_damaged_webmail_does_not_stop_the_rest(tmp_path: Path) -> None:
    bad = "<!DOCTYPE a [<!ENTITY b 'c'>]><ROUNDCUBE/>"
    source = changed(tmp_path, {f"{MAIN}/email/data/roundcube.xml": bad})
    assert "webmail-unreadable" in codes(source, "refused")
    assert box(source, "info@example.com").webmail is None


def test_an_alias_of_the_account_is_not_one_of_a_mailbox_of_its_name(tmp_path: Path) -> None:
    changes: Files = {
        "backup/extra.example/email/passwd": f"acct:{HASH}\n",
    }
    source = changed(tmp_path, changes)
    assert domain(source, "extra.example").aliases == ()
    assert box(source, "acct@extra.example").login == ""
    assert isinstance(domain(source).aliases[0], Alias)


def test_links_in_somebodys_home_lead_nowhere(tmp_path: Path) -> None:
    root = server(tmp_path, whole() | mail(), home())
    (root / "etc/secret").write_text("stolen@x.example")
    own = root / "home2/acct"
    (own / ".forward").unlink()
    (own / ".forward").symlink_to("/etc/secret")
    (own / "imap/example.com/sales").symlink_to(root / "home2/acct/imap/example.com/info")
    source = read(root, "acct")
    assert "stolen" not in repr(source)
    assert box(source, "sales@example.com").stores == ()
    assert remark(source, "no-file").place == "home2/acct/.forward"
    assert "home2/acct/imap/example.com/sales" in {
        one.place for one in source.remarks if one.code == "unknown-file"
    }


@pytest.mark.parametrize("place", ["da_roundcube.sql", "root/da_roundcube.sql"])
def test_a_dump_beside_a_live_server_brings_its_webmail(tmp_path: Path, place: str) -> None:
    root = server(tmp_path, whole() | mail(), home())
    (root / "root").mkdir()
    (root / place).write_text(mysql_dump())
    source = read(root, "acct")
    webmail = box(source, "info@example.com").webmail
    assert webmail is not None
    assert [one.name for one in webmail.contacts] == ["Ann Älter", "Bob"]
    assert "webmail-not-there" not in codes(source)
    (root / place).write_text("nothing;")
    assert "webmail-unreadable" in codes(read(root, "acct"), "refused")
