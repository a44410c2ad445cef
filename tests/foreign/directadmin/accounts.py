"""An account of DirectAdmin with everything in it, as a backup and as a live server has it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote_plus

from tests.foreign.tars import packed, tar, unpacked, write

HASH = "$6$Zq3xYb1c$" + "a" * 86
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n"
TEXT = b"From: a@x.example\nSubject: Hi\n\nHello\n"
SPAM_FILTER = """# Exim filter
if $h_X-Spam-Status: contains "Yes,"
then
 save "/home/acct/imap/$domain/$local_part/Maildir/.Junk/new/" 660
 finish
endif
"""
SIEVE = 'require ["fileinto"];\nfileinto "Old";\n'

Files = dict[str, str | bytes]


def user(name: str, *contacts: str) -> str:
    people = "".join(
        f"<CONTACT><EMAIL>{quote_plus(one)}</EMAIL><NAME>{quote_plus(one.partition('@')[0])}</NAME>"
        "</CONTACT>"
        for one in contacts
    )
    return (
        f"<EMAIL><USERNAME>{quote_plus(name)}</USERNAME><LANGUAGE>en_US</LANGUAGE>"
        f"<CONTACTS>{people}</CONTACTS></EMAIL>"
    )


def roundcube(*users: str) -> str:
    return f"<ROUNDCUBE>{''.join(users)}</ROUNDCUBE>"


def whole() -> Files:
    """The settings of a backup with every row of the facts; paths as in the archive."""
    main = "backup/example.com"
    mail = f"{main}/email"
    return {
        "backup/user.conf": "username=acct\ndomain=example.com\ncreator=admin\n"
        "email=me@other.example, too@other.example\npackage=std\nquota=5120\nbandwidth=unlimited\n"
        "nemails=50\nnemailf=unlimited\nnemailr=10\nnemailml=5\nsuspended=no\nip=192.0.2.1\n",
        "backup/.shadow": HASH + "\n",
        "backup/backup_options.list": "domain\nsubdomain\nemail\nemail_data\nemailsettings\n"
        "forwarder\nautoresponder\nvacation\nlist\nftp\n",
        "backup/user.usage": "db=1\n",
        "backup/acct_shop.sql": "CREATE TABLE x (y int);",
        f"{main}/domain.conf": "domain=example.com\nactive=yes\nsuspended=no\nlocal_domain=1\n"
        "defaultdomain=yes\n",
        f"{main}/domain.pointers": "alias.example=alias\npointer.example=pointer\n"
        "newer.example=type=alias&extra=1\n",
        f"{main}/example.com.db": "$TTL 14400\n@ IN SOA ns1.old.example. x. (1 2 3 4 5)\n",
        f"{main}/domain.cert": "-----BEGIN CERTIFICATE-----\n",
        f"{mail}/passwd": f"info:{HASH}\nsales:!{HASH}\nold:$1$abc${'b' * 22}\n",
        f"{mail}/quota": "info:52428800\nsales:0\ngone:1000000\n*:104857600\n",
        f"{mail}/aliases": "acct:acct\nsales:info@example.com,Partner@other.example\n"
        "drop::blackhole:\nshut: :fail: Moved, ask us\nhook:\"|/home/acct/t.php a,b\"\n"
        "team:info,sales,acct\n*: info@example.com\n",
        f"{mail}/email.conf": "catchall=info@example.com\n",
        f"{mail}/autoresponder.conf": "away: boss@example.com\nquiet:\n",
        f"{mail}/vacation.conf": "info: endday=15&endmonth=08&endtime=evening&endyear=2026"
        "&startday=01&startmonth=08&starttime=morning&startyear=2026\n",
        f"{mail}/reply/away.msg": "We are closed.\nÄ\n",
        f"{mail}/reply/away.subject": "Away\n",
        f"{mail}/reply/away.once_time": "1h30m",
        f"{mail}/reply/away.headers": "MIME-Version: 1.0\nContent-Type: text/html; charset=UTF-8\n",
        f"{mail}/reply/away.once": b"\x00db",
        f"{mail}/reply/quiet.msg": b"Hush" + b" \xe4",
        f"{mail}/reply/quiet.headers": "Content-Type: text/plain; charset=iso-8859-1\n",
        f"{mail}/reply/info.msg": "On holiday",
        f"{mail}/reply/left.msg": "Off",
        f"{mail}/filter": SPAM_FILTER,
        f"{mail}/filter.conf": "high_score=15\nhigh_score_block=yes\nwhere=userspamfolder\n",
        f"{mail}/majordomo/list.aliases": "news: \"|/usr/local/majordomo/wrapper resend\"\n"
        "owner-news: boss@example.com\n",
        f"{mail}/majordomo/private.aliases": "news-owner: acct\n",
        f"{mail}/majordomo/lists/news": "ann@x.example\nBob <bob@y.example>\n\n",
        f"{mail}/majordomo/lists/news.config": "admin_passwd = secret\nmoderate = no\n"
        "message_footer << END\nBye\nand = thanks\nEND\nsubject_prefix = [news]\n",
        f"{mail}/data/roundcube.xml": roundcube(
            user("info@example.com", "ann@x.example"), user("acct", "cy@x.example")
        ),
        f"{mail}/data/limit/info": "200",
        f"{mail}/data/limit/sales": "0",
        f"{mail}/data/imap/.direct_imap_backup": "num_emails=3\n",
        "backup/extra.example/domain.conf": "domain=extra.example\nactive=yes\nlocal_domain=0\n",
        "backup/extra.example/email/passwd": f"info:{HASH}\n",
        "backup/extra.example/email/aliases": "acct: acct\n*: :fail:\n",
        "backup/extra.example/email/data/imap/.direct_imap_backup": "num_emails=0\n",
        "backup/extra.example/email/data/roundcube.xml": roundcube(user("acct", "cy@x.example")),
        "domains/example.com/public_html/index.html": "<p>",
    }  # fmt: skip


def mail() -> Files:
    """Mail of the backup, below `imap`."""
    info = "imap/example.com/info"
    return {
        f"{info}/Maildir/cur/1.a,S={len(TEXT)}:2,S": TEXT,
        f"{info}/Maildir/new/2.b": TEXT,
        f"{info}/Maildir/.Entw&APw-rfe/cur/3.c:2,": TEXT,
        f"{info}/Maildir/.A.B/cur/4.d:2,": b"\x1f\x8b\x08\x00packed",
        f"{info}/Maildir/subscriptions": "Entw&APw-rfe\n",
        f"{info}/Maildir/dovecot-uidlist": "3 V1 N5 G0\n",
        f"{info}/sieve/main.sieve": SIEVE,
        f"{info}/sieve/spare.sieve": "keep;\n",
        f"{info}/.dovecot.sieve": SIEVE,
        f"{info}/.dovecot.svbin": b"\x00",
        "imap/example.com/left/Maildir/cur/5.e:2,": TEXT,
        "imap/example.com/empty/Maildir/maildirsize": "0S\n",
    }


def home() -> Files:
    """What is in the home besides."""
    return {
        "Maildir/cur/9.z:2,S": TEXT,
        ".spamassassin/user_prefs": "required_hits 6.5\nwhitelist_from *@good.example\n"
        "blacklist_from bad@x.example *@worse.example\nrewrite_header subject *****SPAM*****\n",
        ".forward": "acct, boss@other.example\n",
        ".bashrc": "exit\n",
    }


def octets(files: Files) -> list[tuple[str, bytes]]:
    return [
        (path, data.encode() if isinstance(data, str) else data) for path, data in files.items()
    ]


def archive(
    folder: Path, files: Files, inside: Files | None, outer: str = "gz", inner: str = "zst"
) -> Path:
    """A backup; `inside` goes into the home's own archive."""
    parts = octets(files)
    if inside is not None:
        parts.append((f"backup/home.tar.{inner}", packed(tar(octets(inside)), inner)))
    return write(folder, tar(parts), outer, "user.admin.acct")


def directory(folder: Path, files: Files, inside: Files) -> Path:
    """The same, unpacked."""
    unpacked(octets(files), folder)
    unpacked(octets({f"backup/home/{path}": data for path, data in inside.items()}), folder)
    return folder


def server(root: Path, files: Files, inside: Files) -> Path:
    """The same account where a live server has it."""
    data = "usr/local/directadmin/data/users/acct"
    moved: Files = {
        "etc/passwd": "root:x:0:0::/root:/bin/sh\nacct:x:1001:1001::/home2/acct:/bin/sh\n",
        "etc/shadow": f"root:*:1::::::\nacct:{HASH}:19700::::::\n",
        "etc/virtual/example.com/dkim.private.key": KEY,
        f"{data}/domains.list": "example.com\nextra.example\n",
    }
    for path, content in files.items():
        parts = path.split("/")
        if path == "backup/user.conf":
            moved[f"{data}/user.conf"] = content
        elif parts[0] == "imap":
            moved[f"home2/acct/{path}"] = content
        elif len(parts) == 3 and parts[2].startswith("domain."):
            moved[f"{data}/domains/{parts[1]}.{parts[2].partition('.')[2]}"] = content
        elif len(parts) == 3 and parts[2].endswith(".db"):
            moved[f"var/named/{parts[2]}"] = content
        elif len(parts) > 3 and parts[2] == "email" and parts[3] not in ("data", "email.conf"):
            moved["/".join(["etc/virtual", parts[1], *parts[3:]])] = content
    passwd = "etc/virtual/example.com/passwd"
    moved[passwd] = "".join(
        f"{line}:1003:8::/home2/acct/imap/example.com/{line.partition(':')[0]}:/bin/false\n"
        for line in str(moved[passwd]).splitlines()
    )
    moved |= {f"home2/acct/{path}": content for path, content in inside.items()}
    unpacked(octets(moved), root)
    return root
