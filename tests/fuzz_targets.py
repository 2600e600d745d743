"""What must hold for any bytes: `make fuzz` has atheris look for bytes that break it.

The seeds are the corpora of the tests. What is found becomes a line of a corpus.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from flaglift import api
from flaglift.check.hosts.base import LiteralChange
from flaglift.check.hosts.registry import NAMES, host_named
from flaglift.check.hosts.rewriting import rewrite
from shim import forms

CORPORA = Path(__file__).parent / "corpora"
Check = Callable[[bytes], None]


def prompts(data: bytes) -> None:
    """A prompt is read without loss, and its fields are translated no further."""
    text = data.decode("utf-8", "surrogateescape")
    assert str(api.parse(text)) == text
    translation = api.translate(text)
    if translation.status == "translated":
        again = api.translate(translation.values.get("text", ""))
        assert again.status == "unchanged"
    else:
        assert translation.values == {"text": text}


def fixes(data: bytes) -> None:
    """Fixing ends, loses no translation, and has nothing to do the second time."""
    text = data.decode("utf-8", "replace")
    before = api.translate(text)
    for unsafe in (False, True):
        fixed = api.fix(text, unsafe=unsafe).text
        assert api.fix(fixed, unsafe=unsafe).text == fixed
        after = api.translate(fixed)
        if before.status == "translated":
            assert after.status != "refused"
            assert unsafe or after.values == before.values


def files(data: bytes) -> None:
    """In a file of the kind that the first byte chooses, literals are inside, and kept or set."""
    name = NAMES[(data[:1] or b"\0")[0] % len(NAMES)]
    data = data[1:].decode("utf-8", "replace").encode()
    host = host_named(name)
    literals = host.literals(data)
    assert all(0 <= each.start <= each.end <= len(data) for each in literals)
    for literal in literals[:3]:
        new, refused = rewrite(data, host, [LiteralChange(literal, literal.text)])
        assert new == data
        changed, refused = rewrite(data, host, [LiteralChange(literal, f"{literal.text} x")])
        assert (
            (changed == data)
            if refused
            else f"{literal.text} x" in {each.text for each in host.literals(changed)}
        )


def _body(media_type: str) -> Check:
    def check(data: bytes) -> None:
        """A body comes out the same however it is cut."""
        whole = forms.rewrite(data, media_type)
        cut = forms.rewrite(data, media_type, cuts=range(0, len(data), 7))
        assert whole.body == cut.body

    return check


TARGETS: dict[str, Check] = {
    "prompts": prompts,
    "fixes": fixes,
    "files": files,
    "json": _body(forms.JSON),
    "urlencoded": _body(forms.URLENCODED),
    "multipart": _body(forms.MULTIPART),
}


def seeds(target: str) -> Iterator[bytes]:
    """Yield what a target begins with."""
    if target == "files":
        for path in sorted((CORPORA / "hosts" / "prompts").glob("*.txt")):
            if path.stem in NAMES:
                yield bytes([NAMES.index(path.stem)]) + path.read_bytes()
    elif target in ("prompts", "fixes"):
        for line in (CORPORA / "readings.txt").read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                yield line.split("|")[1].strip().encode()
    else:
        fields = [("prompt[seed]", "1"), ("prompt[text]", forms.LEGACY)]
        yield forms.urlencoded_body(fields)
        yield b'{"prompt": {"text": "a cat --video --video_model kling25", "n": [1e7]}}'
        yield forms.multipart_body([forms.text_field(), forms.file()])
