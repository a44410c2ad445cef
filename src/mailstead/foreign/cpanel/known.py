"""What in an account has nothing to do with mail, and why; all else is said (`say_unknown`)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailstead.foreign.archive import Member
from mailstead.foreign.cpanel.domains import looks_like_domain
from mailstead.foreign.cpanel.source import Source

BESIDE_HOME = {
    r"apache_tls|ssl|sslcerts|sslkeys|has_sslstorage|autossl\.json": "certificates: made anew here",
    r"authnlinks|digestshadow|team": "log-ins of the panel",
    r"bandwidth|bandwidth_db|counters|logs|httpfiles": "statistics and logs of web sites",
    r"cron|shell|suspendinfo": "a shell's and its timed commands",
    r"customizations|locale|ips|nobodyfiles|userconfig|webcalls\.json": "the panel's own looks",
    r"dnssec_keys": "signing keys of the old server's DNS",
    r"mysql|mysql\.sql|mysql\.sql-auth\.json|mysql-timestamps|psql|psql\.sql": "web sites' data",
    r"proftpdpasswd": "log-ins for files",
    r"resellerconfig|resellerfeatures|resellerpackages": "a reseller's packages and looks",
    r"userdata": "web sites; `main` is read",
    r"homedir_paths|version|packaged_in_version|meta": "how the archive was made",
    r"domainkeys/public(/.*)?": "follows from the private key",
    r"cp|va|vad|vf|dnszones|domainkeys|domainkeys/private|suspended|mm|mma|mms|ccs|outgoing": (
        "directories of which the files are looked at"
    ),
    r"mma/.*|mms/.*": "archives and state of mailing lists; their size is told with the list",
    r"(va|vad|vf|cp)/\..*": "hidden files of an editor or a lock",
}
"""Names beside `homedir` (with all below them, if they are no directories of ours)."""

AT_HOME = {
    r"etc|mail|\.autorespond|\.spamassassin|\.cpanel": "looked at in detail",
    r"[^.].*": "web sites and files of the owner's own",
    r"\.(bash|profile|zsh|vim|lesshst|nano|wget|mysql|psql|python|node|gem|sqlite|screen).*": (
        "programs' histories and settings"
    ),
    r"\.(ssh|gnupg|gitconfig|git|svn|subversion|composer|npm|nvm|yarn|local|config|cache|pki|cargo"
    r"|rbenv|rvm|pyenv|wp-cli|drush|m2|java|vscode|cpan|perl5)": "programs' own settings",
    r"\.(htpasswds|htaccess|htaccess_stats|ftpquota|well-known|php.*|user\.ini|imunify.*|softaculous"
    r"|trash|cagefs|cl\.selector|clwpos|lsphp.*|sitepad|rvsitebuilder|wysiwygPro.*|fantasticodata"
    r"|opcache|razor|pyzor|tmp|ea-php.*|subaccounts|appdata|nodequery)": "web sites' and FTP's",
    r"\.(lastlogin|contactemail|dns|cpaddons|cpanel-datastore|cphistory|accesshash|cpanel-ducache"
    r"|gtkrc.*|my\.cnf|pgpass|forward\.bak|lang|cpsession)": "the panel's state; cp/USER says it",
    r"\.spamassassin(enable|boxenable)": "read",
}

_AT_ETC = re.compile(r"@pwcache(/.*)?|_privs\.json|.*\.lock|webdav(/.*)?|ftpquota|cacheid.*")
"""In `etc`: caches of the panel's own, and log-ins for files."""
_AT_STORE = re.compile(
    r"dovecot.*|maildir(size|folder|sizewarn.*)|subscriptions|courier.*|mailbox_format\.cpanel"
    r"|\.mailboxlist|@pwcache|inbox|storage|mailboxes|cur|new|tmp|.*\.lock|sieve"
)
"""In a mailbox's directory: what the copy of its mail looks at."""
_AT_SPAM = re.compile(r"user_prefs(\.old)?|bayes_.*|auto-whitelist.*|awl.*|sa-.*|whitelist.*")
_WEBMAIL = re.compile(r"\.(cphorde|horde|sqmaildata|squirrelmail|neomail.*)")
_MOST = 2000


def say_unknown(source: Source, domains: dict[str, str]) -> None:
    """Make a remark of each file that nobody has understood and no table here names."""
    for count, one in enumerate(_unknown(source)):
        if count == _MOST:
            words = "There are more files that are not understood."
            source.notes.add("unknown", "unknown-files", "", words)
            return
        what = (
            "directory" if one.kind == "directory" else "link" if one.kind == "symlink" else "file"
        )
        parts = one.path.split("/")
        source.notes.add(
            "unknown",
            f"unknown-{what}",
            source.place(one.path),
            f"This {what} is not understood; look whether it matters for mail.",
            domain=next((part for part in parts if part in domains), ""),
        )
    _say_calendars(source)


def _unknown(source: Source) -> Iterator[Member]:
    yield from _beside_home(source)
    if source.home:
        yield from _at_home(source)
        yield from _at_etc(source)
        yield from _at_mail(source)


def _beside_home(source: Source) -> Iterator[Member]:
    base = source.at()
    ours = re.compile("|".join(BESIDE_HOME))
    if base:
        yield from (one for one in source.tree.children() if one.path != base)
    for one in source.tree.children(base):
        name = one.name
        if name == "homedir" or re.fullmatch(r"homedir\.tar(\.gz|\.zst)?", name):
            continue
        if one.kind != "directory":
            if not source.used(one.path) and not ours.fullmatch(name):
                yield one
        elif re.fullmatch(BESIDE_HOME_READ, name):
            for inner in source.tree.members(one.path):
                inside = inner.path[len(base) :].lstrip("/")
                known = inner.kind == "directory" or source.used(inner.path)
                if not known and not ours.fullmatch(inside):
                    yield inner
        elif not ours.fullmatch(name):
            yield one


BESIDE_HOME_READ = r"cp|va|vad|vf|dnszones|domainkeys|suspended|suspended\.lists|mm|mma|mms"
"""Directories of which each file is read or said."""


def _at_home(source: Source) -> Iterator[Member]:
    known = re.compile("|".join(AT_HOME))
    for one in source.tree.children(source.home):
        if _WEBMAIL.fullmatch(one.name):
            source.notes.add(
                "refused",
                "webmail-old",
                source.place(one.path),
                "Address books of this webmail program are not read.",
            )
        elif not known.fullmatch(one.name):
            yield one
    for one in source.tree.members(source.in_home(".spamassassin")):
        if not source.used(one.path) and not _AT_SPAM.fullmatch(one.name):
            yield one
    for one in source.files(source.in_home(".cpanel")):
        if one.name.startswith("filter") and not source.used(one.path):
            yield one


def _at_etc(source: Source) -> Iterator[Member]:
    base = source.in_home("etc")
    for one in source.tree.members(base):
        inside = one.path[len(base) + 1 :]
        parts = inside.split("/")
        if any(_AT_ETC.fullmatch(part) for part in parts) or _AT_ETC.fullmatch(inside):
            continue
        # Directories of domains and, in these, of mailboxes.
        if one.kind == "directory" and len(parts) <= 2:
            continue
        if not source.used(one.path):
            yield one


def _at_mail(source: Source) -> Iterator[Member]:
    base = source.in_home("mail")
    for one in source.tree.children(base):
        if one.kind == "directory" and looks_like_domain(one.name):
            for box in source.tree.children(one.path):
                if box.kind == "directory":
                    yield from _at_store(source, source.tree.children(box.path))
                elif not _AT_STORE.fullmatch(box.name):
                    yield box
        else:
            yield from _at_store(source, iter([one]))


def _at_store(source: Source, inside: Iterator[Member]) -> Iterator[Member]:
    for one in inside:
        if _AT_STORE.fullmatch(one.name):
            continue
        # Links to mailboxes (`.info@example_com`) are the panel's; their mail lies elsewhere too.
        if one.name.startswith("."):
            if one.kind == "symlink":
                continue
            if one.kind == "directory":
                parts = {part.name for part in source.tree.children(one.path)}
                if parts & {"cur", "new", "tmp"}:
                    continue
        yield one


def _say_calendars(source: Source) -> None:
    if next(source.tree.children(source.at("ccs")), None) is not None:
        source.notes.add(
            "refused",
            "calendars",
            source.place(source.at("ccs")),
            "Calendars and address books that were synchronised are not read.",
        )
