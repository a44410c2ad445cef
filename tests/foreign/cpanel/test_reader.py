"""An account of cPanel is found whole, wherever it lies, and nothing in it goes unsaid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.support.cpanel import HASHES, Account
from tests.support.cpanel_account import FILTER, everything

from mailstead.foreign.cpanel.reader import read
from mailstead.foreign.inventory import Domain, Inventory, Mailbox, PanelTest, Remark, Target
from mailstead.standards.refusal import Refusal


def _read(account: Account, folder: Path) -> Inventory:
    return read(account.unpacked(folder))


def _domain(inventory: Inventory, name: str = "example.com") -> Domain:
    found = inventory.domain(name)
    assert found is not None
    return found


def _box(inventory: Inventory, address: str) -> Mailbox:
    return next(box for box in inventory.mailboxes() if box.address == address)


def _said(inventory: Inventory, code: str) -> list[Remark]:
    return [one for one in inventory.remarks if one.code == code]


def _targets(domain: Domain, address: str) -> list[tuple[str, str]]:
    found = [alias for alias in domain.aliases if alias.address == address]
    return [(target.kind, target.value) for alias in found for target in alias.targets]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    return read(everything().unpacked(tmp_path_factory.mktemp("whole")))


FORMS: dict[str, Callable[[Account, Path], Path]] = {
    "tar": lambda account, folder: account.archive(folder, ""),
    "gz": lambda account, folder: account.archive(folder, "gz"),
    "zst": lambda account, folder: account.archive(folder, "zst"),
    "nested": lambda account, folder: account.archive(folder, "gz", home=""),
    "nested-gz": lambda account, folder: account.archive(folder, "", home="gz"),
    "user": lambda account, folder: account.archive(folder, "gz", wrapper="acct"),
    "backup": lambda account, folder: account.archive(
        folder, "gz", wrapper="backup-1.2.2026_03-04-05_acct"
    ),
}


def _comparable(inventory: Inventory, wrapper: str) -> object:
    data = msgspec.to_builtins(inventory, enc_hook=str)
    text = msgspec.json.encode(data).decode()
    return msgspec.json.decode(text.replace(f'"{wrapper}/', '"'))


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_the_archive_says_the_same(
    form: str, whole: Inventory, tmp_path: Path
) -> None:
    path = FORMS[form](everything(), tmp_path)
    found = read(path, work=tmp_path)
    wrapper = path.name.partition(".tar")[0]
    assert _comparable(found, wrapper) == _comparable(whole, "cpmove-acct")
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_live_server_says_what_the_archive_says(whole: Inventory, tmp_path: Path) -> None:
    root = everything().live(tmp_path)
    found = read(root, "acct")
    for name in ("example.com", "addon.example", "alias.example", "remote.example"):
        live, archived = _domain(found, name), _domain(whole, name)
        assert [box.address for box in live.mailboxes] == [b.address for b in archived.mailboxes]
        assert [(a.address, a.targets) for a in live.aliases] == [
            (a.address, a.targets) for a in archived.aliases
        ]
        assert (live.forward_to, live.routing) == (archived.forward_to, archived.routing)
        assert [key.private_key for key in live.dkim] == [k.private_key for k in archived.dkim]
        assert (live.zone, live.certificate) == (archived.zone, archived.certificate)
        assert [one.members for one in live.lists] == [one.members for one in archived.lists]
    info = _box(found, "info@example.com")
    assert info.stores[0].path == Path("home/acct/mail/example.com/info")
    assert (root / info.stores[0].path / "cur").is_dir()
    assert info.filter is not None and info.webmail is not None
    assert _box(found, "acct@example.com").secret == HASHES["6"]
    assert found.domains[0].aliases[0].place.startswith("etc/valiases/example.com:")
    assert found.home == "/home/acct"
    unknown = [one.place for one in found.remarks if one.code.startswith("unknown-")]
    assert unknown == ["var/cpanel/users/acct:18", "home/acct/.strange"]
    with pytest.raises(Refusal, match="none was chosen"):
        read(root)


def test_who_is_forbidden_to_send_is_told_by_a_live_server_only(
    whole: Inventory, tmp_path: Path
) -> None:
    root = everything().live(tmp_path)
    (root / "etc/outgoing_mail_suspended_users").write_text("ann@example.com\n")
    found = read(root, "acct")
    assert [box.address for box in found.mailboxes() if box.sending_suspended] == [
        "ann@example.com"
    ]
    assert _said(found, "sending-not-told") == []
    assert len(_said(whole, "sending-not-told")) == 1


def test_the_account_as_a_whole(whole: Inventory) -> None:
    assert (whole.panel, whole.account, whole.home) == ("cpanel", "acct", "/home/acct")
    assert whole.contacts == ("owner@far.example",)
    assert (whole.owner, whole.package, whole.suspended) == ("root", "std", False)
    limits = whole.limits
    assert (limits.octets, limits.mailboxes, limits.lists) == (5120 * 2**20, 50, None)
    assert (limits.mailbox_octets, limits.messages_per_hour) == (2**30, 200)
    assert not whole.mail_missing
    assert [one.text for one in _said(whole, "unknown-setting")] == ["BRAND_NEW_KEY=1"]


def test_the_domains_are_those_that_any_file_names(whole: Inventory) -> None:
    assert {domain.name: (domain.kind, domain.routing) for domain in whole.domains} == {
        "example.com": ("main", "local"),
        "addon.example": ("addon", "auto"),
        "alias.example": ("parked", "auto"),
        "addon.example.com": ("sub", "auto"),
        "shop.example.com": ("sub", "auto"),
        "remote.example": ("other", "remote"),
    }
    assert whole.domains[0].name == "example.com"
    asked = _said(whole, "remote-with-mailboxes")
    assert [(one.grade, one.domain) for one in asked] == [("asks", "remote.example")]


def test_a_domain_forwarder_is_one_where_its_file_says_so(whole: Inventory) -> None:
    assert {domain.name: domain.forward_to for domain in whole.domains if domain.forward_to} == {
        "alias.example": "example.com"
    }


@pytest.mark.parametrize(
    ("text", "target", "codes"),
    [
        ("example.com\n", "example.com", []),
        ("alias.example: EXAMPLE.com.\n", "example.com", []),
        ("alias.example: alias.example\n", "", ["self-forward"]),
        ("other.example: example.com\n", "", ["domain-forwarder"]),
        ("alias.example: a.example\nalias.example: b.example\n", "a.example", ["domain-forwarder"]),
        ("what is this\n", "", ["domain-forwarder"]),
    ],
)
def test_lines_of_domain_forwarders(
    text: str, target: str, codes: list[str], tmp_path: Path
) -> None:
    account = everything()
    account.put("vad/alias.example", text)
    found = _read(account, tmp_path)
    assert _domain(found, "alias.example").forward_to == target
    said = [one.code for one in found.remarks if one.domain == "alias.example"]
    assert said == codes


def test_default_addresses(whole: Inventory) -> None:
    default = _domain(whole).default
    assert default is not None
    assert default.targets == (Target(kind="fail", value="No Such User Here"),)
    assert default.place == "va/example.com:18"
    assert [
        [(t.kind, t.value) for t in domain.default.targets] if domain.default else []
        for domain in (_domain(whole, "addon.example"), _domain(whole, "alias.example"))
    ] == [[("account", "acct")], [("blackhole", "")]]
    assert _domain(whole, "shop.example.com").default is None


def test_forwarders(whole: Inventory) -> None:
    domain = _domain(whole)
    assert _targets(domain, "sales@example.com") == [
        ("address", "info@example.com"),
        ("address", "Partner@other.example"),
    ]
    assert _targets(domain, "web@example.com") == [("account", "acct")]
    assert _targets(domain, "drop@example.com") == [("blackhole", "")]
    assert _targets(domain, "null@example.com") == [("blackhole", "")]
    assert _targets(domain, "old@example.com") == [("fail", "This address was closed, for good")]
    assert _targets(domain, "later@example.com") == [("defer", "come back, later")]
    assert _targets(domain, "stay@example.com") == [("address", "info@example.com")]
    # A mailbox with a forwarder has both.
    assert _targets(domain, "info@example.com") == [("address", "boss@other.example")]
    assert _box(whole, "info@example.com").stores
    command = '/home/acct/bin/ticket.php --queue "new, urgent"'
    assert _targets(domain, "hook@example.com") == [("pipe", command)]
    assert [(one.grade, one.text) for one in _said(whole, "pipe-refused")] == [("refused", command)]
    assert _targets(domain, "ann@example.com") == []
    assert [one.address for one in _said(whole, "self-forward")] == ["ann@example.com"]


def test_a_list_is_no_forwarder_and_keeps_its_members(whole: Inventory) -> None:
    domain = _domain(whole)
    for address in ("news", "news-admin", "owner-news"):
        assert _targets(domain, f"{address}@example.com") == []
    (one,) = domain.lists
    assert one.address == "news@example.com"
    assert one.members == ("ann@far.example", "Bob@far.example")
    assert one.owners == ("boss@example.com",)
    assert one.archive_octets == 321
    assert dict(one.settings)["real_name"] == "News"
    assert _said(whole, "list-becomes-forwarder")[0].address == "news@example.com"


def test_a_list_without_its_file_is_said(tmp_path: Path) -> None:
    account = everything()
    account.take("mm")
    assert [one.address for one in _said(_read(account, tmp_path), "list-missing")] == [
        "news@example.com"
    ]


def test_a_list_that_is_a_trap_is_refused_and_nothing_of_it_runs(tmp_path: Path) -> None:
    account = everything()
    mark = tmp_path / "ran"
    command = f"touch {mark}"
    account.put("mm/news_example.com/config.pck", f"cos\nsystem\n(S'{command}'\ntR.".encode())
    found = _read(account, tmp_path)
    assert _domain(found).lists == ()
    assert len(_said(found, "list-unreadable")) == 1
    assert not mark.exists()


def test_automatic_answers(whole: Inventory) -> None:
    answers = {one.address: one for one in _domain(whole).autoresponders}
    assert sorted(answers) == ["away@example.com", "both@example.com", "info@example.com"]
    away = answers["away@example.com"]
    assert (away.subject, away.from_name, away.html) == ("Re: %subject%", "Info Desk", False)
    assert away.body == "Wir sind zurück am Montag.\n"
    assert (away.interval, away.ends) == (8 * 3600, None)
    assert away.starts == dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert _targets(_domain(whole), "both@example.com") == [("address", "x@other.example")]
    assert [one.address for one in _said(whole, "autoresponder-missing")] == ["gone@example.com"]
    assert [one.place[-16:] for one in _said(whole, "autoresponder-leftover")] == [
        "left@example.com"
    ]


@pytest.mark.parametrize(
    ("file", "settings", "code"),
    [
        (b"<p>\xfcber", None, "autoresponder-interval"),
        (b"Content-Type: text/html; charset=iso-8859-1\n\n<p>\xfcber", "interval=2\nstop: 99", ""),
        (b"Content-Type: text/html; charset=klingon\n\n<p>\xfcber", "{]", "autoresponder-settings"),
    ],
)
def test_odd_automatic_answers(
    file: bytes, settings: str | None, code: str, tmp_path: Path
) -> None:
    account = everything()
    account.put("homedir/.autorespond/away@example.com", file)
    account.take("homedir/.autorespond/away@example.com.json")
    if settings is not None:
        account.put("homedir/.autorespond/away@example.com.conf", settings)
    found = _read(account, tmp_path)
    away = next(one for one in _domain(found).autoresponders if one.address.startswith("away"))
    assert away.body == "<p>über"
    assert away.interval == (2 if settings == "interval=2\nstop: 99" else 8) * 3600
    if code:
        assert [one.address for one in _said(found, code)] == ["away@example.com"]
    else:
        assert away.ends == dt.datetime.fromtimestamp(99, dt.UTC)


def test_mailboxes_with_their_hashes_and_locks(whole: Inventory) -> None:
    found = {
        box.address: (box.secret, box.login_suspended, box.quota, box.receiving_suspended)
        for box in whole.mailboxes()
    }
    assert found == {
        "acct@example.com": (HASHES["6"], False, 0, False),
        "ann@example.com": (HASHES["1"], False, 0, False),
        "bob@example.com": (HASHES["5"], True, 0, False),
        "cid@example.com": ("", True, 0, False),
        "dan@example.com": (HASHES["2y"], True, 0, False),
        "eve@example.com": ("", False, 0, True),
        "far@remote.example": (HASHES["des"], False, 0, False),
        "info@example.com": (HASHES["6"], False, 262_144_000, False),
        "left@example.com": ("", False, 0, False),
        "shop@shop.example.com": (HASHES["y"], False, 0, False),
    }
    assert [one.address for one in _said(whole, "hash-unknown")] == ["eve@example.com"]
    assert [one.address for one in _said(whole, "store-without-mailbox")] == ["left@example.com"]
    assert "weird" not in repr(whole.remarks)


def test_of_a_suspended_account_the_mailboxes_are_not_locked_one_by_one(tmp_path: Path) -> None:
    account = everything()
    account.put("suspended/acct", "did not pay\n")
    account.put("shadow", "*LOCKED*" + HASHES["6"])
    found = _read(account, tmp_path)
    assert (found.suspended, found.suspended_words) == (True, "did not pay")
    assert not _box(found, "dan@example.com").login_suspended
    assert _box(found, "bob@example.com").login_suspended
    assert _box(found, "acct@example.com").secret == HASHES["6"]


def test_the_three_files_of_mailboxes_may_differ(tmp_path: Path) -> None:
    account = everything()
    account.add("homedir/etc/example.com/passwd", "new:x:1:1::/home/acct/mail/x/new:/home/acct")
    account.add("homedir/etc/example.com/shadow", f"old:{HASHES['6']}:1::")
    account.add("homedir/etc/example.com/quota", "nobody:5")
    account.add("homedir/etc/example.com/quota", "info:lots")
    account.add("homedir/etc/example.com/passwd", "nonsense")
    account.add("homedir/etc/example.com/passwd", "a+b:x:1:1::/home/acct/mail/example.com/a+b:/h")
    found = _read(account, tmp_path)
    codes = {
        code: [one.address or one.text for one in _said(found, code)]
        for code in (
            "no-password",
            "only-in-shadow",
            "quota-leftover",
            "quota-line",
            "passwd-line",
            "home-elsewhere",
            "address-invalid",
        )
    }
    assert codes == {
        "no-password": ["new@example.com"],
        "only-in-shadow": ["old@example.com"],
        "quota-leftover": ["nobody"],
        "quota-line": ["info:lots"],
        "passwd-line": ["nonsense"],
        "home-elsewhere": ["new@example.com"],
        "address-invalid": ["a+b"],
    }


def test_the_account_s_own_mailbox(whole: Inventory, tmp_path: Path) -> None:
    own = _box(whole, "acct@example.com")
    assert (own.login, own.stores[0].messages, own.stores[0].folders) == ("acct", 3, ("Sent",))
    account = everything()
    account.mailbox("acct@example.com", secret=HASHES["1"])
    account.put("shadow", f"acct:{HASHES['6']}:19700::::::\n")
    both = _box(_read(account, tmp_path), "acct@example.com")
    assert (both.secret, both.login) == (HASHES["1"], "acct")
    assert [store.messages for store in both.stores] == [2, 3]


def test_mail_is_counted_by_mailbox(whole: Inventory) -> None:
    (store,) = _box(whole, "info@example.com").stores
    assert (store.kind, store.messages, store.octets) == ("maildir", 4, 350)
    assert (store.folders, store.names) == (("Archive/2023", "Sent"), "mutf-7")
    assert not store.compressed


def test_filters_come_as_text_and_as_the_panel_shows_them(whole: Inventory) -> None:
    for found in (_domain(whole).filter, _box(whole, "info@example.com").filter):
        assert found is not None
        assert found.text.strip() == FILTER.strip()
        assert [(rule.name, rule.enabled) for rule in found.rules] == [
            ("invoices", True),
            ("off", False),
        ]
        assert found.rules[0].tests[0] == PanelTest(
            part="$header_subject:", match="contains", value="invoice", join="and"
        )
        assert found.rules[0].actions[0].dest == "$home/mail/example.com/info/.Invoices"
        assert found.rules[1].tests[0].value == "007"
    assert _box(whole, "eve@example.com").filter is None


def test_spam_that_was_deleted_by_score_is_a_wish_and_no_filter(whole: Inventory) -> None:
    domain = _domain(whole)
    assert domain.filter is not None and "SpamAssassin" not in domain.filter.text
    spam = domain.spam
    assert spam is not None
    assert (spam.enabled, spam.to_folder, spam.score, spam.delete_above) == (True, False, 4.5, 8.0)
    assert spam.allow == ("*@good.example", "a@b.example")
    assert spam.deny == ("*@bad.example",)
    grades = [_said(whole, f"spam-{what}")[0].grade for what in ("subject", "test-score", "line")]
    assert grades == ["differs", "differs", "unknown"]


def test_a_panel_s_filter_that_is_not_understood_is_said(tmp_path: Path) -> None:
    account = everything()
    account.put("homedir/.cpanel/filter.yaml", "filter:\n  - 5\n  - filtername: x\n")
    bomb = "a: &a [x,x]\nb: &b [*a,*a]\nfilter: [*b]\n"
    account.put("homedir/etc/example.com/info/filter.yaml", bomb)
    found = _read(account, tmp_path)
    assert len(_said(found, "filter-yaml")) == 2
    domain = _domain(found)
    assert domain.filter is not None and [rule.name for rule in domain.filter.rules] == ["x"]


def test_address_books(whole: Inventory, tmp_path: Path) -> None:
    books = {
        box.address: [contact.emails for contact in box.webmail.contacts]
        for box in whole.mailboxes()
        if box.webmail is not None
    }
    assert books == {
        "info@example.com": [("ann@far.example",)],
        "acct@example.com": [("bob@far.example",)],
    }
    account = everything()
    etc = "homedir/etc/example.com"
    account.take(f"{etc}/info.rcube.db")
    account.address_book(f"{etc}/info.rcube.db.1700000001", "info@example.com", "one@far.example")
    account.address_book(f"{etc}/info.rcube.db.1700000002", "info@example.com", "two@far.example")
    newest = _box(read(account.archive(tmp_path)), "info@example.com").webmail
    account.links[f"{etc}/info.rcube.db.latest"] = "/home/acct/etc/info.rcube.db.1700000001"
    named = _box(read(account.archive(tmp_path)), "info@example.com").webmail
    assert newest is not None and newest.contacts[0].emails == ("two@far.example",)
    assert named is not None and named.contacts[0].emails == ("one@far.example",)


def test_what_else_a_domain_has(whole: Inventory) -> None:
    domain = _domain(whole)
    assert domain.dkim[0].selector == "default"
    assert domain.dkim[0].private_key.startswith("-----BEGIN RSA PRIVATE KEY-----\n")
    assert domain.zone.startswith("$TTL")
    assert domain.certificate
    assert domain.boxtrapper == ("info@example.com", "trap@example.com")
    assert len(_said(whole, "boxtrapper")) == 2
    assert len(_said(whole, "calendars")) == 1


def test_what_nobody_understands_is_said_and_nothing_else(whole: Inventory) -> None:
    unknown = [one for one in whole.remarks if one.code.startswith(("unknown-file", "unknown-dir"))]
    assert sorted(one.place.rpartition("/")[2] for one in unknown) == [
        ".strange",
        "news-of-tomorrow",
    ]


@pytest.mark.parametrize(
    "path",
    [
        "homedir/etc/example.com/strange",
        "homedir/etc/example.com/info/strange",
        "homedir/mail/strange",
        "homedir/mail/example.com/strange",
        "homedir/mail/example.com/info/strange",
        "homedir/mail/example.com/info/.Sieve/strange",
        "homedir/.spamassassin/strange",
        "homedir/.cpanel/filter.strange",
        "va/strange",
        "cp/strange",
        "domainkeys/strange/x",
        "brand_new_directory/x",
    ],
)
def test_a_file_that_nobody_knows_is_said_wherever_it_lies(
    path: str, whole: Inventory, tmp_path: Path
) -> None:
    account = everything()
    account.put(path, "?")
    after = {one.place for one in _read(account, tmp_path).remarks}
    (new,) = after - {one.place for one in whole.remarks}
    assert new in path


def test_an_archive_without_its_home_is_no_empty_success(tmp_path: Path) -> None:
    account = everything()
    account.take("homedir")
    found = _read(account, tmp_path)
    assert found.mail_missing
    assert [one.grade for one in _said(found, "home-missing")] == ["refused"]
    account = everything()
    account.take("homedir/mail")
    assert _read(account, tmp_path / "mail").mail_missing
    account.take("homedir")
    account.put("homedir.tar", "x")
    assert _said(_read(account, tmp_path / "packed"), "home-packed")


def test_an_inventory_can_be_written_down_whatever_names_are_in_it(tmp_path: Path) -> None:
    account = everything()
    account.message("homedir/mail/example.com/info", ".\udcfcber")
    account.put("va/odd\udcfc.example", "*: x\n")
    account.put("homedir/.od\udcfcd", "?")
    found = read(account.archive(tmp_path))
    text = msgspec.json.encode(found, enc_hook=str)
    assert b"\xef\xbf\xbd" in text
    assert len(_said(found, "folder-name")) == 1


def test_an_account_that_is_no_such_thing_is_refused(tmp_path: Path) -> None:
    for name in ("version", "cp/acct", "va/example.com"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
    with pytest.raises(Refusal, match="no account of cPanel"):
        read(tmp_path / "va")
    account = everything()
    account.take("cp")
    with pytest.raises(Refusal, match="of which account"):
        read(account.unpacked(tmp_path / "a"))
    account = everything()
    account.put("cp/acct", "USER=acct\n")
    account.take("userdata")
    with pytest.raises(Refusal, match="main one"):
        read(account.unpacked(tmp_path / "b"))
    with pytest.raises(Refusal, match="not of 'other'"):
        read(everything().unpacked(tmp_path / "c"), "other")


def test_a_domain_without_a_compiled_filter_had_none(whole: Inventory, tmp_path: Path) -> None:
    assert [domain.name for domain in whole.domains if domain.filter] == ["example.com"]
    account = everything()
    account.take("vf")
    found = _read(account, tmp_path)
    assert all(domain.filter is not None for domain in found.domains)
    assert {domain.filter.text for domain in found.domains if domain.filter} == {""}


def test_an_archive_of_two_accounts_asks(tmp_path: Path) -> None:
    account = everything()
    account.put("meta/user", "acct\n")
    assert _said(_read(account, tmp_path / "a"), "account-differs") == []
    account.put("meta/user", "other\n")
    assert [one.grade for one in _said(_read(account, tmp_path / "b"), "account-differs")] == [
        "asks"
    ]


def test_lists_of_a_suspended_account_lie_elsewhere(tmp_path: Path) -> None:
    account = everything()
    config = "news_example.com/config.pck"
    account.put(f"suspended.lists/{config}", account.files[f"mm/{config}"])
    account.put("suspended.lists/news_example.com/en/options.html", "x")
    account.take("mm")
    found = _read(account, tmp_path)
    assert [one.members for one in _domain(found).lists] == [("ann@far.example", "Bob@far.example")]
    assert [one for one in found.remarks if "suspended.lists" in one.place] == [
        *_said(found, "list-becomes-forwarder")
    ]
