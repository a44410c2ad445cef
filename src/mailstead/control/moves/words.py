"""What the pages and the command line say of a move: states, grades, and why something differs."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailstead.control.moves.models import BringBack, PlanRow

Words = str | Promise
STATES: Mapping[str, tuple[str, Words]] = {
    "draft": ("idle", _("not planned yet")),
    "planned": ("idle", _("planned")),
    "announced": ("idle", _("announced")),
    "copying": ("warn", _("mail is copied")),
    "switched": ("warn", _("switched; late mail is fetched")),
    "verified": ("warn", _("waits for the customer's word")),
    "watched": ("good", _("confirmed; old names are watched")),
    "done": ("good", _("done")),
    "returning": ("warn", _("taken back; newer mail is brought to the old server")),
    "back": ("bad", _("taken back")),
}
FOR_CUSTOMERS: Mapping[str, tuple[str, Words]] = {
    **STATES,
    "verified": ("warn", _("waits for your word")),
}
GRADES: Mapping[str, tuple[str, Words]] = {
    "carried": ("good", _("comes")),
    "differs": ("warn", _("comes, but differs")),
    "refused": ("bad", _("does not come")),
    "asks": ("warn", _("has to be decided")),
}
OUTCOMES: Mapping[str, tuple[str, Words]] = {
    "made": ("good", _("made")),
    "present": ("good", _("is there")),
    "failed": ("bad", _("failed")),
    "left": ("idle", _("left")),
    "": ("idle", _("not yet")),
}
PARITY: Mapping[str, tuple[str, Words]] = {
    "good": ("good", _("the same")),
    "more": ("good", _("all of it, and newer mail")),
    "differs": ("warn", _("differs")),
    "bad": ("bad", _("missing")),
    "waiting": ("idle", _("not counted yet")),
}
COPIES: Mapping[str, tuple[str, Words]] = {
    "waiting": ("idle", _("waiting")),
    "copying": ("warn", _("copying")),
    "paused": ("idle", _("paused")),
    "done": ("good", _("copied")),
    "failed": ("bad", _("failed")),
}
POINTING: Mapping[str, tuple[str, Words]] = {
    "here": ("good", _("leads here")),
    "both": ("warn", _("leads here and elsewhere")),
    "old": ("warn", _("leads to the old server")),
    "elsewhere": ("warn", _("leads elsewhere")),
    "nowhere": ("bad", _("leads nowhere")),
    "unknown": ("idle", _("not known")),
}
EXPORTS: Mapping[str, tuple[str, Words]] = {
    "waiting": ("idle", _("waiting for its turn")),
    "making": ("warn", _("is being made")),
    "stopped": ("idle", _("stopped")),
    "done": ("good", _("ready")),
    "failed": ("bad", _("failed")),
}
RETURNS: Mapping[str, tuple[str, Words]] = {
    "waiting": ("idle", _("waiting")),
    "returning": ("warn", _("on its way")),
    "done": ("good", _("brought back")),
    "failed": ("bad", _("tried again later")),
}
KINDS: Mapping[str, Words] = {
    "owner": _("Owner"),
    "account": _("Account"),
    "limits": _("Limits"),
    "domain": _("Domain"),
    "routing": _("Mail routing"),
    "domain-suspended": _("Suspended domain"),
    "mailbox": _("Mailbox"),
    "password": _("Password"),
    "quota": _("Quota"),
    "login-name": _("Log-in name"),
    "suspended": _("Suspension"),
    "forwarder": _("Forwarder"),
    "default": _("Catch-all"),
    "domain-forwarder": _("Domain forwarder"),
    "autoresponder": _("Automatic answer"),
    "list": _("Mailing list"),
    "spam": _("Spam settings"),
    "domain-spam": _("Spam settings of the account"),
    "filter": _("Filter"),
    "domain-filter": _("Filter of the account"),
    "unfiltered": _("Not filtered any more"),
    "rules": _("Rules"),
    "sieve": _("Sieve script"),
    "contacts": _("Contacts"),
    "identity": _("Sender of the webmail"),
    "response": _("Text for answers"),
    "trusted": _("Trusted sender"),
    "mail": _("Mail"),
    "boxtrapper": _("Challenge and response"),
    "dkim": _("Signing key"),
    "zone": _("DNS zone"),
    "certificate": _("Certificate"),
    "remark": _("Remark of the reader"),
}
ACTS: Mapping[str, Words] = {
    "plan": _("Plan"),
    "announce": _("Announce"),
    "start": _("Start"),
    "switch": _("Switch"),
    "verify": _("Verify"),
    "watch": _("Confirm"),
    "finish": _("Finish"),
    "reopen": _("Open again"),
    "back": _("Take back"),
    "returned": _("All brought back"),
    "near": _("Change of the home server asked for"),
    "hold": _("Mail waits"),
    "give-up": _("Change of the home server given up; mail is delivered as before"),
    "leave": _("The other server has forgotten the domains"),
}
PHASES: Mapping[str, Words] = {
    "near": _("The home server is about to change: what is new is copied first."),
    "held": _("Mail for these domains waits until both servers know that it does."),
    "last": _("Mail for these domains waits while the last round is copied."),
}
CHOICES: Mapping[str, Words] = {
    "here": _("Mail arrives here after the switch"),
    "elsewhere": _("Mail stays where the DNS leads"),
    "leave": _("Leave it out"),
    "alias": _("Make it an alias of the main domain"),
    "domain": _("Make it a domain of its own"),
    "merge": _("Bring the mail into the mailbox that is there"),
    "replace": _("Replace what is there"),
    "keep": _("Keep what is there"),
    "seen": _("Seen; go on"),
    "quota-mib": _("The quotas are MiB"),
    "quota-kib": _("The quotas are KiB"),
    "quota-bytes": _("The quotas are bytes, as they stand there"),
    "anyway": _("Make the mailbox and try again later"),
}
ROOM: Mapping[str, tuple[str, Words]] = {
    "good": ("good", _("enough")),
    "warn": ("warn", _("nearly used up")),
    "bad": ("bad", _("not enough")),
}
LIMITS: Mapping[str, Words] = {
    "disk": _("Disk, bytes"),
    "inodes": _("Files on the disk"),
    "memory": _("Memory, bytes"),
    "inotify-instances": _("fs.inotify.max_user_instances"),
    "inotify-watches": _("fs.inotify.max_user_watches"),
    "open-files": _("Open files"),
    "processes": _("Processes"),
    "imap-sessions": _("IMAP connections"),
}
LINES: Mapping[str, Words] = {
    "folders": _("Folders"),
    "messages": _("Messages"),
    "octets": _("Bytes"),
    "uidvalidity": _("UIDVALIDITY"),
    "uids": _("UIDs"),
    "flags": _("Flags"),
    "keywords": _("Keywords"),
    "subscriptions": _("Subscriptions"),
    "uidls": _("POP3 names"),
}
WHY: Mapping[str, Words] = {
    "account": _("Package at the old server: {package}."),
    "account-alias": _("It is an alias."),
    "account-imap": _(
        "{host}: folders begin with '{prefix}', levels are parted by '{separator}'. It can: "
        "{capabilities}"
    ),
    "account-suspended": _("The account was suspended there: {reason}"),
    "account-without-mailbox": _("It leads to the account's own mailbox, which is not there."),
    "address-invalid": _("This is no address that can be hosted here."),
    "alias-target": _("It is an alias of {target}, which does not come."),
    "answer-differs": _("{words}"),
    "answer-empty": _("It has no text."),
    "answer-long": _("Its text is too long."),
    "answer-period": _("It ends before it starts."),
    "answer-there": _("The address has an automatic answer here already."),
    "boxtrapper": _("There is nothing like it here; the spam filter does its work."),
    "certificate": _("A new one is obtained here."),
    "contacts": _("{number} contacts in {groups} groups, to be fetched as vCards."),
    "default-without-mailbox": _("It leads to the account's own mailbox, which is not there."),
    "defer-as-fail": _("Senders are refused for good, not only for now."),
    "destinations-many": _("It has more than {most} destinations."),
    "dkim": _("It signs until the house's own key is in the DNS."),
    "dkim-unreadable": _("It cannot sign: the house's own key follows it."),
    "domain-alias": _("An alias has none of its own."),
    "domain-elsewhere": _("The domain is on another server of ours."),
    "domain-invalid": _("This is no name of a domain."),
    "domain-stays": _("Its domain does not come."),
    "domain-taken": _("The domain is another customer's here."),
    "filter": _("{number} rules do the same here."),
    "filter-forward": _(
        "The account's filter acted here too. Filters act at mailboxes now, and this address has "
        "none: its mail is passed on unfiltered."
    ),
    "filter-nobody": _("There is no mailbox at which it could act."),
    "filter-kept": _("It has to be written anew; its text is kept. Rules: {rules}"),
    "filter-part": _("These rules cannot come, their text is kept: {rules}"),
    "filter-differs": _("{number} rules come; these differ: {rules}"),
    "forwarder-there": _("The address has a forwarder here already."),
    "from-imap": _("Fetched from the old server; how much it is, the first round says."),
    "hash-unknown": _("The hash of its password is of no known kind: set a new one."),
    "identity": _("Kept with its signature; the owner enters it in the mail program."),
    "imap-cut": _(
        "The log-in works; there are at least {folders} folders, and more mail than is said here. "
        "Prefix: '{prefix}'. Special: {uses}"
    ),
    "imap-problem": _("{words}"),
    "imap-seen": _("The log-in works: {folders} folders. Prefix: '{prefix}'. Special: {uses}"),
    "joined": _("It stands in the first line of this address."),
    "kept": _("What is here was kept."),
    "left": _("Left out, as was decided."),
    "limit-mailboxes": _("{number} mailboxes come, and the customer has room for {room}."),
    "limits": _("The new customer gets the account's limits."),
    "limits-stay": _("The customer keeps the limits that it has here."),
    "list": _("A forwarder to its {number} members; archive and moderation stay behind."),
    "list-empty": _("It has no members."),
    "list-large": _("It has {number} members, and a forwarder has at most {most}."),
    "login-taken": _("Another mailbox logs in as {login} already: the address has to be used."),
    "loop": _("It leads to itself."),
    "mail-missing": _("The archive holds no mail."),
    "mailbox-receives": _("The mailbox goes on receiving."),
    "mailbox-stays": _("Its mailbox does not come."),
    "mailbox-there": _("There is a mailbox of this address here already."),
    "merged": _("Its mail comes into the mailbox that is there."),
    "mirror-with-own": _("It has own addresses; all others are forwarded to {target}."),
    "names-ambiguous": _("Its folders' names can be read in two ways."),
    "owner": _("Gets an invitation to the panel."),
    "owner-inside": _("The address moves too: invite its owner after the switch."),
    "own-account": _("It goes from {source} to {target}."),
    "own-addresses": _("Mail leaves by the addresses of the other server: {names}."),
    "own-alias": _("It stays an alias of {target}."),
    "own-certificate": _("The other server gets its own when the name leads there."),
    "own-closed": _("{server} does not let other servers of yours in: set moves.listen there."),
    "own-guard": _("What the guard has learned of these mailboxes is learned anew."),
    "own-key": _("Both servers sign with it."),
    "own-limits": _("They stay; what was sent today is counted anew on the other server."),
    "own-mail": _("With numbers, flags and keywords; more may be there by then."),
    "own-password": _("Kept as it is, app passwords too; a change meanwhile holds on both."),
    "own-records": _("After the change its records should name {host}; both take its mail."),
    "own-relay": _("Its mail goes on to {host} as before."),
    "own-removed": _("The mail of {number} removed mailboxes stays on {server} until its time."),
    "own-zone": _("Its DNS zone stays on {server}."),
    "password": _("Kept as it is ({kind})."),
    "password-none": _("The old server had none: set a new one."),
    "password-stays": _("The mailbox here keeps its own."),
    "pipe": _("A program of the old server cannot run here: {lost}"),
    "pipe-at-mailbox": _("The mailbox receives; the program cannot run here: {lost}"),
    "pointer": _("It is unclear whether mail for it goes to {target}."),
    "quota": _("Kept to the byte: {size}."),
    "quota-as-first": _("In the same unit as {place}."),
    "quota-none": _("No limit of its own."),
    "quota-stays": _("The mailbox here keeps its own."),
    "remark": _("{words}"),
    "replaced": _("What is here is replaced."),
    "rules": _("{number} rules come as they are."),
    "rules-unreadable": _("They cannot be read."),
    "routing": _("The old server did not handle its mail ({routing}), though it has addresses."),
    "routing-auto": _("Handled there by what the DNS says."),
    "routing-elsewhere": _("Mail for it goes where the DNS leads ({routing})."),
    "routing-here": _("Mail for it arrives here, as was decided."),
    "response": _("Its text is kept; nothing offers it here."),
    "self": _("The mailbox receives by itself."),
    "sieve": _("As it is."),
    "sieve-beside": _("The filters come instead; its text is kept."),
    "sieve-extension": _("It needs what there is not here: {lost}. Its text is kept."),
    "sieve-invalid": _("It cannot be read; its text is kept. {fault}"),
    "sieve-idle": _("It was not in use; it is kept."),
    "spam-deleted": _("Spam is filed and not deleted (level: {level})."),
    "spam-level": _("The score {score} becomes the level {level}."),
    "spam-patterns": _("Level {level}; these patterns are no addresses: {lost}"),
    "store-second": _("A second store of the same address: both come together."),
    "target-unknown": _("It leads nowhere: {lost}"),
    "targets-lost": _("These destinations cannot come: {lost}"),
    "text-changed": _("The text for senders is written in ASCII."),
    "trusted": _("Kept; the mail program asks again before it shows remote images."),
    "uids-new": _("Messages get new numbers: mail programs fetch them again."),
    "zone": _("The zone stays where it is; the page of the domain says what to set."),
}


def why(row: PlanRow) -> str:
    """Why a row comes as it does, in the reader's language; empty: as it is."""
    template = WHY.get(row.code)
    if template is None:
        return row.code
    try:
        return str(template).format(**row.facts)
    except (KeyError, IndexError):
        return str(template)


def choice(word: str) -> str:
    """What may be answered, in words."""
    return str(CHOICES.get(word, word))


def kind(word: str) -> str:
    """What a row is about."""
    return str(KINDS.get(word, word))


def returning(row: BringBack) -> tuple[str, Words]:
    """How far one mailbox's mail is on its way back."""
    if row.state == "done" and row.failed:
        return "bad", _("in part")
    if row.state == "done" and not row.settled and row.move.state == "returning":
        return "warn", _("looked at once more in some minutes")
    return RETURNS[row.state]


def duration(seconds: float) -> str:
    """About how long, in words."""
    if seconds < 90:
        return gettext("about a minute")
    if seconds < 5400:
        return gettext("about {n} minutes").format(n=round(seconds / 60))
    return gettext("about {n} hours").format(n=round(seconds / 3600))
