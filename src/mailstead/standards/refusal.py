"""The one refusal type: an anticipated failure, in words for the person who reads it.

Each border translates a refusal once: a form error, an API problem, a line on the command line
with exit code 2, an SMTP reply. Anything that is not a `Refusal` is a defect and stays loud.
"""

from __future__ import annotations

from collections.abc import Callable


class Term(str):
    """A value of a refusal that is words itself ("reason"), said in the reader's language too."""


class Refusal(Exception):
    """An anticipated failure.

    `code` is a stable word for programs (`mailbox-exists`), `words` one sentence for the reader,
    `remedy` one sentence that says what to do, `permanent` whether trying again later can help.
    Both sentences are templates: `{name}` stands for one of `values`, so that a page can say them
    in its reader's language (`say`).
    """

    def __init__(
        self, code: str, words: str, *, remedy: str = "", permanent: bool = True, **values: object
    ) -> None:
        self.code = code
        self.template = words
        self.remedy_template = remedy
        self.values = values
        self.permanent = permanent
        super().__init__(self.words)

    @property
    def words(self) -> str:
        """What happened, in English."""
        return self.template.format(**self.values) if self.values else self.template

    @property
    def remedy(self) -> str:
        """What to do, in English."""
        return self.remedy_template.format(**self.values) if self.values else self.remedy_template

    @property
    def sentence(self) -> str:
        """What happened and what to do, as one line."""
        return f"{self.words} {self.remedy}".strip()

    def say(self, translate: Callable[[str], str]) -> str:
        """The sentence with both templates translated before their values are filled in."""
        return " ".join(part for part in self.parts(translate) if part)

    def parts(self, translate: Callable[[str], str]) -> tuple[str, str]:
        """What happened and what to do, each as `say` says it; empty where there is nothing."""
        values = {
            name: translate(value) if isinstance(value, Term) and value else value
            for name, value in self.values.items()
        }
        words, remedy = (
            translate(text) if text else "" for text in (self.template, self.remedy_template)
        )
        return (words.format(**values), remedy.format(**values)) if values else (words, remedy)
