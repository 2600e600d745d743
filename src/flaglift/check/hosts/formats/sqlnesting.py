"""The brackets around a place in SQL, and where the clauses and items that it is in begin."""

from typing import NamedTuple

_CLAUSES = frozenset(
    {
        *("SELECT", "FROM", "WHERE", "HAVING", "UNION", "ON", "WHEN", "THEN", "ELSE"),
        *("INSERT", "VALUES", "VALUE", "UPDATE", "SET", "RETURNING"),
    }
)
_CONDITIONS = frozenset(["AND", "OR"])
"""Keywords that begin an item, as the comma before an item ends one."""
_MOST = 100
"""Of the bytes that are looked for: there may be a prompt at each depth of deep brackets."""


class SqlNesting(NamedTuple):
    """A place in a statement: bytes of what it is in, -1 for none."""

    above: "SqlNesting | None" = None
    """The place of the innermost bracket."""
    opening: int = -1
    """That bracket."""
    clause: int = -1
    item: int = -1

    def opened(self, at: int) -> "SqlNesting":
        """Return the place after an opening bracket."""
        return SqlNesting(self.after_word("", at), at)

    def after_word(self, keyword: str, at: int) -> "SqlNesting":
        """Return the place after a word or a string, which begins an item if none has begun."""
        if keyword in _CLAUSES:
            return self._replace(clause=at, item=-1)
        return self._replace(item=at) if self.item < 0 or keyword in _CONDITIONS else self

    def after_comma(self, *, is_row: bool) -> "SqlNesting":
        """Return the place after a comma; a comment above `VALUES` is on the first row only."""
        return self._replace(item=-1, clause=-1 if is_row else self.clause)

    def begins(self) -> tuple[int, ...]:
        """Return where the items, the clauses and the brackets begin, from the inside."""
        starts: list[int] = []
        around: SqlNesting | None = self
        while around is not None and len(starts) < _MOST:
            starts += around[1:]
            around = around.above
        return tuple(at for at in starts if at >= 0)
