"""The record of one request: counts and codes, never prompt text."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from flaglift.emit.translation import TranslationStatus


class Reason(StrEnum):
    """Why a request on a prompt's route passed unchanged, or was refused halfway."""

    CONTENT_ENCODING = "content-encoding"
    """The body is compressed."""
    SIGNED_BODY = "signed-body"
    """A header contains a digest or a signature that an edit would invalidate."""
    MEDIA_TYPE = "media-type"
    """The body is neither a form nor JSON, or there is more than one Content-Type."""
    CHARSET = "charset"
    """The body, or a part, is declared as neither UTF-8 nor ASCII, and is not pure ASCII."""
    QUERY_FIELDS = "query-fields"
    """Fields of the prompt are in the query string as well."""
    TOO_LARGE = "too-large"
    """The part that would have to be kept in memory is over the limit."""
    MALFORMED = "malformed"
    """The body is not what its Content-Type says."""
    INVALID_UTF8 = "invalid-utf8"
    """A name or the text is not valid UTF-8."""
    ODD_NAME = "odd-name"
    """A name that some parsers read as a field of the prompt and others do not."""
    ODD_PART = "odd-part"
    """Part headers that parsers read differently."""
    ODD_SEPARATOR = "odd-separator"
    """A `;` that some parsers treat as the end of a pair."""
    DUPLICATE_NAME = "duplicate-name"
    """A field is repeated, and which one counts depends on the parser."""
    ARRAY_ORDER = "array-order"
    """New fields would end up in another element of `prompts_attributes[]`."""
    BOUNDARY_IN_VALUE = "boundary-in-value"
    """A new value contains the multipart boundary."""
    TEXT_AFTER_FILE = "text-after-file"
    """The text comes after a file, in a body too long to be kept until then."""
    NO_LENGTH = "no-length"
    """Where the body ends is not said, or not clearly."""
    FLAGS_ELSEWHERE = "flags-elsewhere"
    """The body or the query contains, or may contain, a flag where no prompt is read."""
    UNFINISHED = "unfinished"
    """The request was answered before all of its body had been read; what was read has no flags."""


class RequestOutcome(StrEnum):
    """The outcome of a request as a whole."""

    OFF = "off"
    """The mode is `off`, or the request's route carries no prompts."""
    UNCHANGED = "unchanged"
    """No prompt in it has flags."""
    TRANSLATED = "translated"
    """At least one prompt was translated, or would have been in mode `report`."""
    LEFT = "left"
    """At least one prompt has flags, and none could be translated."""
    UNTOUCHED = "untouched"
    """It could not be read as a request with prompts, and may be one; there is a reason."""
    REFUSED = "refused"
    """It was answered here, with an error."""


@dataclass(slots=True)
class RequestRecord:
    """Counts of one request's body."""

    prompts: dict[TranslationStatus, int] = field(default_factory=dict)
    """How many prompts were translated, unchanged or refused by `translate`."""
    codes: dict[str, int] = field(default_factory=dict)
    """The codes of the findings in prompts with flags, and how many prompts have them."""
    characters: int = 0
    """How long the prompts were, in code points."""
    mentions: int = 0
    """How many times prompts spell a flag that is not one there."""
    found: Reason | None = None
    """The reason that its head or its body gives."""
    unfinished: bool = False
    """Whether some of the body has not been looked at yet."""
    refused: bool = False

    @property
    def reason(self) -> Reason | None:
        """Why it was not read, or not to the end; None if it was, or if flags were seen anyway."""
        if self.found is None and self.unfinished and not self.legacy:
            return Reason.UNFINISHED
        return self.found

    def add(self, status: TranslationStatus, codes: Iterable[str]) -> None:
        """Count one prompt."""
        self.prompts[status] = self.prompts.get(status, 0) + 1
        for code in codes:
            self.codes[code] = self.codes.get(code, 0) + 1

    @property
    def outcome(self) -> RequestOutcome:
        """The outcome of the request, given that its body was inspected."""
        if self.refused:
            return RequestOutcome.REFUSED
        if self.reason is not None:
            return RequestOutcome.UNTOUCHED
        if TranslationStatus.TRANSLATED in self.prompts:
            return RequestOutcome.TRANSLATED
        left = TranslationStatus.REFUSED in self.prompts
        return RequestOutcome.LEFT if left else RequestOutcome.UNCHANGED

    @property
    def legacy(self) -> int:
        """How many prompts with flags were seen."""
        unchanged = self.prompts.get(TranslationStatus.UNCHANGED, 0)
        return sum(self.prompts.values()) - unchanged
