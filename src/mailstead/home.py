"""Where everything of one instance lives: one directory, the names in it, and who owns them.

Sockets live under `run/`; a unix socket's path may have 107 octets (unix(7)), so a home's own
path should stay under 60.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MAX_HOME_OCTETS = 60


@dataclass(frozen=True)
class Home:
    """The paths of an instance under its root."""

    root: Path

    @property
    def settings_file(self) -> Path:
        return self.root / "mailstead.toml"

    @property
    def secrets(self) -> Path:
        """Keys and passwords made at the first start; root only (0700)."""
        return self.root / "secrets"

    @property
    def subject_key(self) -> Path:
        """The key with which subjects are hashed, one line; every node of a company has the same.

        Read by Rspamd and by the control plane.
        """
        return self.secrets / "subject-key"

    @property
    def login_key(self) -> Path:
        """What Dovecot shows when it asks the guard about a log-in; root's and the guard's."""
        return self.secrets / "login-key"

    @property
    def login_nonce(self) -> Path:
        """With which Dovecot hashes the passwords that it tells the guard of; root's alone."""
        return self.secrets / "login-nonce"

    @property
    def doveadm_password(self) -> Path:
        """With which other nodes of ours come to this one's mailboxes; root's alone."""
        return self.secrets / "doveadm-password"

    @property
    def control(self) -> Path:
        """The control plane's own files; owned by the user `mailstead`."""
        return self.root / "control"

    @property
    def moves(self) -> Path:
        """Sources of moves: `incoming/`, where archives are put, and `staging/`, where the mail of
        an archive waits for its copy; the control plane's."""
        return self.root / "moves"

    @property
    def exports(self) -> Path:
        """Exports of customers, one directory each, until they are fetched; the control plane's."""
        return self.root / "exports"

    @property
    def control_database(self) -> Path:
        return self.control / "mailstead.db"

    @property
    def directory(self) -> Path:
        """The node's directory: written by the agent, read by Dovecot's auth workers."""
        return self.root / "directory"

    @property
    def directory_database(self) -> Path:
        return self.directory / "directory.db"

    @property
    def usage_database(self) -> Path:
        """Storage in use by mailbox, the agent's."""
        return self.root / "usage" / "usage.db"

    @property
    def event_spool(self) -> Path:
        return self.root / "agent" / "events.db"

    @property
    def postfix(self) -> Path:
        """Postfix's config_directory; `maps/` in it holds the lmdb maps."""
        return self.root / "postfix"

    @property
    def maps(self) -> Path:
        return self.postfix / "maps"

    @property
    def spool(self) -> Path:
        """Postfix's queue_directory."""
        return self.root / "spool"

    @property
    def sending(self) -> Path:
        """The router's: the plan of sending addresses, and what it keeps; Postfix's user's."""
        return self.root / "sending"

    @property
    def sending_plan(self) -> Path:
        """The plan as the agent has had it last, the relay's password with it; root only."""
        return self.event_spool.parent / "sending.json"

    @property
    def sending_socket(self) -> Path:
        """Where the router answers the agent."""
        return self.sending / "control.sock"

    @property
    def route_socket(self) -> Path:
        """Where the router answers qmgr(8)."""
        return self.spool / "private" / "route"

    @property
    def postfix_data(self) -> Path:
        """Postfix's data_directory."""
        return self.root / "postfix-data"

    @property
    def dovecot(self) -> Path:
        return self.root / "dovecot"

    @property
    def rspamd(self) -> Path:
        return self.root / "rspamd"

    @property
    def sender_files(self) -> Path:
        """Whose each address is, for Rspamd (engines/rspamd/senders.py)."""
        return self.rspamd / "senders"

    @property
    def dkim(self) -> Path:
        """DKIM private keys, `<domain>.<selector>.key`, readable by Rspamd only."""
        return self.root / "dkim"

    @property
    def seal_key(self) -> Path:
        """The key with which this node signs in its own name: ARC seals, reports."""
        return self.root / "seal" / "host.key"

    @property
    def redis(self) -> Path:
        return self.root / "redis"

    @property
    def unbound(self) -> Path:
        return self.root / "unbound"

    @property
    def knot(self) -> Path:
        """Knot's files; `zones/` in it holds the zones that this node serves."""
        return self.root / "knot"

    @property
    def postsrsd(self) -> Path:
        return self.root / "postsrsd"

    @property
    def mtasts(self) -> Path:
        """mta-sts-daemon's file, and the policies that it knows."""
        return self.root / "mtasts"

    @property
    def mtasts_socket(self) -> Path:
        """Where mta-sts-daemon answers our own server of TLS policies, and nobody else."""
        return self.run / "mtasts" / "policy.sock"

    @property
    def tlspolicy_socket(self) -> Path:
        """Where Postfix asks how mail to a domain must be secured."""
        return self.run / "tlspolicy" / "policy.sock"

    @property
    def reports(self) -> Path:
        """Reports from others that came by mail: a Maildir for each kind."""
        return self.root / "reports"

    @property
    def tls(self) -> Path:
        return self.root / "tls"

    @property
    def certificate(self) -> Path:
        return self.tls / "host.pem"

    @property
    def certificate_key(self) -> Path:
        return self.tls / "host.key"

    @property
    def names(self) -> Path:
        """Certificates by host name: `<name>/key.pem`, `<name>/chain.pem`."""
        return self.tls / "names"

    @property
    def challenges(self) -> Path:
        """What nginx shows to an authority that asks whether a name is ours (RFC 8555, 8.3)."""
        return self.root / "challenges"

    @property
    def mail(self) -> Path:
        """The mail store: `<domain>/<local part>/` is a mailbox's home, `Maildir/` its mail."""
        return self.root / "mail"

    @property
    def sieve(self) -> Path:
        """Compiled scripts of the house: `<domain>/<local part>/{autoresponder,rules}.sieve`."""
        return self.root / "sieve"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def web_socket(self) -> Path:
        """Where the control plane answers the agent (HTTP over a unix socket)."""
        return self.run / "web" / "web.sock"

    @property
    def panel_socket(self) -> Path:
        """Where the control plane answers nginx: panel and API, never the feed."""
        return self.run / "panel" / "panel.sock"

    @property
    def static(self) -> Path:
        """Style sheets, scripts and pictures of the panel, their names with hashes."""
        return self.root / "static"

    @property
    def nginx(self) -> Path:
        return self.root / "nginx"

    @property
    def guard_database(self) -> Path:
        """The guard's counters; owned by the user `mailguard`."""
        return self.root / "guard" / "guard.db"

    @property
    def breached_index(self) -> Path:
        """Passwords known from leaks (breached/): root's, read by everybody who checks one."""
        return self.root / "breached" / "index"

    @property
    def guard_profiles(self) -> Path:
        """What the guard has learned of mailboxes; owned by the user `mailguard`."""
        return self.guard_database.with_name("profiles.db")

    @property
    def guard_cases(self) -> Path:
        """Mailboxes that look stolen, and what the agent has not heard of them; `mailguard`'s."""
        return self.guard_database.with_name("cases.db")

    @property
    def guard_journal(self) -> Path:
        """What the guard was told in the last days, a file a day; `mailguard`'s."""
        return self.guard_database.with_name("journal")

    @property
    def guard_sharing(self) -> Path:
        """Where the guards of a fleet meet (a password may be in it); made at each start."""
        return self.guard_database.with_name("sharing.json")

    @property
    def guard_logins(self) -> Path:
        """Clients and accounts that log in, and who is kept out; owned by `mailguard`."""
        return self.guard_database.with_name("logins.db")

    @property
    def guard_learning(self) -> Path:
        """Where the agent tells the guard what the engines' logs say."""
        return self.guard_database.with_name("learn.sock")

    @property
    def guard_socket(self) -> Path:
        """Where the guard answers Postfix."""
        return self.run / "guard" / "guard.sock"

    @property
    def rehash_socket(self) -> Path:
        """Where Dovecot hands the agent passwords that are to be hashed anew; for it alone."""
        return self.run / "rehash" / "door.sock"

    @property
    def supervisor_socket(self) -> Path:
        return self.run / "supervisor.sock"

    @property
    def dovecot_run(self) -> Path:
        """Dovecot's base_dir."""
        return self.run / "dovecot"

    @property
    def rspamd_milter_socket(self) -> Path:
        return self.run / "rspamd" / "milter.sock"

    @property
    def rspamd_controller_socket(self) -> Path:
        return self.run / "rspamd" / "controller.sock"

    @property
    def redis_socket(self) -> Path:
        return self.run / "redis" / "redis.sock"
