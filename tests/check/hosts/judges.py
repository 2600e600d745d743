"""The real readers of each kind of file: what they say a document holds is right."""

import ast
import atexit
import csv
import io
import json
import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from markdown_it import MarkdownIt
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from flaglift.check.hosts.base import HOLE
from peers import program

Values = Sequence[str] | None
"""The strings of a document, in order; None where the reader does not accept it."""


def python(document: str) -> Values:
    """Assignments; `x` is the value of a hole."""
    try:
        tree = ast.parse(document)
    except (SyntaxError, ValueError):
        return None
    names: dict[str, Any] = {"x": HOLE}
    try:
        exec(compile(tree, "document", "exec"), names)  # noqa: S102
    except (NameError, TypeError, ValueError):
        return None  # such as "a" % "b" or "a" % b
    return list(names["values"])


_EVALUATE = """
const vm = require('vm');
require('readline').createInterface({input: process.stdin}).on('line', (line) => {
  let values = null;
  try { values = vm.runInNewContext(JSON.parse(line), {x: '\\ufffc'}); } catch (error) {}
  console.log(JSON.stringify(values));
});
"""


@cache
def _reader(*command: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )
    atexit.register(process.communicate)
    return process


def _asked(process: subprocess.Popen[str], document: str) -> Values:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(document) + "\n")
    process.stdin.flush()
    values: Values = json.loads(process.stdout.readline())
    return values


def node(document: str) -> Values:
    """A script whose last value is a list; `x` is the value of a hole."""
    return _asked(_reader(program("node"), "-e", _EVALUATE), document)


def bash(document: str) -> Values:
    """A script that prints values with a NUL behind each; `x` is the value of a hole."""
    done = subprocess.run(
        [program("bash"), "--norc"],
        input=document.encode(),
        capture_output=True,
        check=False,
        env={"x": HOLE, "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
    )
    if done.returncode or done.stderr:
        return None
    return done.stdout.decode().split("\0")[:-1]


_PHP = r"""
set_error_handler(function ($number, $message) { throw new Exception($message); });
while (($line = fgets(STDIN)) !== false) {
  $x = "\u{fffc}"; $values = null;
  try { $values = eval(json_decode($line)); } catch (Throwable $error) {}
  $out = json_encode($values, JSON_UNESCAPED_UNICODE);
  echo ($out === false ? "null" : $out) . "\n";
}
"""


def php(document: str) -> Values:
    """A page that returns a list; `$x` is the value of a hole."""
    reader = _reader("php", "-d", "display_errors=0", "-r", _PHP)
    return _asked(reader, document.removeprefix("<?php "))


_RUBY = r"""
require 'json'
STDIN.each_line do |line|
  x = "\ufffc"
  values = begin
    eval(JSON.parse(line))
  rescue SyntaxError, StandardError
    nil
  end
  puts(begin JSON.generate(values) rescue 'null' end)
  STDOUT.flush
end
"""


def ruby(document: str) -> Values:
    """A list; `x` is the value of a hole, and of one with nothing in it if there can be holes."""
    plain = re.search(r"'before', (?:'|%q\(|%w\[)", document)
    filled = document if plain else re.sub(r"(?<!\\)((?:\\\\)*)#\{\}", r"\1#{x}", document)
    return _asked(_reader(program("ruby"), "-W0", "-Ku", "-e", _RUBY), filled)


_GO = Path(__file__).with_name("judge.go")


@cache
def _go() -> subprocess.Popen[str]:
    folder = tempfile.mkdtemp()
    built = str(Path(folder, "judge"))
    known = {"GOCACHE": str(Path(folder, "cache")), "GOFLAGS": "-mod=mod", "GO111MODULE": "off"}
    environment = {**os.environ, **known}
    command = [program("go"), "build", "-o", built, str(_GO)]
    subprocess.run(command, check=True, env=environment, timeout=280)
    process = subprocess.Popen(
        [built], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    atexit.register(shutil.rmtree, folder)
    atexit.register(process.communicate)
    return process


def go(document: str) -> Values:
    """A file with a list of strings; `x` is the value of a hole."""
    return _asked(_go(), document)


def json_values(document: str) -> Values:
    try:
        return list(json.loads(document))
    except ValueError:
        return None


def toml(document: str) -> Values:
    try:
        return list(tomllib.loads(document).values())
    except ValueError:
        return None


def yaml(document: str) -> Values:
    try:
        values = YAML(typ="safe", pure=True).load(document)
    except (YAMLError, ValueError):
        return None
    found = list(values.values()) if isinstance(values, dict) else []
    return found if all(isinstance(value, str) for value in found) else None


def markdown(document: str) -> Values:
    """The blocks of code."""
    tokens = MarkdownIt("commonmark").parse(document)
    return [token.content for token in tokens if token.type in ("fence", "code_block")]


def code_spans(document: str) -> Values:
    tokens = MarkdownIt("commonmark").parse(document)
    inner = [child for token in tokens for child in token.children or []]
    return [child.content for child in inner if child.type == "code_inline"]


def csv_cells(document: str, delimiter: str = ",") -> Values:
    rows = list(csv.reader(io.StringIO(document, newline=""), strict=True, delimiter=delimiter))
    return [cell for row in rows for cell in row]


def form(document: str) -> Values:
    return [value for _, value in parse_qsl(document, keep_blank_values=True, strict_parsing=True)]
