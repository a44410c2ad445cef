"""Trying the rules of a mailbox on a message: which of them take it, and what would happen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailstead.control.hosting import services
from mailstead.control.hosting.forms.my import MessageForm
from mailstead.control.hosting.queries.rule_words import Told, flag_words, rules_of, told
from mailstead.control.hosting.views.place import Place, mailbox_in, show
from mailstead.control.people.pages import page
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import Action, Rule
from mailstead.wire.orders import Happening

WAIT = 8.0
"""Seconds for which an answer of the node is waited for."""
_MARK = "mailstead-rule-"

_NEWSLETTER = """\
From: Shop <news@shop.example>
To: {address}
Subject: Ten things that you need this week
List-Id: <news.shop.example>
List-Unsubscribe: <https://shop.example/unsubscribe>
Date: Mon, 02 Mar 2026 10:00:00 +0000
Message-ID: <sample-1@shop.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Hello, here is our newsletter.
"""
_PERSON = """\
From: Ann Bell <ann@example.org>
To: {address}
Subject: Lunch on Friday?
Date: Mon, 02 Mar 2026 10:00:00 +0000
Message-ID: <sample-2@example.org>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Shall we meet at noon?
"""
_SPAM = """\
From: Winner <lottery@example.net>
To: {address}
Subject: You have won
X-Spam: Yes
Date: Mon, 02 Mar 2026 10:00:00 +0000
Message-ID: <sample-3@example.net>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Click here.
"""
SAMPLES = {
    "person": (_("Mail of a person"), _PERSON),
    "newsletter": (_("A newsletter"), _NEWSLETTER),
    "spam": (_("Mail marked as spam"), _SPAM),
}


@dataclass(frozen=True)
class Trial:
    """What came of it."""

    matched: list[Told]
    happenings: list[str]
    error: str


@page("rules.test")
def rule_test(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """A message, or a sample, and what the mail server says."""
    place = mailbox_in(request, number, "rules")
    sample = SAMPLES.get(request.GET.get("sample", ""), SAMPLES["person"])[1]
    text = sample.format(address=place.mailbox.address)
    form = MessageForm(request.POST or None, initial={"message": text})
    context: dict[str, Any] = {
        "form": form,
        "samples": [(name, title) for name, (title, _text) in SAMPLES.items()],
    }
    if request.method == "POST" and form.is_valid():
        try:
            context["result"] = trial(place, form.cleaned_data["message"])
        except Refusal as refusal:
            context["silent"] = refusal.say(gettext)
    return show(request, "rules_test", place, context)


def trial(place: Place, message: str) -> Trial:
    """Run the rules as they are, and once more so that each says that it was met."""
    rules = rules_of(place.mailbox)
    done = _run(place, rules, message)
    met: set[int] = set()
    if rules and not done.error:
        marked = _run(place, _marking(rules), message)
        met = {
            int(row.value.removeprefix(_MARK))
            for row in marked.happenings
            if row.value.startswith(_MARK)
        }
    return Trial(
        matched=[row for row in told(rules) if row.index in met],
        happenings=[_words(row) for row in done.happenings],
        error=done.error,
    )


def _run(place: Place, rules: tuple[Rule, ...], message: str) -> Any:
    return services.test_rules(
        actor=place.actor,
        now=timezone.now(),
        mailbox=place.mailbox,
        rules=rules,
        message=message,
        seconds=WAIT,
    )


def _marking(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The same conditions and stops, but each rule files into a folder that has its number."""
    return tuple(
        msgspec.structs.replace(rule, actions=(Action(do="copy", value=f"{_MARK}{index}"),))
        for index, rule in enumerate(rules)
    )


def _words(row: Happening) -> str:
    templates = {
        "file": gettext("It comes into the folder {value}."),
        "redirect": gettext("It is forwarded to {value}."),
        "discard": gettext("It is deleted without a word."),
        "reject": gettext("It is refused with the text “{value}”."),
        "answer": gettext("An automatic answer is sent."),
    }
    words = templates.get(row.do, "{value}").format(value=row.value)
    if not row.flags:
        return words
    flags = ", ".join(flag_words(flag) for flag in row.flags)
    return gettext("{what} It is marked as: {flags}.").format(what=words, flags=flags)
