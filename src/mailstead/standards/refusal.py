"""The one refusal type: an anticipated failure, in words for the person who reads it.

Each border translates a refusal once: a form error, an API problem, a line on the command line
with exit code 2, an SMTP reply. Anything that is not a `Refusal` is a defect and stays loud.
"""

from __future__ import annotations


class Refusal(Exception):
    """An anticipated failure.

    `code` is a stable word for programs (`mailbox-exists`), `words` one sentence for the reader,
    `remedy` one sentence that says what to do, `permanent` whether trying again later can help.
    """

    def __init__(self, code: str, words: str, *, remedy: str = "", permanent: bool = True) -> None:
        super().__init__(words)
        self.code = code
        self.words = words
        self.remedy = remedy
        self.permanent = permanent

    @property
    def sentence(self) -> str:
        """What happened and what to do, as one line."""
        return f"{self.words} {self.remedy}".strip()
