"""Bodies of type multipart/form-data: fields are held until judged, files only if necessary.

The client's boundary is kept, and its closing delimiter is only passed on, never generated.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import chain

from flaglift.shim.core.decision import Judge
from flaglift.shim.core.disposition import PartHeader, headers_start, read_headers
from flaglift.shim.core.form import FormEntry, RequestForm
from flaglift.shim.core.policy import LateText
from flaglift.shim.core.record import Reason
from flaglift.shim.core.refusal import Doubt, too_late
from flaglift.shim.core.scan import count_flags
from flaglift.shim.core.splices import Splice, growth
from flaglift.shim.core.splitter import MultipartPiece, Splitter
from flaglift.shim.core.spool import BodyStore

_HEAD, _DATA, _END = MultipartPiece
"""Looked up once: enum members are slow to access in Python 3.11."""


class Release(Enum):
    """When the held part of a body is judged and sent."""

    AT_FILES = "at-files"
    """When a file begins, and at the end: the new length need not be known."""
    AT_END = "at-end"
    """At the end: the body is short, or can be read again."""
    AT_LAST_TEXT = "at-last-text"
    """When a file begins and no text can follow, or at the end."""
    AT_FIRST_FILE = "at-first-file"
    """When a file begins; nothing after it may change: the body is too long to keep."""


@dataclass(slots=True, kw_only=True)
class _Part(FormEntry):
    """A part of the body; offsets are bytes from the body's beginning."""

    header: PartHeader
    start: int
    headers_at: int
    content_at: int
    end: int = 0


class Multipart:
    """Rewrites one multipart body; see `Rewriter`.

    Held bytes are in `store`; `is_ascii` says whether the declared charset agrees with UTF-8 only
    for ASCII.
    """

    def __init__(
        self, boundary: bytes, judge: Judge, release: Release, store: BodyStore, *, is_ascii: bool
    ) -> None:
        self._boundary = b"--" + boundary
        self._splitter = Splitter(boundary)
        self._judge = judge
        self._form = RequestForm(judge)
        self._release = release
        self._store = store
        self._is_ascii = is_ascii
        self._position = 0  # bytes received
        self._sent = 0  # how much of them was sent, changed or not
        self._parts: list[_Part] = []  # parts received since
        self._part: _Part | None = None  # the field whose content is arriving
        self._content: list[bytes] = []
        self._fields = 0  # how many bytes received were not in files
        self._streams = False  # in a file whose beginning was sent
        self._ended = False  # the closing delimiter has arrived
        self._passing = False  # the rest is not inspected any more
        self._locked = False  # the length is announced: nothing may change any more
        self._edited = False
        self._flags_elsewhere = False
        self.settled: bool = False
        self.delta: int | None = 0
        self.splices: list[Splice] = []

    def feed(self, data: bytes) -> Iterable[bytes]:
        """Take a chunk; return the final output. Raises `Refusal`: send nothing more."""
        if self._passing:
            return (data,)
        out: list[Iterable[bytes]] = []
        try:
            for kind, raw in self._splitter.feed(data):
                self._take(kind, raw, out)
        except Doubt as doubt:
            self._give_up(doubt.reason, out)
        return _joined(out)

    def finish(self) -> Iterable[bytes]:
        """Return the rest; a missing closing delimiter is not added."""
        out: list[Iterable[bytes]] = []
        self._judge.record.unfinished = False
        if self._ended and not self._passing:
            try:
                self._flush(out, complete=True)
                out.append((self._splitter.held,))
            except Doubt as doubt:
                self._give_up(doubt.reason, out)
        elif not self._passing:
            self._give_up(Reason.MALFORMED, out)
        return _joined(out)

    def _give_up(self, reason: Reason, out: list[Iterable[bytes]]) -> None:
        """Pass the body on unchanged; too late once a part of it was changed."""
        self._judge.record.found = reason
        if self._edited:
            self._judge.record.refused = True
            raise too_late(reason)
        out += (self._store.read(()), (self._splitter.held,))
        self._passing = self.settled = True

    def _take(self, kind: MultipartPiece, raw: bytes, out: list[Iterable[bytes]]) -> None:
        start = self._position
        self._position += len(raw)
        if kind is _DATA and self._streams:
            out.append((raw,))
            self._sent = self._position
            return
        self._keep(raw, out)
        if kind is not _DATA or self._part:
            self._fields += len(raw)
            if self._fields > self._judge.policy.hold_limit:
                raise Doubt(Reason.TOO_LARGE)
        if kind is _DATA:
            if self._part:
                self._content.append(raw)
            return
        self._end_field(start)
        if kind is _HEAD:
            self._begin_part(raw, start, out)
        else:
            self._ended = True

    def _keep(self, raw: bytes, out: list[Iterable[bytes]]) -> None:
        """Keep some bytes, or send everything unchanged if that is impossible."""
        if not self._store.write(raw):
            self._release = Release.AT_FIRST_FILE
            self._locked = self.settled = True
            self._streams = self._part is None
            out += (self._store.read(()), (raw,))
            self._sent = self._position

    def _begin_part(self, head: bytes, start: int, out: list[Iterable[bytes]]) -> None:
        headers_at = headers_start(head)
        header = read_headers(head[headers_at:-4])
        if header.name == "_charset_":
            raise Doubt(Reason.CHARSET)
        is_file = header.filename is not None
        part = _Part(
            header.name,
            None,
            is_file,
            header=header,
            start=start,
            headers_at=start + headers_at,
            content_at=self._position,
        )
        self._streams = False
        if header.filename is None:
            self._part = part
            return
        self._form.see_file(part, header.filename)
        self._parts.append(part)
        if self._releases:
            self._flush(out, complete=False)
            self._streams = True

    @property
    def _text_may_come(self) -> bool:
        return self._judge.route.root == "tune" or not self._form.has_text

    @property
    def _releases(self) -> bool:
        """Whether held bytes are sent when a file begins."""
        if self._release is Release.AT_LAST_TEXT:
            return not self._text_may_come
        return self._release is not Release.AT_END

    def _end_field(self, end: int) -> None:
        part, self._part = self._part, None
        if part is None:
            return
        content = b"".join(self._content)
        self._content.clear()
        part.end = end
        try:
            part.value = content.decode()
        except UnicodeDecodeError:
            part.value = None
        self._form.see(part)
        is_ascii = self._is_ascii or part.header.is_ascii
        if part.is_text and not part.header.is_text:
            raise Doubt(Reason.CHARSET)
        if part.place and is_ascii and not content.isascii():
            raise Doubt(Reason.CHARSET)
        if not part.is_text and count_flags(content, escapes=False):
            self._flags_elsewhere = True
        self._parts.append(part)

    def _flush(self, out: list[Iterable[bytes]], *, complete: bool) -> None:
        """Judge the held parts, and send them."""
        changed = self._form.settle(self._parts, complete=complete, locked=self._locked)
        if changed and self._locked:
            self._judge.record.found = Reason.TEXT_AFTER_FILE
            changed = False
        splices = self._changes() if changed else []
        if not self.settled:
            self._settle(growth(splices), complete=complete)
        self.splices += splices
        sent = self._sent
        moved = [Splice(a - sent, b - sent, new) for a, b, new in splices] if sent else splices
        out.append(self._store.read(moved))
        self._sent = self._position
        self._edited |= changed
        self._parts.clear()
        self._fields = 0
        self._passing = complete
        record = self._judge.record
        if complete and self._flags_elsewhere and not record.legacy and record.found is None:
            record.found = Reason.FLAGS_ELSEWHERE

    def _settle(self, delta: int, *, complete: bool) -> None:
        """Fix the change of the body's length, now that its first bytes are sent."""
        self.settled = True
        self.delta = delta
        if complete or self._release is Release.AT_FILES:
            return
        if self._text_may_come and self._judge.policy.late_text is LateText.CHUNKED:
            self.delta = None
        else:
            self._locked = True

    def _changes(self) -> list[Splice]:
        """Return the changes of the held parts."""
        splices: list[Splice] = []
        for part in self._parts:
            added = self._new_parts(part.added) if part.added else b""
            if part.new_value is not None:
                splices += self._new_content(part, part.new_value)
            if part.removed or added:
                start = part.start if part.removed else part.end
                splices.append(Splice(start, part.end, added))
        return _as_first(splices) if splices[0].start == 0 else splices

    def _new_content(self, part: _Part, value: str) -> list[Splice]:
        """Return the splices that give a part another value, and adjust its headers."""
        content = self._checked(value, ascii_only=part.header.is_ascii)
        splices = [Splice(part.content_at, part.end, content)]
        if part.header.is_bound:
            raise Doubt(Reason.ODD_PART)
        if (length := part.header.length) is not None:
            if length.value != part.end - part.content_at:
                raise Doubt(Reason.ODD_PART)
            start = part.headers_at
            digits = str(len(content)).encode()
            splices.insert(0, Splice(start + length.start, start + length.end, digits))
        return splices

    def _new_parts(self, added: list[tuple[str, str]]) -> bytes:
        self._checked("\n".join([value for _, value in added]))  # no boundary has a line end in it
        head = b'\r\n%b\r\nContent-Disposition: form-data; name="' % self._boundary
        parts = [
            b'%b%b"\r\n\r\n%b' % (head, name.encode(), value.encode()) for name, value in added
        ]
        return b"".join(parts)

    def _checked(self, value: str, *, ascii_only: bool = False) -> bytes:
        content = value.encode()
        if self._boundary in content:
            raise Doubt(Reason.BOUNDARY_IN_VALUE)
        if (ascii_only or self._is_ascii) and not content.isascii():
            raise Doubt(Reason.CHARSET)
        return content


def _joined(out: list[Iterable[bytes]]) -> Iterable[bytes]:
    """Return a single chunk if all is in memory."""
    held: list[bytes] = []
    for chunks in out:
        if not isinstance(chunks, tuple):
            return chain.from_iterable(out)
        held += chunks
    whole = b"".join(held)
    return (whole,) if whole else ()


def _as_first(splices: list[Splice]) -> list[Splice]:
    """Return changes that begin with the first part, which has no line end before it."""
    count = 1
    while count < len(splices) and splices[count].start == splices[count - 1].end:
        count += 1
    end, new = splices[count - 1].end, b"".join(splice.new for splice in splices[:count])
    first = Splice(0, end, new.removeprefix(b"\r\n")) if new else Splice(0, end + 2, b"")
    return [first, *splices[count:]]
