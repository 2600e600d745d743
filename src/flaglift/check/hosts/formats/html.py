"""HTML, and the single-file components of Vue and Svelte: text, attributes, scripts."""

import html
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from tree_sitter import Node

from flaglift.check.hosts.base import Around, Literal, Origin, Piece, PieceKind
from flaglift.check.hosts.formats.braces import markup
from flaglift.check.hosts.formats.codec import LINE_END, DividedText, Escaped, ScannedLiteral
from flaglift.check.hosts.formats.flow import BLOCKS, Item, Passage, passages
from flaglift.check.hosts.formats.origins import text_of
from flaglift.check.hosts.formats.tags import (
    MarkupToken,
    is_in_one_token,
    readable_end,
    texts_and_tags,
)
from flaglift.check.hosts.formats.trees import TreeParts, broken_from, is_broken, nodes, parse
from flaglift.check.hosts.pieces import BROKEN
from flaglift.lossless.spans import Span

_MODULE = "tree_sitter_html"
_ENTITY = rb"&(?:#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,8}|[a-zA-Z][a-zA-Z0-9]{1,40});?|"
_RAW = ("textarea", "title")
_BLANK = b" \t\r\n\f"
_SCRIPTS = {"module": "javascript", "text/javascript": "javascript", "": "javascript",
            "text/babel": "javascript", "ts": "typescript", "tsx": "tsx", "jsx": "javascript",
            "application/json": "json", "application/ld+json": "json"}  # fmt: skip


def _decode(raw: bytes) -> str | None:
    if raw[:1] == b"\r":
        return "\n"
    text = raw.decode()
    meant = html.unescape(text)
    # Without its semicolon an entity is one here, and text there.
    return None if meant != text and not text.endswith(";") else meant


_WRITTEN = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
_BRACES = {ord("{"): "&#123;", ord("}"): "&#125;"}
_QUOTES = {ord('"'): "&quot;", ord("'"): "&#39;"}


def _form(name: str, written: Mapping[int, str]) -> Escaped:
    return Escaped(name, re.compile(_ENTITY + LINE_END), _decode, written, re.compile("\0"))


_CODE = Escaped("HTML script", re.compile(rb"(?!)"), lambda _: None, {}, re.compile(r"</|\0"),
                universal=False)  # fmt: skip
_EXPRESSION = Escaped("expression", re.compile(rb"(?!)"), lambda _: None, universal=False)


class HtmlHost(TreeParts):
    """A page or a component."""

    module = _MODULE

    def __init__(self, name: str) -> None:
        self.name = name
        braces = {} if name == "html" else _BRACES
        self._text = _form("HTML text", _WRITTEN | braces)
        self._expression = (
            _form("Vue expression", {ord("&"): "&amp;"}) if name == "vue" else _EXPRESSION
        )
        in_values = braces if name == "svelte" else {}
        self._attribute = _form("HTML attribute", _WRITTEN | _QUOTES | in_values)

    def parsed(self, data: bytes) -> bytes:
        """Return the document in a form that an HTML parser can read."""
        return markup(self.name, data).data

    def units(self, root: Node, data: bytes) -> Iterator[tuple[int, Hashable]]:  # noqa: ARG002
        """Yield where elements begin that no text reaches into; plain text in one is one text."""
        parsed = self.parsed(data)
        # What is in a tag that may be none is known from the document only.
        end, last = 0, 0 if _flag_names(parsed) else readable_end(parsed)
        for node in nodes(parsed, ("element", "script_element"), _MODULE):
            tag = _tag(node.named_child(0))
            if end <= node.start_byte < last and tag in BLOCKS:
                yield node.start_byte, None
                if node.type == "element" and tag in _RAW:
                    end = node.end_byte

    def found(self, data: bytes, part: Span | None) -> Iterator[Literal]:
        """Yield texts, the values of attributes, scripts and expressions."""
        yield from self._texts(data, part)
        yield from self._attributes(data, part)
        yield from self._scripts(data, part)
        yield from self._expressions(data, part)

    def _texts(self, data: bytes, part: Span | None) -> Iterator[Literal]:
        parsed = self.parsed(data)
        for node in nodes(parsed, ("element",), _MODULE, part=part):
            children = node.named_children
            opening, closing = children[0], children[-1]
            tag = _tag(opening)
            if tag in _RAW and len(children) > 1:
                inside = Span(opening.end_byte, closing.start_byte)
                skipped = re.compile(rb"\r?\n").match(data, *inside) if tag == "textarea" else None
                inside = Span(skipped.end() if skipped else inside.start, inside.end)
                yield self._literal(
                    node, data, inside, self._text, Origin("shown", _name(opening) or tag)
                )
        blocks = self._blocks(data)
        start, end = part or Span(0, len(data))
        tokens = texts_and_tags(parsed[start:end])
        items = (self._item(data, token, start, blocks) for token in tokens)
        for passage in passages(items):
            yield self._passage(data, passage, blocks)

    def _item(self, data: bytes, token: MarkupToken, offset: int, blocks: list[range]) -> Item:
        place = Span(token.place.start + offset, token.place.end + offset)
        if token.name:
            name = token.name.lower() if self.name == "html" else token.name
            return Item(place, None, name, token.closes)
        form = self._text_at(place, blocks)
        return Item(place, "".join(piece.text for piece in self._scan(data, place, form).pieces))

    def _passage(self, data: bytes, passage: Passage, blocks: list[range]) -> Literal:
        """Return a literal of several texts, without the blanks around them."""
        first, last = passage.items[0].place, passage.items[-1].place
        start = first.start + len(data[slice(*first)]) - len(data[slice(*first)].lstrip(_BLANK))
        end = last.start + len(data[slice(*last)].rstrip(_BLANK))
        form = self._text_at(first, blocks)
        scanned = ScannedLiteral()
        for place, text, *_ in passage.items:
            if text is None:
                scanned.atom(place, "\n")
                continue
            more = self._scan(data, Span(max(place.start, start), min(place.end, end)), form)
            scanned.pieces += more.pieces
            scanned.unclear = scanned.unclear or more.unclear
        return Literal(
            host=self.name,
            form=DividedText(form) if len(passage.items) > 1 else form,
            start=start,
            end=end,
            inside=start,
            pieces=tuple(scanned.pieces),
            look=partial(_look_at_text, self.parsed(data), start, Origin(passage.role)),
            source=data,
            unclear=scanned.unclear,
        )

    def _blocks(self, data: bytes) -> list[range]:
        """Return the blocks in which Vue, or a plugin, reads something other than markup."""
        root = parse(self.parsed(data), _MODULE).root_node
        return [
            range(node.start_byte, node.end_byte)
            for node in (root.named_children if self.name == "vue" else ())
            if node.type == "element" and _tag(node.named_child(0)) != "template"
        ]

    def _text_at(self, place: Span, blocks: list[range]) -> Escaped:
        return _CODE if _is_inside(place, blocks) else self._text

    def _attributes(self, data: bytes, part: Span | None) -> Iterator[Literal]:
        for node in nodes(self.parsed(data), ("attribute",), _MODULE, part=part):
            children = node.named_children
            name, value = text_of(children[0]), children[-1]
            if value.type not in ("attribute_value", "quoted_attribute_value"):
                continue
            place = Span(value.start_byte, value.end_byte)
            quoted = value.type == "quoted_attribute_value"
            inside = Span(place.start + quoted, place.end - quoted)
            origin = Origin("value", (_name(node.parent) if name == "value" else "") or name)
            if _PROGRAMS.match(name):
                origin = Origin("code", "typescript" if self.name == "vue" else "javascript")
                loop = _LOOP.match(data, *inside) if name == "v-for" else None
                inside = Span(loop.end() if loop else inside.start, inside.end)
            literal = self._literal(node, data, inside, self._attribute, origin)
            if _VALUES.match(name):  # otherwise a text or an object would be a statement
                before = Piece(PieceKind.ATOM, inside.start, inside.start, "return ")
                literal = replace(literal, pieces=(before, *literal.pieces))
            yield literal if quoted else replace(literal, unclear=UNQUOTED)

    def _scripts(self, data: bytes, part: Span | None) -> Iterator[Literal]:
        for node in nodes(self.parsed(data), ("raw_text",), _MODULE, part=part):
            opening = node.prev_named_sibling
            if _tag(opening) != "script" or opening is None:
                continue
            language = _SCRIPTS.get(_given(opening, "type", "lang"), "html")
            place = Span(node.start_byte, node.end_byte)
            yield self._literal(node, data, place, _CODE, Origin("code", language))

    def _expressions(self, data: bytes, part: Span | None) -> Iterator[Literal]:
        for expression in markup(self.name, data).expressions:
            place = expression.code
            if part and not part.start <= place.start < part.end:
                continue
            before = Piece(PieceKind.ATOM, place.start, place.start, "return <>{")
            behind = Piece(PieceKind.ATOM, place.end, place.end, "}</>")
            yield Literal(
                host=self.name,
                form=self._expression,
                start=place.start,
                end=place.end,
                inside=place.start,
                pieces=(before, *self._expression.pieces(data, place).pieces, behind),
                look=partial(Around, Origin("code", "tsx")),
                source=data,
            )

    def _scan(self, data: bytes, inside: Span, form: Escaped) -> ScannedLiteral:
        return form.pieces(data, inside, markup(self.name, data).holes(inside))

    def _literal(
        self, node: Node, data: bytes, inside: Span, form: Escaped, origin: Origin
    ) -> Literal:
        scanned = self._scan(data, inside, form)
        return Literal(
            host=self.name,
            form=form,
            start=inside.start,
            end=inside.end,
            inside=inside.start,
            pieces=tuple(scanned.pieces),
            look=partial(_look, node, self.parsed(data), origin),
            source=data,
            unclear=scanned.unclear,
        )

    def gaps(self, data: bytes) -> Sequence[Span]:
        """Return everything after the first parse error, and names that look like flags."""
        parsed = self.parsed(data)
        return [*broken_from(parse(parsed, _MODULE).root_node), *_flag_names(parsed)]


_PROGRAMS = re.compile(r"[:@#.]|v-|x-|ng-|on[a-z]|on:")
"""Names of attributes whose values are code: of browsers, Vue, Alpine and Angular."""
_VALUES = re.compile(r"[:.]|v-(?!on\b)|x-(?:bind|data|for|html|if|model|show|text)\b")
"""Names of attributes whose values are expressions; those of others may be statements."""
_LOOP = re.compile(rb"[^\"'`\[]*?\s(?:in|of)\s")
UNQUOTED = "it has no quotes around it"


def _flag_names(data: bytes) -> list[Span]:
    """Return the names of attributes that look like flags, in text that was taken for a tag."""
    names = nodes(data, ("attribute_name",), _MODULE)
    return [Span(each.start_byte, each.end_byte) for each in names if text_of(each)[:2] == "--"]


def _is_inside(place: Span, blocks: list[range]) -> bool:
    return any(place.start in each for each in blocks)


def _tag(opening: Node | None) -> str:
    return text_of(opening.named_child(0)).lower() if opening is not None else ""


def _name(opening: Node | None) -> str:
    """Return the name of the form field that a tag is, if any."""
    return _given(opening, "name") if opening is not None else ""


def _given(opening: Node, *names: str) -> str:
    """Return the value of the first of a tag's attributes with one of the names, if any."""
    for child in opening.named_children[1:]:
        name, *values = [*map(text_of, child.named_children), ""]
        if child.type == "attribute" and name in names:  # skips errors
            return "".join(values[:1]).strip("\"'")
    return ""


def _look(node: Node, data: bytes, origin: Origin) -> Around:
    place = Span(node.start_byte, node.end_byte)
    if node.type == "element":  # only its text is needed
        place = Span(node.children[0].end_byte, node.children[-1].start_byte)
    broken = is_broken(node, data, _MODULE) and not is_in_one_token(data, place)
    locked = BROKEN if broken else ""
    # No comment can be inside a tag, or between a tag and its text.
    tag = node.parent if node.type == "attribute" else node
    opener = tag.start_byte if tag is not None and node.type in ("attribute", "element") else None
    return Around(origin, locked, opener=opener)


def _look_at_text(data: bytes, start: int, origin: Origin) -> Around:
    """Return the context of a text, which also begins where the tag of its element does."""
    first = parse(data, _MODULE).root_node.descendant_for_byte_range(start, start)
    above = first.parent if first is not None else None
    return Around(origin, begins=(above.start_byte,) if above is not None else ())


def make(name: str) -> HtmlHost:
    """Return the host of HTML, Vue or Svelte."""
    return HtmlHost(name)
