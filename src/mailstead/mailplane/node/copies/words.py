"""Flags and keywords of messages, as they are compared and as names of files tell them."""

from __future__ import annotations

from mailstead.standards import maildir

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def canonical(flags: str, keywords: dict[str, str]) -> str:
    """Letters of IMAP's own flags, then the keywords; letters without a meaning are dropped."""
    own = "".join(sorted({one for one in flags if "A" <= one <= "Z"}))
    words = sorted({keywords[letter] for letter in flags if letter in keywords})
    return own + "".join(f" {word}" for word in words)


def merged(before: str, there: str, here: str) -> str:
    """What was changed there since `before`, done to what is here."""
    was, now, own = (_parts(one) for one in (before, there, here))
    made = (own | (now - was)) - (was - now)
    return "".join(sorted(made, key=lambda part: (part[0] == " ", part)))


def _parts(flags: str) -> set[str]:
    # A keyword keeps the blank before it, so that one of a single letter is none of the flags.
    letters, *words = flags.split(" ")
    return set(letters) | {f" {word}" for word in words}


class Words:
    """Keywords of a folder here, which get letters as they are needed."""

    def __init__(self, words: dict[str, str]) -> None:
        self.words = dict(words)
        self._letters = {word: letter for letter, word in words.items()}
        self.changed = False
        self.beyond: list[str] = []
        """Those for which no letter was left."""

    def name(self, base: str, flags: str) -> str:
        """The name of a file with these flags."""
        own, *words = flags.split(" ")
        letters = set(own)
        for word in words:
            if word not in self._letters:
                free = next((one for one in _LETTERS if one not in self.words), "")
                if not free:
                    if word not in self.beyond:
                        self.beyond.append(word)
                    continue
                self.words[free], self._letters[word] = word, free
                self.changed = True
            letters.add(self._letters[word])
        return maildir.join(base, letters)

    def render(self) -> str:
        """`dovecot-keywords`, with those that have no letter at its end."""
        more = "".join(f"{number} {word}\n" for number, word in enumerate(self.beyond, 26))
        return maildir.render_keywords(self.words) + more
