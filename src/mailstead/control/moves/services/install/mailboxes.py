"""Mailboxes and what is theirs."""

from __future__ import annotations

import secrets

import msgspec

from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.models import Mailbox, RuleSet, SpamSettings
from mailstead.control.moves.models import Copy, KeptText, Webmail
from mailstead.control.moves.plan import mailboxes as planned
from mailstead.control.moves.plan.addresses import translation
from mailstead.control.moves.plan.items import Item
from mailstead.control.moves.plan.rows import Verdict
from mailstead.control.moves.services.install.build import Build
from mailstead.foreign import inventory as found
from mailstead.standards import password as passwords
from mailstead.standards.refusal import Refusal

NO_PASSWORD = "The old server had no password for this mailbox; set one to open it."
BEFORE = "It was suspended before it moved."
_MOST_QUOTA = 2**53


def install_mailbox(build: Build, item: Item, verdict: Verdict) -> str:
    """The mailbox with its hash as found and its quota."""
    box: found.Mailbox = item.thing
    if build.mailbox_or_none(box.address) is not None:
        return "present"
    known = _hash(box)
    made = hosting.create_mailbox(
        **build.who,
        domain=build.domain(item.domain),
        address=box.address,
        hashed=known or None,
        # Of one whose hash is of no use a password is made that nobody knows.
        password=None if known else secrets.token_urlsafe(32),
        quota=min(box.quota, _MOST_QUOTA),
    )
    build.came("mailbox", made.pk, made.address)
    if not known:
        hosting.suspend_mailbox(**build.who, mailbox=made, what="login", reason=NO_PASSWORD)
    return "made"


def _hash(box: found.Mailbox) -> str:
    if not box.secret:
        return ""
    try:
        return passwords.imported(box.secret)[0]
    except Refusal:
        return ""


def _ours(build: Build, box: found.Mailbox) -> Mailbox:
    return build.mailbox(box.address)


def install_password(build: Build, item: Item, verdict: Verdict) -> str:
    """The mailbox was made with it; this says whether it has it."""
    box: found.Mailbox = item.thing
    ours = _ours(build, box)
    if verdict.code == "password-stays":
        return "present"
    known = _hash(box)
    if known and ours.secret != known and ours.credential:
        # It was changed here since, or hashed anew at a log-in.
        return "present"
    return "made"


def install_quota(build: Build, item: Item, verdict: Verdict) -> str:
    """Bytes in are bytes out."""
    return "present" if verdict.code == "quota-stays" else "made"


def install_login_name(build: Build, item: Item, verdict: Verdict) -> str:
    """Another name by which it logs in."""
    box: found.Mailbox = item.thing
    ours = _ours(build, box)
    if ours.login_name == box.login.lower():
        return "present"
    hosting.set_login_name(**build.who, mailbox=ours, name=box.login)
    return "made"


def install_suspended(build: Build, item: Item, verdict: Verdict) -> str:
    """What was suspended stays so."""
    assert item.mailbox is not None
    ours, what = _ours(build, item.mailbox), item.thing
    if getattr(ours, f"{what}_suspended"):
        return "present"
    hosting.suspend_mailbox(**build.who, mailbox=ours, what=what, reason=BEFORE)
    return "made"


def install_spam(build: Build, item: Item, verdict: Verdict) -> str:
    """Level and lists of one mailbox."""
    assert item.mailbox is not None
    return _spam(build, _ours(build, item.mailbox), item.thing)


def install_domain_spam(build: Build, item: Item, verdict: Verdict) -> str:
    """Level and lists of the account, at each mailbox that has none of its own."""
    wishes: found.SpamWishes = item.thing
    domain = build.site.domains[item.domain]
    outcome = "present"
    for box in domain.mailboxes:
        if box.spam is not None or box.address in build.site.closed:
            continue
        if _spam(build, _ours(build, box), wishes) == "made":
            outcome = "made"
    return outcome


def _spam(build: Build, ours: Mailbox, wishes: found.SpamWishes) -> str:
    if SpamSettings.objects.filter(mailbox=ours).exists():
        return "present"
    allow = planned.spam_senders(wishes.allow)[0]
    deny = [one for one in planned.spam_senders(wishes.deny)[0] if one not in allow]
    hosting.set_spam_settings(
        **build.who, mailbox=ours, level=planned.spam_level(wishes), allow=allow, deny=deny
    )
    return "made"


def install_webmail(build: Build, item: Item, verdict: Verdict) -> str:
    """Address book, senders, texts and trusted senders: kept together, by the first row of them."""
    assert item.mailbox is not None and item.mailbox.webmail is not None
    web = item.mailbox.webmail
    ours = _ours(build, item.mailbox)
    text = msgspec.json.encode(web).decode()
    there = Webmail.objects.filter(mailbox=ours).first()
    if there is not None and there.found == text:
        return "present"
    Webmail.objects.update_or_create(
        mailbox=ours,
        defaults={
            "move": build.move,
            "found": text,
            "contacts": len(web.contacts) + len(web.collected),
            "identities": len(web.identities),
        },
    )
    return "made"


def install_filter(build: Build, item: Item, verdict: Verdict) -> str:
    """The filters of a mailbox as its rules, or as one script where a rule cannot say it."""
    assert item.mailbox is not None
    outcome = _keep(build, item, item.thing.text, item.mailbox.address)
    return _filter(build, item.mailbox) or outcome


def install_domain_filter(build: Build, item: Item, verdict: Verdict) -> str:
    """The account's filter, at each mailbox that has none of its own: others have both in one."""
    outcome = _keep(build, item, item.thing.text, item.domain)
    for box in build.site.domains[item.domain].mailboxes:
        if box.filter is None and box.address not in build.site.closed:
            outcome = _filter(build, box) or outcome
    return outcome


def _filter(build: Build, box: found.Mailbox) -> str:
    ours = _ours(build, box)
    if RuleSet.objects.filter(mailbox=ours).exists():
        return ""
    translated = translation(build.site, box)
    if not translated.sieve:
        return ""
    if translated.house_rules is not None:
        rules = hosting.parse_rules(list(translated.house_rules))
        hosting.set_rules(**build.who, mailbox=ours, rules=rules)
    else:
        hosting.set_script(**build.who, mailbox=ours, text=translated.sieve)
    return "made"


def install_rules(build: Build, item: Item, verdict: Verdict) -> str:
    """The rules of another Mailstead, unless the mailbox has some by now."""
    assert item.mailbox is not None
    ours = _ours(build, item.mailbox)
    if RuleSet.objects.filter(mailbox=ours).exists():
        return "present"
    hosting.set_rules(
        **build.who, mailbox=ours, rules=hosting.parse_rules(msgspec.json.decode(item.thing))
    )
    return "made"


def install_sieve(build: Build, item: Item, verdict: Verdict) -> str:
    """A Sieve script: in force as it was, or kept with its text."""
    assert item.mailbox is not None
    outcome = _keep(build, item, item.thing.text, item.mailbox.address)
    ours = _ours(build, item.mailbox)
    if verdict.code == "sieve" and not RuleSet.objects.filter(mailbox=ours).exists():
        hosting.set_script(**build.who, mailbox=ours, text=item.thing.text)
        return "made"
    return outcome


def _keep(build: Build, item: Item, text: str, address: str) -> str:
    """Keep a text as found, for whoever writes it anew."""
    _, new = KeptText.objects.get_or_create(
        move=build.move, row=item.key, defaults={"address": address, "text": text}
    )
    return "made" if new else "present"


def install_mail(build: Build, item: Item, verdict: Verdict) -> str:
    """The copy of its mail, which begins when it is asked for."""
    assert item.mailbox is not None
    store: found.Store = item.thing
    ours = _ours(build, item.mailbox)
    first = item.mailbox.stores[0] == store
    _, new = Copy.objects.get_or_create(
        move=build.move,
        row=item.key,
        defaults={
            "mailbox": ours,
            "server": build.server.name,
            "address": item.mailbox.address,
            "source": {"kind": store.kind, "path": str(store.path), "names": store.names},
            # What is there must stay: mail of a second store, or of a mailbox that was here.
            "merge": verdict.code in ("store-second",) or not first or _was_here(build, ours),
            "messages_all": store.messages,
            "octets_all": store.octets,
        },
    )
    return "made" if new else "present"


def _was_here(build: Build, ours: Mailbox) -> bool:
    return not build.move.things.filter(kind="mailbox", object_id=ours.pk).exists()
