"""Every literal form, with the host's real reader as the judge: decoded text, edits, positions."""

import csv
import io
import json
import re

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from check.hosts.literal_forms import FORMS, LiteralForm
from flaglift.check.hosts.base import HOLE, Literal, LiteralChange, SelectiveHost
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.lossless.spans import Span
from flaglift.syntax import Feature, parse

every_form = pytest.mark.parametrize("form", FORMS, ids=[form.name for form in FORMS])
PIECES = [
    "a", " b", "é", "\U0001f600", '"', "'", "\\", "`", "$", "${y}", "{", "}", "#", "\n", "\t",
    "--video", ": ", ",", "%", "&", "\\n", "'''", '"""', "\r", "<", "\x07", "\u2028", "#{y}",
]  # fmt: skip
STATEMENT = re.compile(r"\{#.+?#\}|\{%.+?%\}|\{\{[#/^!>].*?\}\}|<%.+?%>|<\?.+?\?>", re.DOTALL)
NEW = st.lists(st.sampled_from(PIECES), max_size=4).map("".join)


def fragments(form: LiteralForm) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(form.fragments), max_size=8)


def target(form: LiteralForm, document: str) -> Literal | None:
    """Return the literal that holds the fragments.

    None in YAML that one of two readers refuses, for an empty block of Markdown, and for a string
    of the shell that tree-sitter-bash does not find: one with a backslash before a backtick behind
    a command in backticks.
    """
    at = len(form.before.encode())
    found = host_named(form.host).literals(document.encode())
    for literal in found:
        if literal.start <= at <= literal.end:
            return literal
    refused = form.host == "yaml" or (form.host == "markdown" and not document.count("z"))
    assert refused or (form.host == "bash" and re.search(r"`echo \$x`.*\\`", document, re.DOTALL))
    return None


def joins_a_name(literal: Literal, text: str) -> bool:
    """Tell whether a text goes on right behind a variable, as a part of its name."""
    behind = text.split(HOLE)[1:]
    of_name = r"\w|[^\x00-\x7f]" if literal.host == "php" else r"\w"
    return any(
        re.fullmatch(r"\$\w+", hole.source) and re.match(of_name, part, re.ASCII)
        for hole, part in zip(literal.holes, behind, strict=True)
    )


def is_misread(form: LiteralForm, document: str, text: str) -> bool:
    """Tell whether tree-sitter-bash may misread a document, or what an edit makes of it.

    That is a backtick behind a command in backticks, and a second command with only blanks between;
    and what follows a lone dollar sign.
    """
    command = re.search(r"`\s*`", document) or ("`" in document and "`" in text)
    return form.host == "bash" and bool(command or re.search(r"\$\s", document))


def needs_an_escape(literal: Literal, text: str) -> bool:
    """Tell whether a text holds what a part of a string that has no escapes cannot hold."""
    return "Go string `" in literal.form.name and bool(re.search("[`\r]", text))


def ends_before_a_value(text: str) -> bool:
    """Tell whether the value of a text's last flag stands elsewhere, as in a list of words."""
    return bool(re.search(r"--(?:video_model|video_prompt|duration)(?:=|\s*)[\"']?$", text))


def holds_a_statement(text: str) -> bool:
    """Tell whether a text holds a statement of a template, across which nothing is edited."""
    return bool(STATEMENT.search(text))


def holds_another_delimiter(form: LiteralForm, document: str) -> bool:
    """Tell whether a table of one record may as well be one with another delimiter."""
    return form.host == "csv" and bool(re.search("[;|\t]", document))


@every_form
@pytest.mark.parametrize(
    "odd", ["\\é", "\\\U0001f600", "\\xé", "$é", "%é", "&é;", "#{é}", "\\u{é}"]
)
def test_a_character_of_several_bytes_after_an_escape_is_read_as_a_whole(
    form: LiteralForm, odd: str
) -> None:
    """Also where the file is not valid for it."""
    document = f"{form.before}a {odd} b{form.after}"
    for literal in host_named(form.host).literals(document.encode()):
        assert literal.unclear or "\ufffd" not in literal.text


@every_form
@pytest.mark.parametrize("text", ["a\U0001f600", "é\n\U0001f600", "\\é", "${é}", "é'", 'é"', "é`"])
@pytest.mark.no_cover
def test_a_string_that_is_not_closed_is_read_to_some_end(form: LiteralForm, text: str) -> None:
    """Whatever a parser takes for its end, which may be within a character."""
    whole = f"{form.before}{text}{form.after}"
    for end in range(len(whole) + 1):
        for document in (whole[:end], f"{whole[:end]}é", f"{whole[:end]}\n\U0001f600"):
            data = document.encode()
            literals = host_named(form.host).literals(data)
            assert all(0 <= each.start <= each.end <= len(data) for each in literals)


@pytest.mark.no_cover  # as of other properties
@every_form
def test_a_literal_reads_as_its_reader_says(form: LiteralForm) -> None:
    @given(fragments(form))
    def holds(chosen: list[str]) -> None:
        document = form.document(chosen)
        values = form.judge(document)
        if values is None or len(values) != 3:
            event("not valid")
            return
        literal = target(form, document)
        if literal is None:
            return
        event("unclear" if literal.unclear else "read")
        assert literal.text == values[1] or literal.unclear
        data = document.encode()
        for offset, char in enumerate(literal.text):
            place = literal.locate(Span(offset, offset + 1))
            assert literal.start <= place.start < place.end <= literal.end
            if literal.pieces and char.isascii() and char.isalnum():
                assert data[slice(*place)]

    holds()


@pytest.mark.no_cover  # as of other properties
@every_form
def test_an_edit_reads_as_intended_and_moves_nothing_else(form: LiteralForm) -> None:
    @given(fragments(form), NEW, st.data())
    def holds(chosen: list[str], content: str, data: st.DataObject) -> None:
        document = form.document(chosen)
        values = form.judge(document)
        if values is None or len(values) != 3:
            return
        literal = target(form, document)
        if literal is None:
            return
        start = data.draw(st.integers(0, len(literal.text)))
        end = data.draw(st.integers(start, min(len(literal.text), start + 5)))
        if HOLE in literal.text[start:end]:
            return
        text = literal.text[:start] + content + literal.text[end:]
        host = host_named(form.host)
        new, refused = rewrite(document.encode(), host, [LiteralChange(literal, text)])
        if refused:
            event(f"refused: {refused[0].reason}")
            assert new == document.encode()
            known = (
                literal.locked
                or joins_a_name(literal, text)
                or holds_a_statement(text)
                or needs_an_escape(literal, text)
                or ends_before_a_value(text) != ends_before_a_value(literal.text)
                or holds_another_delimiter(form, document + text)
                or is_misread(form, document, text)
            )
            assert known or not form.writable
        else:
            event("made")
            assert form.judge(new.decode()) == [values[0], text, values[2]]

    holds()


def test_a_blank_that_begins_a_line_of_yaml_is_kept() -> None:
    data = b'b: "\\\n  a: --video"\n'
    host = host_named("yaml")
    (literal,) = host.literals(data)
    new, refused = rewrite(data, host, [LiteralChange(literal, " --video")])
    assert not refused
    assert [each.text for each in host.literals(new)] == [" --video"]


@pytest.mark.parametrize("quote", ['"', "'", "$'"])
@pytest.mark.parametrize("tail", ["", "${M}", "\n"])
def test_a_quote_of_the_shell_that_stays_open(quote: str, tail: str) -> None:
    data = f"echo {quote}a cat --video {tail}".encode()
    literals = host_named("bash").literals(data)
    assert [each.unclear for each in literals if "--video" in each.text] in (
        [], ["a quote or an expansion in it stays open"]
    )  # fmt: skip
    assert all(each.end <= len(data) for each in literals)


@pytest.mark.parametrize("tag", ["<script a=>", '<script "a">', "<script =a>", "<script type=>"])
def test_a_script_with_a_broken_attribute(tag: str) -> None:
    text = "const prompt = 'a cat --video';"
    found = host_named("html").literals(f"{tag}{text}</script>".encode())
    assert [each.text for each in found] == [text]


@pytest.mark.parametrize("text", [f"a{HOLE} cat", f"{HOLE}", f"{HOLE * 2} --video"])
def test_the_character_that_marks_holes_may_be_in_a_text_as_itself(text: str) -> None:
    data = f'{{"text": "{text}"}}'.encode()
    host = host_named("json")
    (literal,) = host.literals(data)
    assert literal.holes == ()
    assert literal.spelt(text) == text
    new, refused = rewrite(data, host, [LiteralChange(literal, f"{text} x")])
    assert not refused
    assert new == f'{{"text": "{text} x"}}'.encode()


WRITTEN = {
    "python": ("x = (%s)\n", "'%s'", " ", "\\x2d"),
    "javascript": ("x = %s;\n", '"%s"', " + ", "\\u002d"),
    "tsx": ("x = <p>{%s}</p>;\n", "'%s'", " + ", "\\x2d"),
    "ruby": ("x = %s\n", '"%s"', " ", "\\u002d"),
    "go": ("var x = %s\n", '"%s"', " + ", "\\x2d"),
    "php": ("$x = %s;\n", '"%s"', " . ", "\\x2d"),
    "bash": ("echo %s\n", "'%s'", "", "'$'\\055''"),
    "toml": ("[[x]]\ny = [%s]\n", '"%s"', ", ", "\\u002d"),
    "markdown": ("%s\n\n", "`%s`", " ", "-"),
    "mdx": ("<a b={%s} />\n\n", "'%s'", " + ", "\\x2d"),
    "html": ("<p>%s</p>\n", "%s", "<br>", "&#45;"),
    "sql": ("COPY t (a, b) FROM stdin;\nx\ty\n%s\nx\n\\.\nSELECT 'x';\n", "%s", "\t", "\\x2d"),
}
"""How a statement is written, a string in it, what joins two, and an escaped hyphen."""


@pytest.mark.parametrize("kind", ["csv", "tsv", "json", "jsonl"])
@given(
    st.lists(
        st.lists(
            st.sampled_from(["a", "", "x --video y", 'a, "--duration 5"', "— vidéo", "b\n--vide"]),
            min_size=1,
            max_size=4,
        ),
        max_size=6,
    ),
    st.booleans(),
)
def test_literals_that_are_left_out_hold_no_flag(
    kind: str, table: list[list[str]], ascii_only: bool
) -> None:
    if kind in ("csv", "tsv"):
        written = io.StringIO(newline="")
        csv.writer(written, delimiter="," if kind == "csv" else "\t").writerows(table)
        data = written.getvalue().encode()
    elif kind == "json":
        data = json.dumps(table, ensure_ascii=ascii_only).encode()
    else:
        data = "\n".join(json.dumps(row, ensure_ascii=ascii_only) for row in table).encode()
    look_at_what_is_left_out(kind, data)


@pytest.mark.parametrize("kind", WRITTEN)
@given(
    texts=st.lists(
        st.lists(
            st.sampled_from(
                ["", "a", "--vid", "eo", "--", "video", "\u2014 vidéo", "--duration 5"]
            ),
            min_size=1,
            max_size=3,
        ),
        max_size=5,
    ),
    escaped=st.booleans(),
)
def test_strings_of_code_that_are_left_out_hold_no_flag(
    kind: str, texts: list[list[str]], escaped: bool
) -> None:
    line, quoted, between, escape = WRITTEN[kind]
    lines = []
    for parts in texts:
        written = [part.replace("-", escape) if escaped else part for part in parts]
        lines.append(line % between.join(quoted % part for part in written))
    look_at_what_is_left_out(kind, "".join(lines).encode())


def look_at_what_is_left_out(kind: str, data: bytes) -> None:
    host = host_named(kind)
    assert isinstance(host, SelectiveHost)
    whole = [(each.place, each.origin.path, each.text) for each in host.literals(data)]
    flagged = [(each.place, each.origin.path, each.text) for each in host.flagged(data)]
    assert flagged == [each for each in whole if each in flagged]
    left_out = [each[2] for each in whole if each not in flagged]
    assert not any(parse(text).has(Feature.CONCERNED) for text in left_out)
