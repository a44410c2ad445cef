"""Where the parts of an account lie on a live cPanel server, under the names of an archive."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Protocol

import yaml

from mailstead.foreign.archive import DirectoryTree
from mailstead.foreign.notes import decoded
from mailstead.standards.refusal import Refusal

_MAILMAN = "usr/local/cpanel/3rdparty/mailman"
_BY_DOMAIN = {
    "va/{}": "etc/valiases/{}",
    "vad/{}": "etc/vdomainaliases/{}",
    "vf/{}": "etc/vfilters/{}",
    "dnszones/{}.db": "var/named/{}.db",
    "domainkeys/private/{}": "var/cpanel/domain_keys/private/{}",
    "domainkeys/public/{}": "var/cpanel/domain_keys/public/{}",
    "apache_tls/{}": "var/cpanel/ssl/apache_tls/{}",
}
_BY_ACCOUNT = {
    "cp/{}": "var/cpanel/users/{}",
    "userdata/main": "var/cpanel/userdata/{}/main",
    "suspended/{}": "var/cpanel/suspended/{}",
    "suspended/{}.lock": "var/cpanel/suspended/{}.lock",
    "suspendinfo/{}": "var/cpanel/suspendinfo/{}",
    "shadow": "etc/shadow",
    "outgoing/suspended": "etc/outgoing_mail_suspended_users",
    "outgoing/held": "etc/outgoing_mail_hold_users",
}


class _Texts(Protocol):
    def at(self, *parts: str) -> str: ...

    def text(self, path: str) -> str: ...


def live_mounts(root: Path, account: str) -> dict[str, str]:
    """Where each file of the account is; only what exists is named."""
    tree = DirectoryTree(root)
    home = _home(tree, account)
    mounts = {name.format(account): place.format(account) for name, place in _BY_ACCOUNT.items()}
    for domain in _domains(tree, account, home):
        mounts |= {name.format(domain): place.format(domain) for name, place in _BY_DOMAIN.items()}
        mounts |= _lists(tree, domain)
    mounts = {name: place for name, place in mounts.items() if os.path.lexists(root / place)}
    return {**mounts, "homedir": home}


def homes(texts: _Texts, account: str) -> list[str]:
    """Absolute homes on the old server, as the archive says (`homedir_paths`)."""
    found = [line.strip() for line in texts.text(texts.at("homedir_paths")).splitlines()]
    return [path for path in found if re.fullmatch(r"(/[A-Za-z0-9_.-]+)+", path)] or [
        f"/home/{account}"
    ]


def _home(tree: DirectoryTree, account: str) -> str:
    try:
        users = decoded(tree.read("etc/passwd", 16 * 2**20))
    except Refusal:
        users = ""
    found = re.search(rf"^{re.escape(account)}:(?:[^:\n]*:){{4}}/([^:\n]+):", users, re.M)
    return found[1].strip("/") if found and ".." not in found[1] else f"home/{account}"


def _domains(tree: DirectoryTree, account: str, home: str) -> set[str]:
    """All that the account's files name; which of them count is the reader's to say."""
    found: set[str] = set()
    for path in (f"var/cpanel/users/{account}", f"var/cpanel/userdata/{account}/main"):
        try:
            text = decoded(tree.read(path))
        except Refusal:
            continue
        if path.endswith("/main"):
            found |= _named(text)
        else:
            found |= set(re.findall(r"^X?DNS\d*=(\S+)$", text, re.M))
    with DirectoryTree(tree.root / home) as at_home:
        for place in ("etc", "mail"):
            found |= {one.name for one in at_home.children(place) if one.kind == "directory"}
    names = {name.lower() for name in found}
    return {name for name in names if re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", name)}


def _named(text: str) -> set[str]:
    try:
        main = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        return set()
    if not isinstance(main, dict):
        return set()
    found = {main.get("main_domain")}
    for key in ("addon_domains", "parked_domains", "sub_domains"):
        found |= set(main[key]) if isinstance(main.get(key), (dict, list)) else set()
    return {name for name in found if isinstance(name, str)}


def _lists(tree: DirectoryTree, domain: str) -> dict[str, str]:
    mounts = {}
    for one in tree.children(f"{_MAILMAN}/lists"):
        if one.name.endswith(f"_{domain}"):
            mounts[f"mm/{one.name}"] = one.path
            for kind, short in (("private", "priv"), ("public", "pub")):
                mounts[f"mma/{short}/{one.name}.mbox"] = (
                    f"{_MAILMAN}/archives/{kind}/{one.name}.mbox"
                )
    return mounts
