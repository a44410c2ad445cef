"""Where DirectAdmin keeps what concerns mail, and what else lies beside it.

A backup has the roots `backup/`, `domains/` and `imap/`; the home's archive `backup/home.tar.*` is
shown as `backup/home/` (`archive.nested_home`). A live server has the same in other places, which
`live` shows under the backup's paths.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from mailstead.foreign.archive import DirectoryTree

HOME = "backup/home"
USER_CONF = "backup/user.conf"
SHADOW = "backup/.shadow"
OPTIONS = "backup/backup_options.list"
LIMIT = "backup/limit"
"""Of a live server only: messages that the account may send in a day."""
WEBMAIL = "backup/da_roundcube.sql"
"""Of a live server only: a dump of Roundcube's database, laid in its root or in root's home."""
DATA = "usr/local/directadmin/data/users"

_USER = re.compile(r"[a-z0-9_][a-z0-9._-]{0,63}")
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_DUMPS = ("da_roundcube.sql", "root/da_roundcube.sql")
_ZONES = ("var/named", "etc/bind", "var/named/chroot/var/named")

_KEPT = re.compile(
    r"backup/(?!home/)(?!.*\.sql(?:\.|$)).*"
    r"|backup/home/(?:\.forward|\.dovecot\.sieve|sieve/[^/]+|\.spamassassin/user_prefs"
    r"|\.procmailrc|Maildir/subscriptions)"
    r"|(?:backup/home/)?imap/[^/]+/[^/]+/(?:\.dovecot\.sieve|sieve/[^/]+"
    r"|\.spamassassin/user_prefs|Maildir/subscriptions)"
)

NO_MAIL: tuple[tuple[str, str], ...] = (
    (r"domains/.*", "websites"),
    (r"backup/home/.*", "the customer's own files; what concerns mail there is read by name"),
    (r"backup/user\.(usage|db|history|cpu_usage|comments)", "figures and notes about the account"),
    (r"backup/(bandwidth\.tally|bandwidth.*|disk_usage.*|login\.hist|history.*)", "figures"),
    (r"backup/(crontab|ticket|php|domain_ptr|httpd|nginx|openlitespeed)\.conf", "web and tasks"),
    (r"backup/(apache_owned_files|fpm.*|two_step_auth.*|login_keys.*|session.*)(\.list)?", "web"),
    (r"backup/(apache_owned_files|domains|skin_customizations)\.list", "lists of other files"),
    (r"backup/php/.*", "web"),
    (r"backup/[^/]+\.(sql|sql\.gz|sql\.zst)", "databases of websites"),
    (r"backup/[^/]+_[^/]+\.conf", "a website's database"),
    (r"backup/(custom|plugins|redis|git|wordpress|login_keys|skin_customizations)/.*", "web"),
    (r"backup/[^/]+/domain\.(usage|ip_list|mime\.types|custom_httpd|fpm.*|errordocs.*)", "web"),
    (r"backup/[^/]+/domain\.(handlers|hotlink.*|php.*|cust_.*|nginx.*|private_key.*)", "web"),
    (r"backup/[^/]+/domain\.(key|cacert|csr|cert\.creation_time|cert\.combined|ssl.*)", "TLS"),
    (r"backup/[^/]+/(ftp\.conf|ftp\.passwd|stats\.conf|domains\.bandwidth)", "FTP and figures"),
    (r"backup/[^/]+/subdomain.*", "websites; a subdomain of DirectAdmin has no mail"),
    (r"backup/[^/]+/[^/]+\.db\.(bak|signed|jnl)", "copies of the zone"),
    (r"backup/[^/]+/email/(usage|pop|ip|snidomains|usage\.cache|helo_data)(/.*)?", "figures"),
    (r"backup/[^/]+/email/dkim\.public\.key", "the public half of a key that is read"),
    (r"backup/[^/]+/email/dkim\.private\.key\.shared", "another server's signing"),
    (r"backup/[^/]+/email/reply/[^/]+\.(once|log|once_log|lock|dir|pag)", "who was answered"),
    (r"backup/[^/]+/email/(passwd|quota|aliases)\.(lock|bak|cache)", "copies"),
    (r"backup/[^/]+/email/majordomo/(archive|digests|lists/[^/]+\.(auto|intro|info|LOCK|new))/?.*",
     "texts and runtime of lists"),
    (r"imap/[^/]+/[^/]+/\.dovecot\.(svbin|sieve\.log|lda-dupes.*)", "Sieve's runtime"),
    (r"imap/[^/]+/[^/]+/sieve/(tmp/.*|[^/]+\.(svbin|log|err))", "Sieve's runtime"),
)  # fmt: skip
"""Files without a meaning for mail, and why; whatever else is not read is told as unknown."""
_NO_MAIL = re.compile("|".join(f"(?:{pattern})" for pattern, _ in NO_MAIL))


def no_mail(path: str) -> bool:
    """Whether a file is known to have no meaning for mail."""
    return _NO_MAIL.fullmatch(path) is not None


def keep(path: str) -> bool:
    """Whether the reader opens that file of a backup (`archive.open_tree`)."""
    return _KEPT.fullmatch(path) is not None


def domain_of(path: str) -> str:
    """The domain that a path of the backup or the mail belongs to; empty: to the account."""
    found = re.match(r"(?:backup|imap|backup/home/imap)/([^/]+\.[^/]+)/", path)
    return found[1].lower() if found and _DOMAIN.fullmatch(found[1].lower()) else ""


def accounts(root: Path) -> tuple[str, ...]:
    """The users of a live server."""
    names = (path.parent.name for path in sorted(root.glob(f"{DATA}/*/user.conf")))
    return tuple(name for name in names if _USER.fullmatch(name))


def live(root: Path, user: str) -> DirectoryTree:
    """A live server's files of one user, as a backup shows them; `root` is `/`, or a copy of it.
    `user` is one of `accounts`.
    """
    data = f"{DATA}/{user}"
    home = _home(root, user)
    mounts = {
        USER_CONF: f"{data}/user.conf",
        SHADOW: "etc/shadow",
        LIMIT: f"etc/virtual/limit_{user}",
        HOME: home,
        "imap": f"{home}/imap",
    }
    for domain in _domains(root / data):
        mounts |= {
            f"backup/{domain}/domain.conf": f"{data}/domains/{domain}.conf",
            f"backup/{domain}/domain.pointers": f"{data}/domains/{domain}.pointers",
            f"backup/{domain}/domain.cert": f"{data}/domains/{domain}.cert",
            f"backup/{domain}/email": f"etc/virtual/{domain}",
        }
        for dump in _DUMPS:
            if (root / dump).is_file():
                mounts.setdefault(WEBMAIL, dump)
        for zones in _ZONES:
            if (root / zones / f"{domain}.db").is_file():
                mounts[f"backup/{domain}/{domain}.db"] = f"{zones}/{domain}.db"
                break
    return DirectoryTree(root, mounts)


def _domains(data: Path) -> list[str]:
    """Names of the user's domains, from its list and from its directory of settings."""
    listed = [path.name.removesuffix(".conf") for path in data.glob("domains/*.conf")]
    with suppress(OSError):
        listed += (data / "domains.list").read_text("utf-8", "replace").split()
    return sorted({name for name in listed if _DOMAIN.fullmatch(name) and ".." not in name})


def _home(root: Path, user: str) -> str:
    """The user's home directory, relative to `root`."""
    try:
        lines = (root / "etc/passwd").read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        fields = line.split(":")
        if fields[0] == user and len(fields) == 7 and ".." not in fields[5]:
            return fields[5].strip("/") or f"home/{user}"
    return f"home/{user}"
