"""Information shown next to prompts: hovers, inlay hints, semantic tokens, counts, links."""

import re
from collections.abc import Iterator
from decimal import Decimal

from lsprotocol import types

from flaglift.check.hosts.base import Literal
from flaglift.check.hosts.checking import request_of
from flaglift.documentation import rule_link
from flaglift.linting.engine import find_rule, subjects_of
from flaglift.lossless.spans import Span
from flaglift.lsp import wording
from flaglift.lsp.documents import DocumentVersion
from flaglift.lsp.parts import DocumentPrompt
from flaglift.lsp.places import code_point_at, is_in, node_at, subject_at
from flaglift.lsp.reading import DocumentReading
from flaglift.lsp.server import EditorServer, Feature
from flaglift.report.text import counted
from flaglift.rules.base import cents
from flaglift.settings import Settings
from flaglift.syntax.flags import FlagName, ValueKind
from flaglift.syntax.nodes import Flag, Reference

_WORD = re.compile(rb"[\w-]+")

TOKENS = ("keyword", "enumMember", "number", "string", "variable", "parameter")
"""Flags, models, lengths, video prompts, references, holes."""

_OF_KINDS = {ValueKind.WORD: 1, ValueKind.WHOLE_NUMBER: 2, ValueKind.TEXT: 3}


def rule_words(reading: DocumentReading) -> Iterator[tuple[Span, str]]:
    """Yield the rule codes that suppressions name, each with its bytes."""
    for directive in reading.directives:
        start, end = directive.comment.start, directive.comment.end
        opening = reading.data.find(b"[", start, end)
        for word in _WORD.finditer(reading.data, opening, end) if opening >= 0 else ():
            for code, written in directive.rules.items():
                if written.encode() == word[0]:
                    yield Span(*word.span()), code


async def _hover(ls: EditorServer, params: types.HoverParams) -> types.Hover | None:
    at = await ls.at(params.text_document.uri, params.position)
    if at is None:
        return None
    shown = hover(at.reading, at.offset)
    if shown is None:
        return None
    content = types.MarkupContent(types.MarkupKind.Markdown, shown[1])
    return types.Hover(content, at.version.location(shown[0]).range)


def hover(reading: DocumentReading, offset: int) -> tuple[Span, str] | None:
    """Return the hover text for a byte, and the range it describes."""
    for span, code in rule_words(reading):
        if span.start <= offset <= span.end:
            return span, wording.of_rule(find_rule(code))
    prompt = reading.prompt_at(offset)
    if prompt is None:
        return None
    literal = prompt.literal
    at = code_point_at(literal, offset)
    node = node_at(literal, at)
    if isinstance(node, Reference):
        return literal.locate(node.span), wording.of_reference(node)
    if isinstance(node, Flag):
        in_value = is_in(node.value, at)
        place = node.value.span if node.value and in_value else node.name_span
        known = in_value and not literal.touches_hole(place)
        said = _of_value(literal, node, reading.job.settings) if known else ""
        return literal.locate(place), said or wording.of_flag(node.name)
    return None


def _of_value(literal: Literal, flag: Flag, settings: Settings) -> str:
    """Return the explanation of a flag's value; empty if the flag's own meaning is enough."""
    subjects = subjects_of(literal.text, literal.prompt, settings, request_of(literal))
    subject = subject_at(subjects, flag.start)
    if flag.name is FlagName.VIDEO_MODEL and flag.value:
        return wording.of_model(flag.value.text, subject.catalog, subject.duration)
    return wording.of_length(subject) if flag.name is FlagName.DURATION else ""


async def _hints(ls: EditorServer, params: types.InlayHintParams) -> list[types.InlayHint]:
    at = await ls.at(params.text_document.uri, params.range.start)
    if at is None:
        return []
    end = at.version.offset(params.text_document.uri, params.range.end)
    return await ls.in_reader(hints, at.reading, at.version, Span(at.offset, end))


def hints(reading: DocumentReading, version: DocumentVersion, place: Span) -> list[types.InlayHint]:
    """Return hints for a range: the field of each flag, and the cost of each prompt."""
    hints = []
    for prompt in reading.prompts_in(place):
        literal = prompt.literal
        for flag in literal.prompt.flags:
            if flag.name.field:
                end = literal.locate(flag.name_span).end
                hints.append(_hint(version, end, f"→ {flag.name.field}", "The form field."))
        if said := cost(prompt):
            end = literal.locate(Span(0, len(literal.text))).end
            hints.append(_hint(version, end, said, "What the video costs, and its length."))
    return hints


def _hint(version: DocumentVersion, offset: int, label: str, tooltip: str) -> types.InlayHint:
    position = version.location(Span(offset, offset)).range.start
    return types.InlayHint(position, label, tooltip=tooltip, padding_left=True)


def cost(prompt: DocumentPrompt) -> str:
    """Return the cost and the length of a prompt's videos; empty if unknown."""
    videos = prompt.facts.videos
    prices = [each.cents for each in videos if each.cents is not None]
    lengths = [each.seconds for each in videos if each.seconds is not None]
    if not videos or len(prices) != len(videos) or len(lengths) != len(videos):
        return ""
    about = "≈ " if any(each.is_assumed for each in videos) else ""
    return f"{about}{cents(sum(prices, Decimal(0)))} · {sum(lengths)} s"


async def _tokens(ls: EditorServer, params: types.SemanticTokensParams) -> types.SemanticTokens:
    uri = params.text_document.uri
    at = await ls.at(uri, types.Position(0, 0))
    return types.SemanticTokens(
        await ls.in_reader(tokens, at.reading, at.version, uri) if at else []
    )


def tokens(reading: DocumentReading, version: DocumentVersion, uri: str) -> list[int]:
    """Return semantic tokens for flags, values, references and holes, as the protocol has them."""
    tokens = []
    for prompt in reading.prompts:
        for span, kind in _coloured(prompt):
            for piece in version.lines(span):
                location = version.location(piece)
                if location.uri == uri and piece.start < piece.end:
                    start, end = location.range.start, location.range.end
                    tokens.append((start.line, start.character, end.character, kind))
    data: list[int] = []
    line = column = 0
    for number, start_column, end_column, kind in sorted(tokens):
        column = column if number == line else 0
        if number == line and start_column < column and data:
            continue  # of prompts nested in each other
        data += [number - line, start_column - column, end_column - start_column, kind, 0]
        line, column = number, start_column
    return data


def _coloured(prompt: DocumentPrompt) -> Iterator[tuple[Span, int]]:
    literal = prompt.literal
    for flag in literal.prompt.flags:
        yield literal.locate(flag.name_span), 0
        if flag.value and not literal.touches_hole(flag.value.span):
            yield literal.locate(flag.value.span), _OF_KINDS[flag.name.kind]
    for reference in literal.prompt.references:
        inside = any(
            flag.value and flag.value.start <= reference.start < flag.value.end
            for flag in literal.prompt.flags
        )
        if not inside:
            yield literal.locate(reference.span), 4
    for hole in literal.holes:
        yield literal.locate(Span(hole.at, hole.at + 1)), 5


async def _lens(ls: EditorServer, params: types.CodeLensParams) -> list[types.CodeLens]:
    at = await ls.at(params.text_document.uri, types.Position(0, 0))
    title = totals(at.reading) if at else ""
    place = types.Range(types.Position(0, 0), types.Position(0, 0))
    if at and at.version.location(Span(0, 0)).uri != params.text_document.uri:
        return []  # not the first cell, which reports for the whole notebook
    return [types.CodeLens(place, types.Command(title, ""))] if title else []


def totals(reading: DocumentReading) -> str:
    """Return the number of prompts, and the cost of their videos; empty without prompts."""
    if not reading.prompts:
        return ""
    videos = [video for prompt in reading.prompts for video in prompt.facts.videos]
    known = [video.cents for video in videos if video.cents is not None]
    parts = [counted(len(reading.prompts), "prompt"), counted(len(videos), "video")]
    if known:
        parts.append(cents(sum(known, Decimal(0))))
    if len(known) < len(videos):
        parts.append(f"{len(videos) - len(known)} of unknown price")
    return ", ".join(parts)


async def _links(ls: EditorServer, params: types.DocumentLinkParams) -> list[types.DocumentLink]:
    at = await ls.at(params.text_document.uri, types.Position(0, 0))
    return [
        types.DocumentLink(at.version.location(span).range, rule_link(code), f"{code}: its page")
        for span, code in (rule_words(at.reading) if at else ())
        if at and at.version.location(span).uri == params.text_document.uri
    ]


_LEGEND = types.SemanticTokensLegend(TOKENS, ())

FEATURES: tuple[Feature, ...] = (
    (types.TEXT_DOCUMENT_HOVER, _hover, None),
    (types.TEXT_DOCUMENT_INLAY_HINT, _hints, None),
    (types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, _tokens, _LEGEND),
    (types.TEXT_DOCUMENT_CODE_LENS, _lens, None),
    (types.TEXT_DOCUMENT_DOCUMENT_LINK, _links, None),
)
