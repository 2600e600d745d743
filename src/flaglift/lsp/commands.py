"""The commands that editors can execute: explain a rule, copy a prompt as a request."""

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from flaglift.api import translate
from flaglift.check.hosts.checking import request_of
from flaglift.documentation import rule_link
from flaglift.emit.request import curl_command, form_pairs, python_snippet
from flaglift.emit.translation import TranslationStatus
from flaglift.errors import FlagliftError
from flaglift.linting.engine import find_rule
from flaglift.lsp.server import EditorServer
from flaglift.rules.pages import summary

EXPLAIN = "flaglift.explain"
COPY = "flaglift.copyAs"
FORMS = ("form", "curl", "python")
"""The formats in which a prompt can be copied."""


async def explain(ls: EditorServer, code: str) -> str:
    """Show a rule's page, and return its summary; raises if there is no such rule."""
    try:
        rule = find_rule(code)
    except FlagliftError as error:
        raise JsonRpcInvalidParams(str(error)) from None
    said = f"{rule.code} {rule.name}: {summary(rule)}"
    asked = ls.client_capabilities.window
    if asked and asked.show_document and asked.show_document.support:
        link = types.ShowDocumentParams(rule_link(rule.code), external=True)
        await ls.window_show_document_async(link)
    else:
        message = types.ShowMessageParams(types.MessageType.Info, f"{said} {rule_link(rule.code)}")
        ls.window_show_message(message)
    return said


async def copy(ls: EditorServer, uri: str, position: types.Position, form: str) -> str:
    """Return the prompt at a position as `form`, `curl` or `python`.

    Raises, with the reason, if there is no prompt there, or it cannot be translated.
    """
    document = ls.session.document(uri)
    if document is None:
        raise JsonRpcInvalidParams(f"{uri} is not open")
    if form not in FORMS:
        raise JsonRpcInvalidParams(f"{form!r} is not one of {', '.join(FORMS)}")
    current = await ls.read(document)
    prompt = None
    if current.reading:
        prompt = current.reading.prompt_at(current.version.offset(uri, position))
    if prompt is None or current.reading is None:
        raise JsonRpcInvalidParams("there is no prompt here")
    literal = prompt.literal
    if literal.holes or literal.doubt:
        raise JsonRpcInvalidParams(
            f"the text is not known: {literal.doubt or literal.holes[0].source}"
        )
    context = request_of(literal)
    translation = translate(literal.text, current.reading.job.settings, context)
    if translation.status is TranslationStatus.REFUSED:
        reasons = [each.message for each in translation.diagnostics if each.refuses]
        raise JsonRpcInvalidParams("; ".join(reasons))
    values = {**context.given, **translation.values}
    if form == "curl":
        return curl_command(values, {})
    if form == "python":
        return python_snippet(values, {})
    return "\n".join(f"{name}={value}" for name, value in form_pairs(values))
