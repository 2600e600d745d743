"""One prompt in a request: turns its text and the other values into the fields to send."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from flaglift.api import translate
from flaglift.context import Context, is_absent
from flaglift.diagnostics import Diagnostic
from flaglift.emit.translation import TranslationStatus
from flaglift.settings import Settings
from flaglift.shim.core.policy import Mode, Policy
from flaglift.shim.core.record import Reason, RequestRecord
from flaglift.shim.core.refusal import Doubt, refused_prompt
from flaglift.shim.core.routes import Route
from flaglift.shim.core.scan import count_flags

MOST_TEXT = 32 * 1024
"""The most code points of text read per request, since no other is served meanwhile."""


_WARMING = (
    'a cat --video --video_model kling25 --duration 5 --video_prompt "it yawns"',
    'a "cat" <lora:a:1> --video --video_model kling25\nnum_images=1',
    'a {cat|dog} \N{EM DASH}video -video a="\\"" --vidoe\n---\n--duration 5 --video',
)
"""Prompts that use all parts of the dialect."""


def warm_up(settings: Settings) -> None:
    """Load everything that the first prompts with flags need, so that no request waits for it."""
    for text in _WARMING:
        translate(text, settings)


class PromptChange(NamedTuple):
    """The changes for a prompt that is translated."""

    text: str | None
    """The new text; None to leave the field out."""
    added: dict[str, Any]
    """The fields set by flags that the request does not have."""
    filled: dict[str, Any]
    """The fields set by flags that the request has, but empty."""


@dataclass(slots=True)
class Judge:
    """Decides on the prompts of one request, and records what it saw."""

    route: Route
    policy: Policy
    mode: Mode
    record: RequestRecord

    def decide(
        self, text: str, beside: Mapping[str, Any], *, complete: bool
    ) -> PromptChange | None:
        """Return the changes for a prompt; None to leave it as it is.

        `beside` are the prompt's other values in the request, and `complete` says
        whether all of the request was seen. Raises `Doubt` if there is too much text, `Refusal` in
        mode `strict`.
        """
        self.record.characters += len(text)
        if self.record.characters > MOST_TEXT:
            raise Doubt(Reason.TOO_LARGE)
        # An update leaves missing fields as they are stored: absent here means unknown.
        complete = complete and self.route.creates
        verdict = _verdict(text, self.policy.settings, beside, complete=complete)
        self.record.add(verdict.status, verdict.codes)
        if verdict.status is TranslationStatus.REFUSED and self.mode is Mode.STRICT:
            self.record.refused = True
            raise refused_prompt(verdict.reasons)
        if verdict.status is not TranslationStatus.TRANSLATED:
            self.record.mentions += count_flags(text.encode(errors="replace"), escapes=False)
            return None
        said = dict(verdict.values)
        new_text = said.pop("text", None)
        if new_text is None and not self.route.creates:
            new_text = ""  # if omitted, the stored text would stay, with its flags
        if not beside:
            return PromptChange(new_text, said, {})
        return PromptChange(
            text=new_text,
            added={name: value for name, value in said.items() if name not in beside},
            filled={name: said[name] for name in said if is_absent(beside.get(name, 0))},
        )


class _Verdict(NamedTuple):
    """The needed parts of a translation: a thousand whole ones would fill the memory."""

    status: TranslationStatus
    values: Mapping[str, Any]
    codes: tuple[str, ...]
    reasons: tuple[Diagnostic, ...]
    """All findings, if it was refused."""


_MOST_REMEMBERED = 2000
"""The longest text whose translation is remembered, in code points."""


def _verdict(
    text: str, settings: Settings, beside: Mapping[str, Any], *, complete: bool
) -> _Verdict:
    # Programs send the same prompts over and over; their meaning does not change.
    if len(text) <= _MOST_REMEMBERED:
        try:
            # With their spelling, because 1, 1.0 and True are equal and mean different things.
            key = tuple((name, value, repr(value)) for name, value in beside.items())
            return _remembered(text, settings, key, complete)
        except TypeError:
            pass  # a value that cannot be remembered, such as a list
    return _translated(text, settings, beside, complete)


@lru_cache(maxsize=1024)
def _remembered(
    text: str, settings: Settings, beside: tuple[tuple[str, Any, str], ...], complete: bool
) -> _Verdict:
    return _translated(text, settings, {name: value for name, value, _ in beside}, complete)


def _translated(
    text: str, settings: Settings, beside: Mapping[str, Any], complete: bool
) -> _Verdict:
    context = Context(beside, complete) if beside else _ALONE[complete]
    made = translate(text, settings, context)
    reasons = made.diagnostics if made.status is TranslationStatus.REFUSED else ()
    return _Verdict(made.status, made.values, made.codes, reasons)


_ALONE = {complete: Context(complete=complete) for complete in (False, True)}
"""For prompts without other values, the common case: sharing the object saves work."""
