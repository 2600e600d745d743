"""Changes to a file as a unified diff."""

import difflib


def unified_diff(old: str, new: str, name: str) -> str:
    r"""Return the changes as `diff -u` prints them; empty if there are none.

    >>> print(unified_diff("a\nb\n", "a\nc\n", "f.txt"), end="")
    --- f.txt
    +++ f.txt
    @@ -1,2 +1,2 @@
     a
    -b
    +c
    """
    # If a name contains a blank, `patch` needs a tab after it to find its end.
    shown = f"{name}\t" if " " in name else name
    lines = difflib.unified_diff(_lines(old), _lines(new), shown, shown)
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _lines(text: str) -> list[str]:
    # Not splitlines(): it also splits at characters that are part of a prompt.
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]
