"""The grammar of Sieve, and what our Pigeonhole has of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.mailplane.engines.dovecot.control import SIEVEC
from mailstead.mailplane.engines.dovecot.rehearsal import rehearse
from mailstead.mailplane.engines.processes import run
from mailstead.standards.refusal import Refusal
from mailstead.standards.sieve_text import DEEPEST, EXTENSIONS, LARGEST, extensions

SCRIPTS = {
    "empty": "",
    "comments": "# nothing\n/* not\n even this */",
    "an extension that a list may lack": 'require ["index", "date"];\n'
    'if header :index 1 :last :matches "from" "*@vendor.example>" { stop; }',
    "tests within tests": 'if anyof(allof(true, not false), size :over 1K, header "a" ["b", "c"]) '
    "{ keep; } elsif false { discard; } else { stop; }",
    "text over lines": 'require "vacation";\nvacation :days 7 text: # and so on\nHello\n..dot\n'
    '; "}\n.\n;',
    "text over lines at the end": 'require "vacation";\nvacation TEXT:\r\nHi\r\n.\r\n;',
    "quotes": r'if header :is "a" "b\"c\\" { stop; } redirect "ann@a.example" ;',
    "capitals": 'IF HEADER :IS "a" "b" { Keep; }',
}
WRONG = {
    "no end": ("keep", 1),
    "an open string": ('keep;\nredirect "a;', 2),
    "an open block": ("if true {\n keep;\n", 3),
    "a block too much": ("keep;\n}\n", 2),
    "a list with a number": ('require ["a", 1];', 1),
    "no test": ("if (true) , { keep; }", 1),
    "of Exim": ('if $h_subject: contains "x" then', 1),
    "NUL": ("keep;\n\n\0", 3),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_read(name: str) -> None:
    extensions(SCRIPTS[name])


@pytest.mark.parametrize("name", WRONG)
def test_what_is_none_is_refused_with_its_line(name: str) -> None:
    text, line = WRONG[name]
    with pytest.raises(Refusal) as refused:
        extensions(text)
    assert refused.value.code == "sieve-invalid"
    assert refused.value.sentence.startswith(f"Line {line} ")


def test_what_it_requires_is_told_once_in_its_order() -> None:
    text = 'require "date";\nRequire ["index", "date"];\nrequire "copy";\nkeep;'
    assert extensions(text) == ("date", "index", "copy")


def test_a_script_that_is_too_large_or_too_deep_is_refused() -> None:
    extensions("#" * (LARGEST - 1))
    extensions("if true {" * DEEPEST + "}" * DEEPEST)
    for text in ("#" * (LARGEST + 1), "if true {" * (DEEPEST + 1), "if " + "not " * 5000 + "true;"):
        with pytest.raises(Refusal):
            extensions(text)


@given(st.text(alphabet=st.sampled_from(list('ab"\\:;,()[]{}#/* \n.019K'))))
def test_whatever_comes_is_read_or_refused(text: str) -> None:
    try:
        extensions(text)
    except Refusal as refusal:
        assert refusal.code == "sieve-invalid"


@pytest.mark.engines
@pytest.mark.parametrize("name", SCRIPTS)
def test_pigeonhole_takes_them_too(name: str) -> None:
    assert not rehearse(SCRIPTS[name], "Subject: x\n\nx\n", "a@b.example", "c@d.example").error


@pytest.mark.engines
@pytest.mark.parametrize("name", sorted(WRONG.keys() - {"NUL"}))
def test_pigeonhole_takes_none_of_what_is_wrong(name: str) -> None:
    assert rehearse(WRONG[name][0], "Subject: x\n\nx\n", "a@b.example", "c@d.example").error


FOREIGN = ("editheader", "spamtest", "vnd.dovecot.pipe")


@pytest.mark.engines
@pytest.mark.parametrize("name", [*sorted(EXTENSIONS), *FOREIGN])
def test_our_pigeonhole_has_these_extensions_and_no_others(name: str, tmp_path: Path) -> None:
    # As in the house's own configuration (engines/dovecot/render.py).
    conf, script = tmp_path / "dovecot.conf", tmp_path / "a.sieve"
    conf.write_text("ssl = no\nplugin {\n  sieve_extensions = +vacation-seconds\n}\n")
    # This one builds on another two.
    more = 'require ["variables", "foreverypart"];\n' if name == "extracttext" else ""
    script.write_text(f'{more}require "{name}";\nkeep;\n')
    done = run([SIEVEC, "-c", str(conf), str(script)], accept=tuple(range(256)))
    assert (done.code == 0) == (name in EXTENSIONS), done.err
