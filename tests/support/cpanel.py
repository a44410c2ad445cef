"""An account of cPanel, made file by file, as an archive, unpacked, or on a live server.

`cpanel_account.everything()` makes one with all that the reader knows.
"""

from __future__ import annotations

import io
import re
import sqlite3
import struct
import tarfile
import tempfile
from pathlib import Path

from tests.foreign.tars import info, packed

PASSWORD = "correct horse"
HASHES = {
    "6": "$6$abcdefgh$yIZAF3gQPvtKZO/9qOJKffAKKbtS3ef3qmwyugk4uWVjX8YZf/GV3A8SkFxEPY0T56CcilGrHKLff"
    "Bsp6dLMG.",
    "5": "$5$abcdefgh$ruMep1ijHnJPZbETDNiumskxcX3kN4lzZd5VlsqE7eB",
    "1": "$1$abcdefgh$y6iHhJNbuC0xpbk0w9pm80",
    "2y": "$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2",
    "y": "$y$j9T$abcdefghijklmnop$0Hi8KsZH/hAMRN9Bam6ce3nmi5QAIz3R/KeaXG/c7p9",
    "des": "abhfCpXqd4GrI",
}
"""Of `PASSWORD`, made by crypt(3)."""

_LIVE = (
    (r"cp/(.*)", r"var/cpanel/users/\1"),
    (r"userdata/(.*)", r"var/cpanel/userdata/acct/\1"),
    (r"va/(.*)", r"etc/valiases/\1"),
    (r"vad/(.*)", r"etc/vdomainaliases/\1"),
    (r"vf/(.*)", r"etc/vfilters/\1"),
    (r"dnszones/(.*)", r"var/named/\1"),
    (r"domainkeys/(.*)", r"var/cpanel/domain_keys/\1"),
    (r"apache_tls/(.*)", r"var/cpanel/ssl/apache_tls/\1"),
    (r"suspended/(.*)", r"var/cpanel/suspended/\1"),
    (r"mm/(.*)", r"usr/local/cpanel/3rdparty/mailman/lists/\1"),
    (r"mma/priv/(.*)", r"usr/local/cpanel/3rdparty/mailman/archives/private/\1"),
    (r"homedir/(.*)", r"home/acct/\1"),
)


class Account:
    """Files by their path in the archive; `homedir/…` is the home."""

    def __init__(self, name: str = "acct", domain: str = "example.com") -> None:
        self.name, self.domain = name, domain
        self.files: dict[str, bytes] = {}
        self.links: dict[str, str] = {}
        self.uid = 0
        self.put("version", "pkgacct version: 10\narchive version: 4\n")
        self.put("homedir_paths", f"/home/{name}\n")
        self.put("shadow", HASHES["6"])
        self.put(f"cp/{name}", f"# cPanel\nUSER={name}\nDNS={domain}\nPLAN=std\nOWNER=root\n")
        for part in ("cur", "new", "tmp"):
            self.put(f"homedir/mail/{part}/.keep", "")

    def put(self, path: str, data: str | bytes) -> None:
        """Write a file."""
        self.files[path] = data.encode() if isinstance(data, str) else data

    def add(self, path: str, line: str) -> None:
        """Write one more line into a file."""
        self.put(path, self.files.get(path, b"") + line.encode() + b"\n")

    def take(self, path: str) -> None:
        """Remove a file, or all files of a directory."""
        for name in [one for one in self.files if one == path or one.startswith(path + "/")]:
            del self.files[name]

    def mailbox(
        self, address: str, *, secret: str = HASHES["6"], quota: int | None = None, mail: int = 2
    ) -> str:
        """A mailbox with messages; its store's path."""
        local, _, domain = address.partition("@")
        etc, store = f"homedir/etc/{domain}", f"homedir/mail/{domain}/{local}"
        home = f"/home/{self.name}"
        self.add(f"{etc}/passwd", f"{local}:x:1003:1005::{home}/mail/{domain}/{local}:{home}")
        self.add(f"{etc}/shadow", f"{local}:{secret}:19700::::::")
        if quota is not None:
            self.add(f"{etc}/quota", f"{local}:{quota}")
        for _ in range(mail):
            self.message(store)
        return store

    def message(self, store: str, folder: str = "", flags: str = "S", octets: int = 100) -> str:
        """A message in a folder (`.Sent`); its path."""
        self.uid += 1
        text = f"From: ann@far.example\nSubject: {self.uid}\n\n".encode().ljust(octets, b"x")
        name = f"{1_700_000_000 + self.uid}.M{self.uid}P1.old,S={octets}:2,{flags}"
        path = "/".join(part for part in (store, folder, "cur", name) if part)
        self.put(path, text)
        return path

    def address_book(self, path: str, user: str, *contacts: str) -> None:
        """A Roundcube database of one user."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "db"
            with sqlite3.connect(file) as db:
                db.executescript(
                    "CREATE TABLE users (user_id integer PRIMARY KEY, username text,"
                    " mail_host text, language text, preferences text);"
                    "CREATE TABLE contacts (contact_id integer PRIMARY KEY, user_id integer,"
                    " changed text, del integer, name text, email text, firstname text,"
                    " surname text, vcard text, words text);"
                )
                db.execute("INSERT INTO users VALUES (1, ?, 'localhost', 'de_DE', '')", (user,))
                for email in contacts:
                    db.execute(
                        "INSERT INTO contacts VALUES (NULL, 1, '', 0, ?, ?, '', '', '', '')",
                        (email.partition("@")[0], email),
                    )
            db.close()
            self.put(path, file.read_bytes())

    def archive(
        self,
        folder: Path,
        how: str = "gz",
        *,
        wrapper: str = "cpmove-acct",
        home: str | None = None,
    ) -> Path:
        """The archive's file; `home`: how the home is packed inside (None: it is a directory)."""
        outside = dict(self.files)
        inside: dict[str, bytes] = {}
        if home is not None:
            inside = {path: outside.pop(path) for path in self.files if path.startswith("homedir/")}
        ending = f".{how}" if how else ""
        path = folder / f"{wrapper}.tar{ending}"
        data = _tar(
            {f"{wrapper}/{name}": data for name, data in outside.items()}
            | (
                {
                    f"{wrapper}/homedir.tar{'.' + home if home else ''}": packed(
                        _tar({f"./{name[8:]}": data for name, data in inside.items()}), home
                    )
                }
                if home is not None
                else {}
            ),
            {f"{wrapper}/{name}": target for name, target in self.links.items()},
        )
        path.write_bytes(packed(data, how))
        return path

    def unpacked(self, folder: Path, wrapper: str = "cpmove-acct") -> Path:
        """The archive's directory."""
        return self._written(folder / wrapper, {name: name for name in self.files | self.links})

    def live(self, folder: Path) -> Path:
        """A server's root with the account on it."""
        places = {}
        for name in self.files | self.links:
            for pattern, place in _LIVE:
                if re.fullmatch(pattern, name):
                    places[name] = re.sub(f"^{pattern}$", place, name)
        root = self._written(folder / "root", places)
        (root / "etc").mkdir(exist_ok=True)
        system = "root:*:1::::::\n"
        (root / "etc/shadow").write_text(
            f"{system}{self.name}:{self.files['shadow'].decode()}:1:\n"
        )
        (root / "etc/passwd").write_text(
            f"root:x:0:0::/root:/bin/sh\n{self.name}:x:1003:1005::/home/{self.name}:/bin/sh\n"
        )
        return root

    def _written(self, root: Path, places: dict[str, str]) -> Path:
        for name, place in places.items():
            path = root / place
            path.parent.mkdir(parents=True, exist_ok=True)
            if name in self.links:
                path.symlink_to(self.links[name])
            else:
                path.write_bytes(self.files[name])
        return root


def _tar(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    out = io.BytesIO()
    with tarfile.open(
        fileobj=out, mode="w", format=tarfile.GNU_FORMAT, errors="surrogateescape"
    ) as archive:
        for name, data in files.items():
            archive.addfile(info(name, size=len(data)), io.BytesIO(data))
        for name, target in (links or {}).items():
            archive.addfile(info(name, tarfile.SYMTYPE, target))
    return out.getvalue()


def mailman(members: list[str], **settings: object) -> bytes:
    """`config.pck` as Mailman 2.1 wrote it under Python 2, with an object of its own in it."""
    value: dict[str, object] = {
        "members": {member.lower(): 0 if member.islower() else member for member in members},
        "digest_members": {},
        "owner": ["boss@example.com"],
        "real_name": "News",
        **settings,
    }
    body = _pickled(value)[:-1]  # the map's SETITEMS; one more item comes
    thing = b"(i" + b"Mailman.Bouncer\n_BounceInfo\n" + b"}b"
    return (
        b"\x80\x01" + body + _pickled("bounce_info") + b"}(" + _pickled("x") + thing + b"u" + b"u."
    )


def _pickled(value: object) -> bytes:
    if isinstance(value, dict):
        return b"}(" + b"".join(_pickled(k) + _pickled(v) for k, v in value.items()) + b"u"
    if isinstance(value, list):
        return b"](" + b"".join(map(_pickled, value)) + b"e"
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    data = str(value).encode()
    return b"T" + struct.pack("<i", len(data)) + data
