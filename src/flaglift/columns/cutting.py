"""Cuts columns of prompts as `flaglift.shapes` cuts single ones, with Arrow's kernels.

    ohwx woman on a ridge --video --video_model kling25 --duration 5 --video_prompt "she smiles"
    '------ body -------'  '--------------------- flags ------------------------' '-- value --'

Only prompts whose words certainly do not affect the result are cut: the patterns accept fewer
than `flaglift.shapes` does. All others are translated one by one.
"""

from typing import NamedTuple

from flaglift.columns.arrow import pa, pc
from flaglift.columns.patterns import REFERENCE, UNPLAIN_VALUE, unplain_body
from flaglift.syntax.flags import FlagName
from flaglift.syntax.words import WHITESPACE


class CutColumn(NamedTuple):
    """Prompts cut into pieces: those of an array where `mask` is true, in order."""

    mask: pa.Array
    flags: pa.Array
    """Everything but body and value; two quotes mark the place of the value."""
    body: pa.Array
    value: pa.Array
    """The quoted value, or the video prompt taken from the body; null if neither is needed."""

    def only(self, chosen: pa.Array) -> "CutColumn":
        """Return the prompts for which a mask is true."""
        columns = (self.flags, self.body, self.value)
        return CutColumn(within(self.mask, chosen), *(column.filter(chosen) for column in columns))


def cut_column(texts: pa.StringArray) -> tuple[CutColumn, CutColumn]:
    """Return the prompts with one quoted value, and those with none; others are left out.

    `texts` must not contain nulls.
    """
    cut = pc.split_pattern(texts, "--", max_splits=1)
    known = pc.greater(pc.list_value_length(cut), 1)
    cut = cut.filter(known)
    head, flags = pc.list_element(cut, 0), pc.list_element(cut, 1)
    body = pc.utf8_rtrim(head, WHITESPACE)
    pieces = pc.split_pattern(flags, '"', max_splits=3)
    fine = pc.and_(
        pc.and_(
            pc.less(pc.binary_length(body), pc.binary_length(head)),
            pc.greater(pc.binary_length(body), 0),
        ),
        pc.invert(pc.match_substring_regex(body, unplain_body())),
    )
    fine = within(fine, _closed(body.filter(fine)))
    count = pc.list_value_length(pieces)
    return (
        _quoted(known, pc.and_(fine, pc.equal(count, 3)), body, pieces),
        _bare(known, pc.and_(fine, pc.equal(count, 1)), body, flags),
    )


def _closed(body: pa.Array) -> pa.Array:
    """Return a mask of the bodies in which every quote is closed."""
    quotes = pc.match_substring(body, '"')
    count = pc.count_substring(body.filter(quotes), '"')
    return pc.replace_with_mask(pc.invert(quotes), quotes, pc.equal(pc.bit_wise_and(count, 1), 0))


def _quoted(known: pa.Array, chosen: pa.Array, body: pa.Array, pieces: pa.Array) -> CutColumn:
    pieces = pieces.filter(chosen)
    value = pc.list_element(pieces, 1)
    fine = pc.and_(
        pc.not_equal(pc.utf8_trim(value, WHITESPACE), ""),
        pc.invert(pc.match_substring_regex(value, UNPLAIN_VALUE)),
    )
    pieces = pieces.filter(fine)
    before, after = pc.list_element(pieces, 0), pc.list_element(pieces, 2)
    return CutColumn(
        within(known, within(chosen, fine)),
        pc.binary_join_element_wise(before, after, '""'),
        body.filter(chosen).filter(fine),
        value.filter(fine),
    )


def _bare(known: pa.Array, chosen: pa.Array, body: pa.Array, flags: pa.Array) -> CutColumn:
    body, flags = body.filter(chosen), flags.filter(chosen)
    image = pc.replace_substring_regex(body, f"[{WHITESPACE}]+", " ")
    image = pc.replace_substring_regex(image, REFERENCE, "")
    image = pc.utf8_trim(pc.replace_substring_regex(image, " +", " "), " ")
    written = pc.match_substring(flags, FlagName.VIDEO_PROMPT.word)
    # In the image prompt, quotes are removed.
    fine = pc.or_(
        written,
        pc.and_(pc.not_equal(image, ""), pc.invert(pc.match_substring(body, '"'))),
    )
    image = pc.if_else(written, None, image)
    return CutColumn(
        within(known, within(chosen, fine)),
        flags.filter(fine),
        body.filter(fine),
        image.filter(fine),
    )


def within(mask: pa.Array, chosen: pa.Array) -> pa.Array:
    """Return a mask reduced to those of its rows for which `chosen` is true."""
    return pc.replace_with_mask(mask, mask, chosen)
