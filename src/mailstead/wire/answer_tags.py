"""`%subject%`, `%from%` and `%email%` in an automatic answer, told by variables of Sieve."""

from __future__ import annotations

TAGS = {"%subject%": "subject", "%from%": "from", "%email%": "email"}
"""Each with the variable that stands for it."""
NEEDS = {"variables"}
"""Extensions of Sieve."""
_SETTINGS = {
    "%subject%": """\
if header :matches "subject" "*" {
  set "subject" "${1}";
}
""",
    "%email%": """\
if address :matches "from" "*" {
  set "email" "${1}";
}
""",
    # The name as it stands before the address, else the address.
    "%from%": """\
if header :matches "from" "\\"*\\" <*>" {
  set "from" "${1}";
} elsif header :matches "from" "* <*>" {
  set "from" "${1}";
} elsif address :matches "from" "*" {
  set "from" "${1}";
}
""",
}
# The answer goes to whom the message names as its sender: they must not get HTML of a stranger's.
_NO_MARKUP = """\
if string :contains "${%s}" ["<", ">", "&"] {
  set "%s" "";
}
"""


def settings(tags: list[str], *, html: bool) -> str:
    """What sets the variables of these tags."""
    lines = ['set "dollar" "$";\n'] if tags else []
    for tag in tags:
        name = TAGS[tag]
        lines.append(_SETTINGS[tag] + (_NO_MARKUP % (name, name) if html else ""))
    return "".join(lines)


def filled(text: str) -> str:
    """The text with variables for its tags; whatever looked like a variable stays text."""
    shown = text.replace("${", "${dollar}{")
    for tag, name in TAGS.items():
        shown = shown.replace(tag, "${" + name + "}")
    return shown
