"""Bodies of type multipart/form-data: files stream through, fields are held until they are judged.

The client's boundary is kept, and its closing delimiter only ever passed on, never made.
"""

from flaglift.shim.core.decision import Judge
from flaglift.shim.core.disposition import PartHeader, read_head
from flaglift.shim.core.form import Entry, Form
from flaglift.shim.core.policy import LateText
from flaglift.shim.core.record import Reason
from flaglift.shim.core.refusal import Doubt, too_late
from flaglift.shim.core.splitter import Piece, Splitter


class Multipart:
    """Rewrites one multipart body; see `Rewriter`.

    What stands before a file is judged when the file begins, by what came so far. `announced` tells
    whether the length of the body must be known before the first byte is sent.
    """

    def __init__(self, boundary: bytes, judge: Judge, *, announced: bool) -> None:
        self._boundary = b"--" + boundary
        self._splitter = Splitter(boundary)
        self._judge = judge
        self._form = Form(judge)
        self._announced = announced
        self._raw = bytearray()  # all that came since the last file and is not sent
        self._field: tuple[bytes, PartHeader, int] | None = None  # and where its content begins
        self._entries: list[Entry] = []
        self._in_file = False
        self._passing = False  # nothing that comes is looked at any more
        self._locked = False  # the length is promised: nothing may change any more
        self._edited = False
        self._begun = False
        self.settled = False
        self.delta: int | None = 0

    def feed(self, data: bytes) -> bytes:
        """Take a chunk; return what is certain. Raises `Refusal`: send nothing more."""
        if self._passing:
            return data
        out: list[bytes] = []
        try:
            for kind, raw in self._splitter.feed(data):
                self._take(kind, raw, out)
                if self._passing:
                    out.append(self._splitter.held)
                    break
        except Doubt as doubt:
            self._give_up(doubt.reason, out)
        return b"".join(out)

    def finish(self) -> bytes:
        """Return the rest; a body without its closing delimiter stays without it."""
        if self._passing:
            return b""
        out: list[bytes] = []
        self._give_up(Reason.MALFORMED, out)
        return b"".join(out)

    def _give_up(self, reason: Reason, out: list[bytes]) -> None:
        """Let the body go as it is; once a part of it was changed, that is too late."""
        self._judge.record.reason = reason
        if self._edited:
            self._judge.record.refused = True
            raise too_late(reason)
        out += [bytes(self._raw), self._splitter.held]
        self._raw.clear()
        self._passing = self.settled = True

    def _take(self, kind: Piece, raw: bytes, out: list[bytes]) -> None:
        if kind is Piece.DATA and self._in_file:
            out.append(raw)
            return
        end = len(self._raw)
        self._raw += raw
        if len(self._raw) > self._judge.policy.hold_limit:
            raise Doubt(Reason.TOO_LARGE)
        if kind is Piece.DATA:
            return
        self._end_field(end)
        if kind is Piece.HEAD:
            self._begin_part(raw, out)
        else:
            self._flush(raw, out, complete=True)

    def _begin_part(self, head: bytes, out: list[bytes]) -> None:
        header = read_head(head)
        if header.name == "_charset_":
            raise Doubt(Reason.CHARSET)
        self._in_file = header.filename is not None
        if header.filename is None:
            self._field = (head, header, len(self._raw))
        else:
            self._form.see_file(header.name, header.filename)
            self._flush(head, out, complete=False)

    def _end_field(self, end: int) -> None:
        if self._field is None:
            return
        head, header, start = self._field
        self._field = None
        body = bytes(self._raw[start:end])
        try:
            value = body.decode()
        except UnicodeDecodeError:
            value = None
        entry = Entry(head + body, header.name, value)
        self._form.see(entry)
        if entry.is_text and not header.is_text:
            raise Doubt(Reason.CHARSET)
        self._entries.append(entry)

    def _flush(self, following: bytes, out: list[bytes], *, complete: bool) -> None:
        """Judge and send what is held, and the file's head or closing delimiter behind it."""
        changed = self._form.settle(self._entries, complete=complete, locked=self._locked)
        if changed and self._locked:
            self._judge.record.reason = Reason.TEXT_AFTER_FILE
            changed = False
        new = b"".join([*self._written(), following]) if changed else bytes(self._raw)
        if changed and not self._begun:
            new = new.removeprefix(b"\r\n")  # the first part is another one now
        if not self.settled:
            self._settle(len(new) - len(self._raw), complete=complete)
        out.append(new)
        self._edited |= changed
        self._begun = True
        self._raw.clear()
        self._entries.clear()
        more = self._judge.route.root == "tune" or not self._form.texts
        self._passing = complete or (self._locked and not more and not self._edited)

    def _settle(self, delta: int, *, complete: bool) -> None:
        """Say how much longer the body gets, now that its first bytes are sent."""
        self.settled = True
        self.delta = delta
        if complete or not self._announced:
            return
        text_may_come = self._judge.route.root == "tune" or not self._form.texts
        if text_may_come and self._judge.policy.late_text is LateText.CHUNKED:
            self.delta = None
        else:
            self._locked = True

    def _written(self) -> list[bytes]:
        pieces: list[bytes] = []
        for entry in self._entries:
            raw = entry.raw if entry.raw.startswith(b"\r\n") else b"\r\n" + entry.raw
            if entry.new_value is not None:
                pieces += (raw[: raw.index(b"\r\n\r\n") + 4], self._checked(entry.new_value))
            elif not entry.removed:
                pieces.append(raw)
            for name, value in entry.added:
                head = f'\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
                pieces += (b"\r\n", self._boundary, head.encode(), self._checked(value))
        return pieces

    def _checked(self, value: str) -> bytes:
        content = value.encode()
        if self._boundary in content:
            raise Doubt(Reason.BOUNDARY_IN_VALUE)
        return content
