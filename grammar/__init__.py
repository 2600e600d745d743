"""The grammar of the legacy dialect, as package data of `flaglift.grammar`.

`legacy_video.lark` is the only place that says what the dialect looks like; `DIALECT.md` is the
account of it in words. This file makes the directory a package, so that wheels and editable
installs carry them.
"""
