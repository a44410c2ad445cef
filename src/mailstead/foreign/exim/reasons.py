"""Why a rule came differently, or not at all: one sentence for each code."""

from __future__ import annotations

from typing import Final

from mailstead.standards.refusal import Refusal

DIFFERENCES: Final = {
    "after-difference": "A rule before it that ends the filter came with a difference, so this one "
    "may see other messages than before.",
    "answer-limits": "The answer goes out with our own limits: not to lists, robots and spam, and "
    "not twice to the same sender within the interval.",
    "body-length": "It looks at the beginning of the message's text only, as far as the old server "
    "did.",
    "charset": "The old filter did not say in which character set its text is.",
    "compiled-missing": "Only the panel's own description of the rule was found, not what ran.",
    "folded": "Words of a header line that is continued on the next line are found too; the old "
    "server did not find them across the line's end.",
    "header-list": "It looks at the usual header fields one by one, not at the header as one text.",
    "join-unknown": "How its conditions were joined is not known; all of them must hold.",
    "log": "It wrote to a log file too; that is left out.",
    "mail-theft": "It sends nearly all mail to a stranger, as intruders do; it is switched off "
    "until somebody has looked at it.",
    "noerror": "That bounces of the sent mail were ignored is left out.",
    "number-only": "A message whose header is no whole number was held back by the old server; "
    "here the rule does not act on it.",
    "other-mailbox": "It filed mail into another mailbox of the account; the mail is sent to that "
    "address instead and is sorted by that mailbox's own rules.",
    "own-address": "Mail that it sends to the mailbox's own address is filed in its inbox, without "
    "the mailbox's own rules.",
    "personal": "Whether a message is personal is told by To and Cc and by the marks of lists and "
    "robots.",
    "reject-late": "A message that a rule before has already filed or sent on is not refused "
    "any more.",
    "repeated": "A message that has this header more than once is not matched.",
    "reply-address": "It looks at the address that an answer would go to, not at the name before "
    "it.",
    "retry": "Each message is seen once here, so what it said about further attempts is left out.",
    "size-count": "The size is counted with this server's own header lines.",
    "spam-verdict": "It goes by our own spam filter's verdict instead of the old server's.",
}
"""Why a rule is `approximate`."""

REFUSALS: Final = {
    "address-invalid": "The address that it sends to cannot be used: {what}.",
    "after-refused": "A rule before it that decides which messages get here could not come.",
    "body-length": "What a text does not hold cannot be told from its beginning.",
    "broader": "Here it would act on more messages than it did.",
    "command": "There is nothing like the command '{what}' here.",
    "expansion": "It uses {what}, which is worked out by Exim alone.",
    "folder-invalid": "The folder's name cannot be used: {what}.",
    "foranyaddress": "What it asks of each address cannot be asked here.",
    "header-list": "What the whole header does not hold cannot be asked here.",
    "left": "It compares {what}, which is not known here.",
    "not-compiled": "The old panel showed it as active, but it was not among the rules that ran.",
    "number": "It compares with '{what}', which is not a whole number from 0 on.",
    "pipe": "It ran a program of the old server.",
    "regex": "Its regular expression has {what}, which cannot be told here.",
    "save-file": "It wrote to a file outside the mailboxes: {what}.",
    "script-large": "All rules together are larger than a Sieve script may be.",
    "spam-header": "It asks for {what}, which our spam filter does not add.",
    "syntax": "The filter's text is not one: {what}",
    "text": "It has a text that cannot be used.",
    "too-deep": "Its conditions lie too deep in each other.",
}
"""Why a rule is `refused`."""


def cannot(code: str, what: str = "") -> Refusal:
    """What is raised where a part of a rule cannot be told."""
    return Refusal(code, REFUSALS[code], what=what[:200])
