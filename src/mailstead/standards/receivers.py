"""What large receivers say when they refuse, as a table: receiver, words, meaning, source.

The first row that fits decides, so the specific stand before the general. Patterns are matched by
`replies` against words in lower case on one line, without codes, links, addresses and quotations.
A gap within a pattern is bounded (`.{0,60}`), so that no reply costs more than its length.

A new row needs its reply in tests/standards/samples/replies.txt.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass


class Meaning(enum.Enum):
    """What a reply says of a delivery."""

    ACCEPTED = "accepted"
    LATER = "later"
    """Greylisted, or busy: the same message will do later."""
    FULL = "full"
    """The mailbox has no room."""
    NO_MAILBOX = "no mailbox"
    """There is no such recipient, or none any more."""
    POLICY = "policy"
    """A rule that message, sender or host do not meet: SPF, DMARC, a size, a name in DNS."""
    REPUTATION = "reputation"
    """The address from which we send is not trusted."""
    CONTENT = "content"
    """What the message holds: its words, links, or a domain that it names."""
    RATE = "rate"
    """Too many messages, connections or recipients in a time."""
    TLS = "tls"
    """Encryption is asked for and did not come about."""
    SOFT = "unknown, temporary"
    HARD = "unknown, permanent"


class Detail(enum.Enum):
    """What people want to know beyond the meaning; the software decides nothing by it."""

    NONE = ""
    GREYLISTED = "greylisted"
    UNREACHED = "unreached"
    """No server of the other side answers."""
    BUSY = "busy"
    """The other side has trouble of its own."""
    NO_DOMAIN = "no domain"
    """The domain is not there, or takes no mail."""
    SWITCHED_OFF = "switched off"
    """The mailbox is there and takes nothing."""
    SIZE = "size"
    PROOF = "proof"
    """That the message is the sender's is not shown: SPF, DKIM, DMARC."""
    HOST_NAME = "host name"
    """The name of our host in DNS."""
    RELAY = "relay"
    """The server does not take mail for that domain."""
    MALWARE = "malware"


@dataclass(frozen=True)
class Row:
    """A reply that is known. `codes`: first digits of the codes with which it is known."""

    receiver: str
    codes: str
    pattern: re.Pattern[str]
    meaning: Meaning
    source: str
    detail: Detail = Detail.NONE


_GOOGLE = "Google Workspace help, Gmail SMTP errors and codes (answer/3726730)"
_MICROSOFT = "Outlook.com postmaster pages, troubleshooting"
_EXCHANGE = "Microsoft Learn, non-delivery reports in Exchange Online"
_YAHOO = "Yahoo Sender Hub, SMTP error codes"
_APPLE = "Apple support, postmaster information for iCloud Mail (102322), and logs of senders"
_GMX = "postmaster.gmx.net and postmaster.web.de, error messages"
_TELEKOM = "postmaster.t-online.de, and logs of senders"
_MAILRU = "postmaster.mail.ru, and logs of senders"
_COMCAST = "postmaster.comcast.net, mail delivery error codes"
_SPAMHAUS = "Spamhaus, DNSBL usage and return codes"
_LISTS = "Postfix, postconf(5) default_rbl_reply, and logs of senders"
_BARRACUDA = "Barracuda, reputation block list, and logs of senders"
_PROOFPOINT = "Proofpoint, dynamic reputation, and logs of senders"
_MTA = "source and manual pages of Postfix, Exim, sendmail, Dovecot"
_CUSTOM = "logs of senders; used by many"


_Known = tuple[str, Meaning, str] | tuple[str, Meaning, str, Detail]


def _rows(receiver: str, source: str, *rows: _Known) -> tuple[Row, ...]:
    return tuple(
        Row(receiver, row[0], re.compile(row[2]), row[1], source, *row[3:]) for row in rows
    )


_M = Meaning
_D = Detail

TABLE: tuple[Row, ...] = (
    *_rows(
        "Google",
        _GOOGLE,
        ("45", _M.REPUTATION, r"unusual rate of unsolicited mail originating from your ip"),
        ("45", _M.REPUTATION, r"very low reputation of the sending ip"),
        ("45", _M.CONTENT, r"very low reputation of the sending domain"),
        ("45", _M.CONTENT, r"suspicious due to the nature of the content"),
        ("5", _M.CONTENT, r"this message is likely (?:unsolicited|suspicious)"),
        ("5", _M.CONTENT, r"blocked because its content presents a potential security issue"),
        (
            "45",
            _M.RATE,
            r"user you are trying to contact is receiving mail (?:too quickly|at a rate)",
        ),
        ("45", _M.RATE, r"unusual rate of unsolicited mail (?:containing|originating)"),
        ("4", _M.RATE, r"peak smtp relay limit exceeded|daily smtp relay limit exceeded"),
        ("45", _M.FULL, r"recipient's inbox is out of storage space"),
        ("45", _M.FULL, r"email account that you tried to reach is over quota"),
        (
            "5",
            _M.NO_MAILBOX,
            r"email account that you tried to reach (?:does not exist|is disabled)",
        ),
        ("5", _M.NO_MAILBOX, r"email account that you tried to reach is inactive", _D.SWITCHED_OFF),
        ("45", _M.POLICY, r"gmail requires all senders to authenticate", _D.PROOF),
        ("45", _M.POLICY, r"sending ip does not have a ptr record", _D.HOST_NAME),
        (
            "45",
            _M.POLICY,
            r"unauthenticated email from .{0,80} is not accepted due to domain's dmarc",
            _D.PROOF,
        ),
        ("45", _M.POLICY, r"message does not (?:have|pass) authentication information", _D.PROOF),
        ("5", _M.POLICY, r"not (?:rfc )?5322 compliant"),
        ("45", _M.TLS, r"tls required for rcpt domain"),
        ("4", _M.LATER, r"temporary system problem\. try again later"),
    ),
    *_rows(
        "Microsoft",
        _MICROSOFT,
        ("45", _M.REPUTATION, r"part of their network is on our block ?list"),
        ("45", _M.REPUTATION, r"temporarily rate limited due to ip reputation"),
        ("5", _M.REPUTATION, r"banned sending ip"),
        ("5", _M.REPUTATION, r"blocked .{0,60}by (?:antispam|customer) .{0,20}ip block ?list"),
        ("4", _M.RATE, r"\brp-00[123]\b"),
        ("45", _M.REPUTATION, r"\b(?:sc|dy)-00[1-4]\b"),
        ("5", _M.CONTENT, r"\bou-00[12]\b"),
        ("5", _M.POLICY, r"does not meet the required authentication level", _D.PROOF),
    ),
    *_rows(
        "Exchange Online",
        _EXCHANGE,
        ("5", _M.NO_MAILBOX, r"recipient address rejected: access denied"),
        ("5", _M.NO_MAILBOX, r"resolver\.adr\.(?:ex)?recip(?:ient)?notfound"),
        ("45", _M.FULL, r"storedrv\.deliver.{0,120}(?:quota ?exceeded|mailbox full)"),
        ("4", _M.RATE, r"recipient thread limit exceeded|sending too many messages|concurrent"),
        ("4", _M.RATE, r"server busy\. please try again later from"),
        ("5", _M.POLICY, r"resolver\.rst\.|client was not authenticated to send anonymous mail"),
        ("5", _M.POLICY, r"rejected by a transport rule|transport\.rules\.reject"),
        ("5", _M.CONTENT, r"message rejected as spam by content filtering"),
        ("5", _M.REPUTATION, r"your ip address (?:is|has been) .{0,30}blocked"),
    ),
    *_rows(
        "Yahoo",
        _YAHOO,
        ("4", _M.REPUTATION, r"\[tss?[0-9]{2}\]"),
        ("5", _M.REPUTATION, r"connections will not be accepted from"),
        ("5", _M.REPUTATION, r"\[bl2[0-9]\]"),
        ("5", _M.NO_MAILBOX, r"this user doesn't have a .{1,40} account"),
        ("5", _M.NO_MAILBOX, r"not a valid mailbox|mailbox (?:is )?disabled due to"),
        ("45", _M.FULL, r"mailbox .{0,60}is over quota"),
        ("5", _M.POLICY, r"message not accepted for policy reasons"),
        ("4", _M.RATE, r"max message per connection reached|user is receiving mail too quickly"),
        ("4", _M.LATER, r"resources temporarily (?:un|not )available"),
        ("4", _M.LATER, r"message temporarily deferred"),
    ),
    *_rows(
        "Apple",
        _APPLE,
        ("5", _M.REPUTATION, r"mail from ip .{0,50}was rejected due to listing in"),
        ("5", _M.CONTENT, r"due to having a domain present in the spamhaus dbl"),
        ("45", _M.CONTENT, r"\[cs01\]"),
        ("45", _M.CONTENT, r"\[hm[0-9]{2}\]"),
        ("4", _M.RATE, r"deferred due to excessive volume"),
        ("5", _M.NO_MAILBOX, r"inactive email address|unknown or illegal alias"),
        ("5", _M.POLICY, r"rejected due to .{0,80}dmarc policy", _D.PROOF),
    ),
    *_rows(
        "GMX and Web.de",
        _GMX,
        ("45", _M.REPUTATION, r"ip address is (?:black|block) ?listed"),
        ("45", _M.REPUTATION, r"bad dns ptr resource record"),
        ("4", _M.REPUTATION, r"^(?:\S+ ){0,3}reject due to policy violations"),
        ("45", _M.POLICY, r"reject due to (?:spf|dmarc|policy)"),
        ("4", _M.RATE, r"rate limit reached"),
        ("5", _M.NO_MAILBOX, r"requested action not taken: mailbox unavailable"),
        ("45", _M.FULL, r"requested mail action aborted: exceeded storage allocation"),
        (
            "5",
            _M.CONTENT,
            r"message is considered as spam|transaction failed.{0,20}reject due to spam",
        ),
    ),
    *_rows(
        "T-Online",
        _TELEKOM,
        ("45", _M.REPUTATION, r"\bip=\S{2,45} - (?:a problem occurred|none/bad reputation|dialup)"),
        ("45", _M.REPUTATION, r"ask your postmaster for help or to contact .{0,40}\((?:bl|nowl)\)"),
    ),
    *_rows(
        "Mail.ru",
        _MAILRU,
        ("5", _M.CONTENT, r"spam message (?:rejected|discarded/rejected)"),
        ("45", _M.REPUTATION, r"we do not accept mail from (?:dynamic|your) ip"),
        ("45", _M.RATE, r"ratelimit exceeded"),
        ("5", _M.NO_MAILBOX, r"message was not accepted -- invalid mailbox"),
    ),
    *_rows(
        "Comcast",
        _COMCAST,
        ("45", _M.REPUTATION, r"\b(?:bl|es)[01]{6}\b"),
        ("45", _M.RATE, r"\brl0000[0-9]{2}\b|too many sessions opened"),
        ("45", _M.POLICY, r"\b(?:dm|pr)0000[0-9]{2}\b|reverse dns failure"),
    ),
    *_rows(
        "Proofpoint",
        _PROOFPOINT,
        ("45", _M.REPUTATION, r"\bblocked - see <>.{0,40}$"),
        ("45", _M.REPUTATION, r"rejected \[ip reputation fail\]"),
    ),
    *_rows(
        "lists of addresses",
        _LISTS,
        ("45", _M.REPUTATION, r"client host .{0,80}blocked using"),
        ("45", _M.REPUTATION, r"blocked using (?:zen|sbl|xbl|pbl|sbl-xbl)\.\S{0,40}spamhaus"),
    ),
    # A domain in the message is listed: that says nothing of who delivers it.
    *_rows(
        "lists of domains",
        _SPAMHAUS,
        (
            "45",
            _M.CONTENT,
            r"(?<![.\w-])(?:urls?|uris?|links?|body|content|domain)(?![.\w-]).{0,80}"
            r"(?:\bdbl\b|surbl|uribl|\bivmuri\b|blacklist|blocklist|spamhaus|listed)",
        ),
        ("45", _M.CONTENT, r"(?:sender address|helo command).{0,80}blocked using"),
        ("45", _M.CONTENT, r"blocked using \S{0,40}(?:\bdbl\.|\brhsbl\b|surbl|uribl)"),
    ),
    *_rows(
        "lists of addresses",
        _LISTS,
        ("45", _M.REPUTATION, r"blocked using \S{0,40}(?:sorbs|spamcop|barracudacentral|manitu)"),
        (
            "45",
            _M.REPUTATION,
            r"\b(?:ip|client|server|host|connection|sending address)\b.{0,80}"
            r"\b(?:listed|blacklisted|blocklisted|block-?listed|blocked|banned)\b.{0,40}"
            r"\b(?:spamhaus|zen|sbl|xbl|pbl|css|sorbs|spamcop|barracuda\w*|rbl|dnsbl|cbl|uceprotect)",
        ),
        ("45", _M.REPUTATION, r"found in (?:one or more )?(?:dnsbl|rbl|sorbs|spamhaus)"),
        (
            "45",
            _M.REPUTATION,
            r"open (?:proxy|relay) .{0,40}sorbs|sorbs .{0,40}(?:spam source|listed)",
        ),
    ),
    *_rows(
        "Barracuda",
        _BARRACUDA,
        (
            "45",
            _M.REPUTATION,
            r"barracuda reputation|blocked by .{0,20}barracudanetworks reputation",
        ),
    ),
    *_rows(
        "anybody",
        _CUSTOM,
        ("45", _M.LATER, r"gr[ae]y-?list", _D.GREYLISTED),
        ("45", _M.TLS, r"must issue a starttls|starttls (?:is )?required|tls (?:is )?required"),
        (
            "45",
            _M.TLS,
            r"requires? (?:tls|encryption|starttls)|encryption (?:is )?(?:required|needed)",
        ),
        ("45", _M.TLS, r"cannot start tls|tls handshake failed|tls is required, but"),
        (
            "45",
            _M.TLS,
            r"server certificate not (?:verified|trusted)|certificate verification failed",
        ),
        # Postfix's own: DANE is demanded and cannot be had, or a policy cannot be learnt.
        ("4", _M.TLS, r"tlsa (?:records?|lookup)|non dnssec destination|client tls configuration"),
        (
            "45",
            _M.REPUTATION,
            r"\b(?:ip|client|server|sending host)\b.{0,60}\b(?:poor|bad|low) reputation",
        ),
        (
            "45",
            _M.REPUTATION,
            r"\b(?:poor|bad|low) reputation of .{0,30}\b(?:ip|client|server|host)\b",
        ),
        (
            "45",
            _M.REPUTATION,
            r"\byour (?:ip|server|host|mail server|ip address)\b.{0,60}"
            r"\b(?:black-?listed|block-?listed|blocked|banned)\b",
        ),
    ),
    *_rows(
        "anybody",
        _MTA,
        (
            "5",
            _M.NO_MAILBOX,
            r"\b(?:user|recipient|mailbox|address|account|alias|addressee) unknown\b",
        ),
        (
            "5",
            _M.NO_MAILBOX,
            r"\bunknown (?:user|recipient|local|mailbox|address|account|virtual)\b",
        ),
        (
            "5",
            _M.NO_MAILBOX,
            r"\bno such (?:user|recipient|mailbox|address|person|account|local)\b",
        ),
        ("5", _M.NO_MAILBOX, r"\b(?:user|recipient|mailbox|address|account) (?:was )?not found\b"),
        (
            "5",
            _M.NO_MAILBOX,
            r"\b(?:user|recipient|mailbox|address|account)\b.{0,20}\b(?:does not|doesn't) exist\b",
        ),
        ("5", _M.NO_MAILBOX, r"\bno mailbox (?:here )?by that name|\bunrouteable address\b"),
        ("5", _M.NO_MAILBOX, r"\binvalid (?:recipient|mailbox)\b|\bnot our customer\b"),
        (
            "5",
            _M.NO_MAILBOX,
            r"\b(?:mailbox|account|user)\b.{0,20}\b(?:disabled|inactive|suspended|deactivated|closed)\b",
            _D.SWITCHED_OFF,
        ),
        (
            "5",
            _M.NO_MAILBOX,
            r"does not accept mail \(nullmx\)|domain of .{0,60}does not accept mail",
            _D.NO_DOMAIN,
        ),
        ("45", _M.FULL, r"\b(?:over|exceed(?:s|ed|ing)?) (?:its |the |disk |mailbox )?quota\b"),
        ("45", _M.FULL, r"\bquota (?:is )?(?:exceeded|full)\b|\bmailbox (?:is )?full\b"),
        (
            "45",
            _M.FULL,
            r"\bmailbox .{0,40}\b(?:is full|size limit)\b|\buser .{0,40}is over (?:the )?quota",
        ),
        (
            "45",
            _M.RATE,
            r"\btoo many (?:connections|messages|e?mails|recipients|concurrent|sessions|errors)\b",
        ),
        (
            "45",
            _M.RATE,
            r"\brate[ -]?limit|\bthrottl(?:ed|ing)\b|\bsending (?:rate|limit) exceeded\b",
        ),
        (
            "45",
            _M.POLICY,
            r"\b(?:spf|dkim|dmarc)\b.{0,60}\b(?:fail|reject|not pass|policy|invalid|missing)",
            _D.PROOF,
        ),
        (
            "45",
            _M.POLICY,
            r"\b(?:fail|reject|not pass|violat)\w{0,4}\b.{0,60}\b(?:spf|dkim|dmarc)\b",
            _D.PROOF,
        ),
        (
            "45",
            _M.POLICY,
            r"cannot find your (?:reverse )?hostname|\breverse (?:dns|lookup)\b|\bptr record",
            _D.HOST_NAME,
        ),
        (
            "5",
            _M.POLICY,
            r"\brelay(?:ing)? (?:access )?(?:denied|not permitted|not allowed|prohibited)",
            _D.RELAY,
        ),
        ("5", _M.POLICY, r"\bmessage (?:size|too large|too big|exceeds)|\bsize exceeds\b", _D.SIZE),
        (
            "5",
            _M.CONTENT,
            r"\b(?:virus|malware|trojan|phish\w{0,3})\b|\bfile type\b|\battachment",
            _D.MALWARE,
        ),
        (
            "45",
            _M.CONTENT,
            r"\b(?:message|mail|content|this)\b.{0,50}\b(?:spam|junk|unsolicited|spam-like)\b",
        ),
        ("45", _M.CONTENT, r"\bspam (?:message|content|detected|score)|\bhigh spam\b"),
        (
            "4",
            _M.LATER,
            r"\btry (?:again|later)|\btemporar\w{1,4}\b|\bservice (?:is )?(?:unavailable|busy)",
        ),
        (
            "45",
            _M.POLICY,
            r"\b(?:local|security|administrative|site) polic|\bpolicy (?:reason|violation)",
        ),
    ),
)
