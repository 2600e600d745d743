"""Every way to write a literal down, with its real reader: what the properties range over.

A document holds three values: the first and the last are fixed, the one between them is made of
fragments of the form. The reader, not this file, says what they mean.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from check.hosts import judges
from check.hosts.judges import Values

COMMON = ["a", "cat ", " ", "é", "\U0001f600", "--video ", "--duration 5", "#", "it", "5", "?", "%"]
BREAKS = ["\n", "\r\n", "\n\n  "]


@dataclass(frozen=True)
class LiteralForm:
    """One form."""

    name: str
    host: str
    before: str
    """The document up to the value's fragments, its opening delimiter included."""
    after: str
    judge: Callable[[str], Values]
    fragments: Sequence[str]
    writable: bool = False
    """Whether every text can be written in it."""
    wrap: Callable[[str], str] = str
    """What the fragments become in the document: indented, quoted."""

    def document(self, fragments: Sequence[str]) -> str:
        return self.before + self.wrap("".join(fragments)) + self.after


def _python(quote: str, prefix: str, fragments: Sequence[str], *, writable: bool) -> LiteralForm:
    return LiteralForm(
        f"python {prefix}{quote}",
        "python",
        f"values = ['before', {prefix}{quote}",
        f"{quote}, 'after']\n",
        judges.python,
        [*COMMON, *fragments],
        writable,
    )


PYTHON_ESCAPES = [
    "\\n", "\\t", "\\\\", "\\'", '\\"', "\\x41", "\\x2d", "\\u002d", "\\U0001F600", "\\101", "\\0",
    "\\N{EM DASH}", "\\d", "\\ ", "\\\n", "\\\r\n", "{", "}", "$", "`", "\\u00e9", "\t", "\\777",
]  # fmt: skip
_F = ["{x}", "{x!s}", "{x:>1}", "{{", "}}", "{'' + x}"]

PYTHON = [
    _python('"', "", [*PYTHON_ESCAPES, "'"], writable=True),
    _python("'", "", [*PYTHON_ESCAPES, '"'], writable=True),
    _python('"""', "", [*PYTHON_ESCAPES, *BREAKS, "'", '" '], writable=True),
    _python("'''", "u", [*PYTHON_ESCAPES, *BREAKS, '"', "' "], writable=True),
    _python('"', "r", ["\\n", "\\d", "\\\\", '\\"', "'", "{"], writable=False),
    _python("'''", "R", ["\\n", '\\"', *BREAKS, "{", '"'], writable=False),
    _python('"', "f", [*(p for p in PYTHON_ESCAPES if p not in "{}"), *_F], writable=True),
    _python(
        "'''", "F", [*(p for p in PYTHON_ESCAPES if p not in "{}"), *_F, *BREAKS], writable=True
    ),
    _python('"', "rf", ["\\n", "\\d", *_F], writable=False),
    _python(
        '"', "", ["\\n", "' 'b", '" "', "\" '", "' \"", '" + x + "', '"\n  f"{x}'], writable=True
    ),
]


def _php(
    quote: str, fragments: Sequence[str], *, writable: bool = True, margin: str = ""
) -> LiteralForm:
    before = f"<?php return ['before', {quote}" + (f"{margin}z" if margin else "")
    after = quote.removeprefix("<<<").strip("'\n") if len(quote) > 1 else quote
    after = f"\n{margin}{after}\n, 'after'];" if len(quote) > 1 else f"{quote}, 'after'];"

    def wrap(body: str) -> str:
        return body.replace("\n", f"\n{margin}")

    return LiteralForm(
        f"php {quote.strip()} {margin!r}", "php", before, after, judges.php,
        [*COMMON, *fragments], writable, wrap,
    )  # fmt: skip


PHP_ESCAPES = [
    "\\n",
    "\\t",
    "\\\\",
    "\\'",
    "\\$",
    "\\x41",
    "\\101",
    "\\u{1F600}",
    "\\d",
    "\\e",
    "{",
    "}",
]
PHP_HOLES = ["$x", "{$x}", "{$x }", "{$x\n /* x */ }", "{$x/**/}"]
PHP = [
    _php("'", ["\\'", "\\\\", "\\n", "$x", '"', "\n", "\t"]),
    _php('"', [*PHP_ESCAPES, '\\"', *PHP_HOLES, "'", "\n"]),
    _php("<<<E\n", [*PHP_ESCAPES, *PHP_HOLES, "'", '"', "\n"]),
    _php("<<<'E'\n", ["\\n", "$x", "'", '"', "\n"], writable=False),
    _php("<<<E\n", [*PHP_ESCAPES, *PHP_HOLES[:3], "'", "\n", "\n\n"], writable=False, margin="  "),
    _php("<<<'E'\n", ["\\n", "$x", "'", "\n", "  ", "\n\n"], writable=False, margin="\t"),
]

GO_ESCAPES = [
    "\\n", "\\t", "\\\\", '\\"', "\\'", "\\x41", "\\xe9", "\\u002d", "\\U0001F600",
    "\\101", "\\d", "{", "$",
]  # fmt: skip


def _go(quote: str, fragments: Sequence[str], *, writable: bool = False) -> LiteralForm:
    before, after = f'package m\n\nvar v = []string{{"before", {quote}', f'{quote}, "after"}}\n'
    return LiteralForm(
        f"go {quote}", "go", before, after, judges.go, [*COMMON, *fragments], writable
    )


GO = [
    _go('"', [*GO_ESCAPES, "'", "`", "\t", '" + x + "', '" + `b` +\n"'], writable=True),
    _go("`", ["\\n", "\\", "'", '"', "\n", "\r\n", "` + x + `"]),
]

RUBY_ESCAPES = [
    "\\n", "\\t", "\\\\", "\\'", '\\"', "\\x41", "\\u002d", "\\u{1F600 41}", "\\101", "\\d", "\\e",
    "#{x}", "#", "{", "}", "\\#", "\n", "\\\n", "`",
]  # fmt: skip


def _ruby(
    opening: str, closing: str, fragments: Sequence[str], *, writable: bool = True
) -> LiteralForm:
    before, after = f"['before', {opening}", f"{closing}, 'after']\n"
    return LiteralForm(
        f"ruby {opening.strip()}",
        "ruby",
        before,
        after,
        judges.ruby,
        [*COMMON, *fragments],
        writable,
    )


RUBY = [
    _ruby("'", "'", ["\\n", "\\\\", "\\'", "#{x}", '"', "\n"], writable=False),
    _ruby('"', '"', [*RUBY_ESCAPES, "'", '" "', '" + x + "', '" + "b" + "', '" << "']),
    _ruby("%q(", ")", ["\\n", "\\\\", "\\)", "(b)", "#{x}", "'", "\n"], writable=False),
    _ruby("%Q{", "}", [*RUBY_ESCAPES, "'", "{b}", "\\}"]),
    _ruby("%w[z", "].join(' ')", ["\\n", "\\\\", "\\]", "\\ ", "[b]", "#{x}", "'"], writable=False),
    _ruby("%W[z", "] * ' '", [*(e for e in RUBY_ESCAPES if "\n" not in e), "[b]"], writable=False),
]

JS_ESCAPES = [
    "\\n", "\\t", "\\\\", "\\'", '\\"', "\\`", "\\x41", "\\u002d", "\\u{1F600}", "\\ud83d\\ude00",
    "\\0", "\\-", "\\q", "\\\n", "\\\r\n", "\\$", "\\é", "\\\u2028", "\t", "$", "{", "}", "\\u00e9",
]  # fmt: skip


def _javascript(quote: str, host: str, fragments: Sequence[str]) -> LiteralForm:
    return LiteralForm(
        f"{host} {quote}",
        host,
        f"['before', {quote}",
        f"{quote}, 'after']\n",
        judges.node,
        [*COMMON, *JS_ESCAPES, *fragments],
        writable=True,
    )


JAVASCRIPT = [
    _javascript('"', "javascript", ["'", "`", "\\101", "\u2028"]),
    _javascript("'", "typescript", ['"', "`", "\\251"]),
    _javascript("`", "javascript", ["'", '"', "${x}", "${'' + x}", "${`${x}`}", *BREAKS]),
    _javascript("`", "tsx", ["'", '"', "${x}", *BREAKS]),
    _javascript('"', "tsx", ['" + x + "', "' + '", "\" + 'b' + \"", '" +\n "']),
]

JSON = [
    LiteralForm(
        "json",
        "json",
        '["before", "',
        '", "after"]',
        judges.json_values,
        [
            *COMMON,
            "\\n",
            "\\t",
            "\\\\",
            '\\"',
            "\\/",
            "\\u002d",
            "\\ud83d\\ude00",
            "\\u00e9",
            "'",
            "\\b",
        ],
        writable=True,
    ),
]

_TOML_ESCAPES = ["\\n", "\\t", "\\\\", '\\"', "\\u002d", "\\U0001F600", "\\b", "\t", "'"]


def _toml(quote: str, fragments: Sequence[str], *, writable: bool) -> LiteralForm:
    return LiteralForm(
        f"toml {quote}",
        "toml",
        f'a = "before"\nb = {quote}',
        f"{quote}\nc = 'after'\n",
        judges.toml,
        [*COMMON, *fragments],
        writable,
    )


_LONG = [*_TOML_ESCAPES, *BREAKS, '" ', '""a']

TOML = [
    _toml('"', _TOML_ESCAPES, writable=True),
    _toml("'", ["\\", '"', "\\n", "\t"], writable=False),
    _toml('"""', _LONG, writable=True),
    _toml('"""', [*_LONG, "\\\n  ", "\\  \r\n\n "], writable=False),
    _toml("'''", [*BREAKS, "\\", "' ", '"', "''a"], writable=False),
]

_YAML_DOUBLE = [
    "\\n", "\\t", "\\\\", '\\"', "\\x41", "\\u002d", "\\U0001F600", "\\e", "\\ ", "\\/", "\\_",
    "\\N", "\\ud83d\\ude00", "'", ": ", " #",
]  # fmt: skip
_FOLDS = ["\u2028", "\n  ", "\r\n  ", "\n\n  ", " \n   ", "\n \t\n  "]


def _yaml(
    name: str,
    opening: str,
    closing: str,
    fragments: Sequence[str],
    *,
    writable: bool = False,
    wrap: Callable[[str], str] = str,
) -> LiteralForm:
    return LiteralForm(
        f"yaml {name}",
        "yaml",
        f"a: before\nb: {opening}",
        f"{closing}\nc: 'after'\n",
        judges.yaml,
        [*COMMON, *fragments],
        writable,
        wrap,
    )


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" if line.strip("\r") else line for line in text.split("\n"))


_BLOCK = [
    "\u2028",
    "\n",
    "\n",
    "\r\n",
    "\n\n",
    "\n  ",
    "\n ",
    "'",
    '"',
    "\\",
    ": ",
    "- ",
    "\t",
    "\\n",
]

YAML = [
    _yaml('"', '"', '"', [*_YAML_DOUBLE, *_FOLDS, "\\\n  ", "\\\r\n  ", "\\\n\n  "], writable=True),
    _yaml("'", "'", "'", ["''", '"', "\\", "\\n", ": ", " #", *_FOLDS]),
    _yaml("plain", "z", "", ["'", '"', "\\", "-", ":", *_FOLDS]),
    _yaml("tagged", "&x !!str\n  'z", "'", ["''", '"', *_FOLDS]),
    *(
        _yaml(style, f"{style}\n", "", _BLOCK, wrap=_indented)
        for style in ("|", "|-", "|+", "| # a", ">", ">-", ">+", "|2", "|2-", ">1-", "!!str |")
    ),
]

_SHELL = ["\n", "'", '"', "\\", "$", "`", "!", "*", "~", "\\n", "{a,b}"]


def _bash(
    name: str, opening: str, closing: str, fragments: Sequence[str], *, writable: bool = False
) -> LiteralForm:
    return LiteralForm(
        f"bash {name}",
        "bash",
        f"printf '%s\\0' before\nprintf '%s\\0' {opening}",
        f"{closing}\nprintf '%s\\0' after\n",
        judges.bash,
        [*COMMON, *fragments],
        writable,
    )


_DOUBLE = [
    '\\"', "\\\\", "\\$", "\\`", "\\\n", "\\n", "'", "\n", "$x ", "${x}", "$(echo $x)", "`echo $x`",
    "!", "${x:-a}", "$(echo \"$x\")", "${x#a}", "$ ",
]  # fmt: skip
_ANSI = [
    "\\n", "\\t", "\\\\", "\\'", '\\"', "\\x41", "\\xc3\\xa9", "\\303\\251", "\\u00e9",
    "\\U0001F600", "\\101", '"', "$x ", "\n", "\\e", "\\q",
]  # fmt: skip
_WORD = ["\\ ", "\\'", '\\"', "\\\\", "\\$", "'b c'", '"d e"', "$'\\n'", "x=", "[", "]", "\\\n"]
_DOCUMENT = [
    "\\$ ", "\\`", "\\\\", "\\n", "\\\n", "\n", "\n\\", '"', "'", "$x ", "${x}", "$(echo $x)", "\t",
]  # fmt: skip

BASH = [
    _bash('"', '"', '"', _DOUBLE, writable=True),
    _bash("'", "'", "'", ["\\", '"', "$x ", "`", "\n", "\\n", "'\\''"], writable=True),
    _bash("$'", "$'", "'", _ANSI),
    _bash("word", "z", "", _WORD),
    _bash("word", "z", "", ["'b c'", '"d $x e"', "$'\\n'", "x=", '"$x"', "${x}", "`echo $x`"]),
    LiteralForm(
        "bash <<E",
        "bash",
        "printf '%s\\0' before\ncat <<E\n",
        "\nE\nprintf '\\0'\nprintf '%s\\0' after\n",
        judges.bash,
        [*COMMON, *_DOCUMENT],
        writable=False,
    ),
    LiteralForm(
        "bash <<-'E'",
        "bash",
        "printf '%s\\0' before\ncat <<-'E'\n",
        "\nE\nprintf '\\0'\nprintf '%s\\0' after\n",
        judges.bash,
        [*COMMON, "\\$", "\\", "\\n", "\n", "\n\t", "\n\t\t", '"', "'", "$x ", "`"],
        writable=False,
    ),
]  # fmt: skip


def _markdown(name: str, before: str, prefix: str, after: str) -> LiteralForm:
    def wrap(text: str) -> str:
        return "\n".join(f"{prefix}{line}" for line in text.split("\n"))

    return LiteralForm(
        f"markdown {name}",
        "markdown",
        f"```\nbefore\n```\n\n{before}",
        f"\n{after}\n\n~~~\nafter\n~~~\n",
        judges.markdown,
        [
            *COMMON,
            "\n",
            "\n\n",
            "\n  ",
            "\r\n",
            "`",
            "<!--",
            "&amp;",
            "\\",
            '"',
            "*",
            "\n- ",
            "\n> ",
        ],
        wrap=wrap,
    )


MARKDOWN = [
    _markdown("fence", "```text\n", "", "```"),
    _markdown("fence ~~~~", "~~~~ sh x=1\n", "", "~~~~"),
    _markdown("indented fence", "  ```text\n", "  ", "  ```"),
    _markdown("fence in a list", "- item\n\n  ```sh\n", "  ", "  ```"),
    _markdown("fence in a quote", "> ```sh\n", "> ", "> ```"),
    _markdown("fence in a list in a quote", "> 1. a\n>    ```\n", ">    ", ">    ```"),
    _markdown("indented code", "    z", "    ", "end"),
    LiteralForm(
        "markdown `",
        "markdown",
        "a `before` b `` ",
        " `` c `after`\n",
        judges.code_spans,
        [*COMMON, "\\", '"', "&amp;", "*", "_", "` a", "<a"],
    ),
]


CSV = [
    LiteralForm(
        'csv "',
        "csv",
        'before,"',
        '",after\r\n',
        judges.csv_cells,
        [*COMMON, '""', ",", "\n", "\r\n", "\\", "'", ";"],
        writable=True,
    ),
    LiteralForm(
        "csv", "csv", "before,", ",after\n", judges.csv_cells, [*COMMON, "\\", "'", ";", 'a"b']
    ),
    LiteralForm(
        "tsv",
        "tsv",
        "before\t",
        "\tafter\n",
        lambda d: judges.csv_cells(d, "\t"),
        [*COMMON, "\\", "'"],
    ),
]

FORMS = [*PYTHON, *PHP, *GO, *RUBY, *JAVASCRIPT, *JSON, *TOML, *YAML, *BASH, *MARKDOWN, *CSV]
