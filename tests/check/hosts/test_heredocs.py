"""Here-documents wherever bash takes them, and what stands behind them, with bash as the judge."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.check.hosts.unread import unread
from peers import program

HOST = host_named("bash")
P = "a cat --video --video_model kling25 --duration 7"
CURL = f'curl -F "prompt[text]={P}" http://x/\n'

SCRIPTS = [
    "cat <<EOF; echo x\nfoo\nEOF\n",
    "cat <<EOF;\nfoo\nEOF\n",
    "cat <<EOF&\nfoo\nEOF\nwait\n",
    "cat <<EOF|cat\nfoo\nEOF\n",
    "f1() { cat; }; f1 <<A; f1 <<B\na\nA\nb\nB\n",
    "cat <<A - <<B\na\nA\nb\nB\n",
    "if cat <<EOF; then\nfoo\nEOF\necho y; fi\n",
    "if cat <<'EOF'; then\nfoo $x\nEOF\necho y; fi\n",
    "cat <<EOF && {\nfoo\nEOF\necho y\n}\n",
    "{ cat <<EOF; } > /dev/stderr\nfoo\nEOF\n",
    "(cat <<EOF) > /dev/stderr\nfoo\nEOF\n",
    "(cat <<\\EOF) > /dev/stderr\nfoo\nEOF\n",
    "x=$(cat <<EOF)\nfoo\nEOF\necho $x\n",
    "x=$(cat <<EOF\nfoo\nEOF\n); echo $x\n",
    "cat <<-EOF; echo x\n\tfoo\n\tEOF\n",
    'cat <<"E F"; echo x\nfoo\nE F\n',
    "cat <<EOF \\\n  > /dev/stderr; echo x\nfoo\nEOF\n",
    "cat <<EOF > /dev/null; echo x\n\\foo\nEOF\n",
    "while cat <<EOF; do\nfoo\nEOF\nbreak; done\n",
    "case x in x) cat <<EOF;; esac\nfoo\nEOF\n",
    "! cat <<EOF\nfoo\nEOF\n",
    "cat <<EOF; cat <<'EOF'; cat <<EOF\na\nEOF\nb\nEOF\nc\nEOF\n",
    'cat <<EOF; echo x\n$(echo \'a b\' "c")\n`echo d` ${x:-"e"} $((1 + 2)) \\$(no\nEOF\n',
]


def run(script: str) -> str:
    """Return what a script says, where curl shows its arguments."""
    said = subprocess.run(
        [program("bash"), "-c", "curl() { printf '%s\\n' \"$@\"; }\n" + script],
        capture_output=True,
        check=True,
        text=True,
        timeout=30,
    )
    return said.stdout + said.stderr


def only(script: str) -> Literal:
    ((literal, decision),) = candidates(script.encode(), HOST)
    assert decision.taken
    return literal


@pytest.mark.parametrize("before", SCRIPTS)
def test_what_stands_behind_a_document_is_read_and_changed(before: str) -> None:
    script = before + CURL
    literal = only(script)
    assert literal.text == P
    assert literal.locked == ""
    assert unread(script.encode(), HOST) == []
    done = rewrite(script.encode(), HOST, [LiteralChange(literal, P.replace("7", "5"))])
    assert not done.refused
    assert run(done.data.decode()) == run(script).replace("duration 7", "duration 5")
    assert done.data.decode() == script.replace("duration 7", "duration 5")


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("cat <<EOF; echo x", "EOF"),
        ("(cat <<EOF) > /dev/stderr", "EOF"),
        ("if cat <<EOF; then", "EOF\necho y; fi"),
        ("cat <<EOF > /dev/stderr; echo x", "EOF"),
        ("cat <<EOF | tee /dev/stderr", "EOF"),
    ],
)
def test_a_prompt_in_such_a_document_is_changed(opening: str, closing: str) -> None:
    script = f"{opening}\n{P}\n{closing}\n"
    literal = only(script)
    assert literal.locked == ""
    done = rewrite(script.encode(), HOST, [LiteralChange(literal, f"{P} \\ \n".replace("7", "5"))])
    assert not done.refused
    assert run(done.data.decode()) == run(script).replace("duration 7", "duration 5 \\ ")


def test_a_command_in_a_document_is_read() -> None:
    script = f"cat <<EOF; echo x\na $({CURL.strip()}) b `echo c`\nEOF\n"
    assert only(script).text == P
    assert only(script).locked == ""
    quoted = f"cat <<'EOF'; echo x\na $({CURL.strip()})\nEOF\n"
    forms = {literal.form.name for literal in HOST.literals(quoted.encode())}
    assert forms == {"shell word", "shell document"}


@pytest.mark.parametrize(
    "script",
    [
        f"cat <<EOF; echo x\nfoo\n{CURL}",  # nothing ends it
        f"x=$(( 1\n<< 'y\n{CURL}",
        f"cat <<\n{CURL}",
    ],
)
def test_what_may_be_code_in_a_broken_script_is_said(script: str) -> None:
    found = [each for each in candidates(script.encode(), HOST) if each.decision.taken]
    assert found or unread(script.encode(), HOST)
    assert all(literal.locked or "\n" not in literal.text for literal, _ in found)


PIECES = st.sampled_from(
    [
        *SCRIPTS,
        "# <<EOF\n",
        "echo '<<EOF'\n",
        "echo $((1 << 2))\n",
        "cat <<<EOF\n",
        "cat <<EOF\n$(\nEOF\n",
    ]
)


@example(["cat <<EOF && {\nfoo\nEOF\necho y\n}\n", "echo $((1 << 2))\n"], 2)
@given(st.lists(PIECES, max_size=5), st.integers(0, 5))
def test_scripts_of_many_documents(pieces: list[str], at: int) -> None:
    script = "".join([*pieces[:at], CURL, *pieces[at:]])
    found = [each.literal for each in candidates(script.encode(), HOST) if each.decision.taken]
    texts = [literal.text for literal in found]
    assert texts == [P] or (not texts and unread(script.encode(), HOST))
    documents = [
        each.text for each in HOST.literals(script.encode()) if "document" in each.form.name
    ]
    count = sum(
        script.count(operator) for operator in ("<<A", "<<B", "<<E", "<<'", '<<"', "<<\\", "<<-")
    )
    count -= sum(script.count(other) for other in ("# <<", "'<<EOF'", "<<<EOF"))
    assert len(documents) == count


def test_many_documents_that_the_grammar_loses_are_read_in_time(tmp_path: Path) -> None:
    script = "cat <<EOF; echo x\nfoo\nEOF\n" * 150 + CURL
    assert only(script).locked == ""
    many = "cat <<EOF; echo x\nfoo\nEOF\n" * 400 + CURL
    assert unread(many.encode(), HOST) or only(many).locked == ""


@pytest.mark.parametrize(
    "before",
    [
        "x=`echo a # comment`\n",
        "echo `# comment` b\n",
        "echo `#`; ",
        "echo `# é\\é` `#` `# ` b `# z`; ",
        'echo "`echo a # comment`"; ',
        "echo `echo a # b` `# c` `echo d`; ",
        "echo a `# é b` \\\n  `# c \\ d` \\\n  e; ",
        "x=`echo \\`echo a # b\\` # c`; ",
        "# a `comment`\necho `echo b` # c `d` e\n",
        "echo $(echo a # b `\n); ",
        "echo `echo a # b\necho c`; ",
        "(echo `echo a # b`); ",
        "cat <<EOF\n`echo a # b` c\nEOF\n",
        "case `echo x # y` in x) echo z;; esac\n",
    ],
)
def test_a_comment_in_backticks_ends_with_them(before: str) -> None:
    script = before + CURL
    literal = only(script)
    assert literal.text == P
    assert literal.locked == ""
    done = rewrite(script.encode(), HOST, [LiteralChange(literal, P.replace("7", "5"))])
    assert not done.refused
    assert run(done.data.decode()) == run(script).replace("duration 7", "duration 5")


@pytest.mark.parametrize("opening", ["`", "$(", "<(", "x`", "x$("])
@pytest.mark.parametrize("last", ["d", "d\ufffd", "'d e'"])
def test_the_last_word_of_an_open_substitution_is_whole(opening: str, last: str) -> None:
    data = f"a {opening}c {last}".encode()
    word = host_named("bash").literals(data)[-1]
    assert word.text == last.strip("'")
    assert word.end == len(data)
