"""Prompts as hypothesis makes them: shared by the tests that hold for every text.

A prompt is made of fragments that one draw of bytes chooses, because the time goes into draws.
"""

from collections.abc import Sequence

from hypothesis import strategies as st

_VALUES = [
    "--video_model kling25 ",
    "--video_model=kling25\n",
    "--video_model kling30_pro ",
    "--video_model seedance2_720p\t",
    '--video_model "kling25" ',
    '--video_model kling"25" ',
    "--video_model= ",
    "--duration 5 ",
    "--duration=10 ",
    "--duration +5 ",
    "--duration -5 ",
    "--duration 007 ",
    '--duration "5" ',
    "--duration=-1 ",
    "--video_prompt smile ",
    "--video_prompt she ",
    '--video_prompt "she smiles" ',
    '--video_prompt="she smiles" ',
    '--video_prompt "she\nsmiles" ',
    '--video_prompt "it\'s" ',
    "--video_prompt it's ",
    "--video_prompt 'she ",
    "--video_prompt=--x ",
    '--video_prompt="--x y" ',
    '--video_prompt "-x y" ',
    '--video_prompt "-x=1" ',
    '--video_prompt "--video" ',
    "--video_prompt - ",
    "--video_prompt=- ",
    "--video_prompt -5 ",
    "--video_prompt -.5 ",
    "--video_prompt -٥ ",
    '--video_prompt "" ',
    "--video_prompt= ",
    '--video_prompt a" b" ',
    "--video_prompt a\\ b ",
    '--video_prompt \\"a ',
    '--video_prompt "a \\"b\\" \\c" ',
    "--video_prompt a\xa0b ",
    "--video_prompt <lora:1:1> ",
]

_SPACES = [" ", "  ", "\n", "\t", "\r\n", "\n\n"]

_BODY = [
    "a ",
    "cat ",
    "it's ",
    "'a ",
    '"a b" ',
    'a"b c"d ',
    '"it\'s" ',
    '"" ',
    "x\\ y ",
    "a\\  ",
    "\\\\ ",
    "\\\n ",
    'a 6\\" heel ',
    '"a \\"b\\" \\c" ',
    "a=b ",
    "- ",
    "-5 ",
    "-x ",
    "5s ",
    "--- ",
    "--foo ",
    "--foo=bar ",
    '"--foo bar" ',
    '"--video now" ',
    "--fill ",
    "--fix_bindi ",
    "--mask_prompt fg ",
    "--mask_prompt ",
    "--outpaint=top ",
    "--loras a b ",
    "--loras ",
    "--input_faceid -5 ",
    "\xa0 ",
    "a\u2003b ",
    "\u2014video ",
    "\u200b--video ",
    "--video\u200b ",
    "“a” ",
    "<lora:a:0.5> ",
    "<faceid:1> ",
    "&quot;",
    "\N{WOMAN} ",
]

_LINES = ["\nar=1:1", "\nnegative_prompt=\n", "\nseed=5 --video", "\r\n---\r\n", "\nvideo_model=a"]

READABLE: Sequence[str] = [
    *(["--video "] * 12),
    "--video\n",
    "--video\r\n",
    *(_VALUES * 2),
    "--video_model nobodys ",
    *_SPACES,
    *_BODY,
    "-- ",
]
"""Words and flags that the service reads: what is joined of them is mostly accepted."""

WORDS: Sequence[str] = [
    *READABLE,
    *_LINES,
    "--",
    '"--" ',
    '"--video" ',
    '"--video=" ',
    '--vid"eo" ',
    "\\--video ",
    '"--duration" 5 ',
    '"--duration=5" ',
    '"--dur" ',
    '--video"" ',
    "--video, ",
    "--VIDEO ",
    "--video-model ",
    "-video ",
    "--video=true ",
    "--video= ",
    "--video_ ",
    "--video_m kling25 ",
    "--video_p=x ",
    "--dur 5 ",
    "--d=5 ",
    "--v ",
    "--= ",
    "--=x ",
    "--durations 5 ",
    "--video_prompt ",
    "--video_model ",
    "--duration ",
    "--duration=",
    "--duration 5s ",
    "--duration 5.0 ",
    "--duration five ",
    "--duration ٥ ",
    "--duration 1_0 ",
    '--duration " 5" ',
    '--duration "5\n" ',
    '--duration "" ',
    "--duration=+ ",
    "--video_prompt -x ",
    "--video_prompt --x ",
    '--video_prompt -x" "y ',
    '--video_prompt --x" "y ',
    "--video_prompt \\-x ",
    '--video_prompt "-"x ',
    '--video_prompt ""-x ',
    "--video_prompt \\-\\\n ",
    '--video_prompt "-5\n" ',
    '--video_prompt "--" ',
    "--video_prompt=-- ",
    "--video_model=-- ",
    '--duration="--" ',
    "--video=-- ",
    "-hands ",
    '"-h a" ',
    "\\-hd ",
    "--help ",
    "--he=x ",
    '"--help" ',
    '"--help a" ',
    '"--hel=a b" ',
    "\\--h ",
    "\\\\-hd ",
    '"\\-hd" ',
    "--video_prompt=-hands ",
    "--video_prompt -hands ",
    "\\' ",
    '"\\\'" ',
    "a\\'b ",
    '"a\\\\\'b" ',
    'a 6" heel ',
    '"',
    "\\",
]
"""The same with everything that is nearly a flag, nearly a value, or read in two ways."""

PIECES: Sequence[str] = [
    *'"""\\\\\'--=     ',
    "\n",
    "\r",
    "\t",
    "\xa0",
    "\x0b",
    "--",
    "--",
    " --",
    " --video",
    " --video",
    " --duration",
    " --video_model",
    " --video_prompt",
    "video",
    "_model",
    "_prompt",
    "duration",
    "-5",
    "+5",
    "5",
    "0",
    "_",
    "a",
    "b",
    "it's",
    "ar=",
    "\nw=",
    "\n---\n",
    " --fill",
    " --loras",
    "<lora:",
    ":1>",
    "<",
    ">",
    "\u2014",
    "é",
    "\0",
    "\U0001f600",
]
"""Parts of words: what is joined of them is mostly broken."""


TAILS: Sequence[str] = [
    *([""] * 10),
    "\nar=1:1",
    '\nnegative_prompt=6" heel\r\nar=\n\n',
    "\nw=1280\nseed=it's",
    "\ntune_id=5 --video",
    "\r\n---\r\na dog --video",
]
"""What prompts end in: mostly nothing, else a settings block or another keyframe."""


def join(fragments: Sequence[str], choice: bytes) -> str:
    """Return the text that the bytes choose."""
    body = "".join([fragments[byte % len(fragments)] for byte in choice])
    return body + TAILS[sum(choice) % len(TAILS)]


def joined(fragments: Sequence[str], most: int) -> st.SearchStrategy[str]:
    return st.binary(max_size=most).map(lambda choice: join(fragments, choice))


PROMPTS = 100
"""In one example of `many`: hypothesis takes as long to think of one as `flaglift` to read ten."""


def many(fragments: Sequence[str], most: int) -> st.SearchStrategy[list[str]]:
    """Return lists of `PROMPTS` prompts. What shrinks to nothing but one of them is that one."""
    each = 1 + most
    size = PROMPTS * each
    starts = range(0, size, each)

    def cut(choice: bytes) -> list[str]:
        lengths = [choice[start] % each for start in starts]
        bounds = [(at + 1, at + 1 + n) for at, n in zip(starts, lengths, strict=True)]
        return [join(fragments, choice[start:end]) for start, end in bounds]

    return st.binary(min_size=size, max_size=size).map(cut)


def readable() -> st.SearchStrategy[str]:
    return joined(READABLE, 14)


def nearly_readable() -> st.SearchStrategy[str]:
    return joined(WORDS, 8)


def broken() -> st.SearchStrategy[str]:
    return joined(PIECES, 24)


def prompts() -> st.SearchStrategy[str]:
    """Prompts of every kind, good and bad."""
    return st.one_of(readable(), nearly_readable(), broken())


def texts() -> st.SearchStrategy[str]:
    """Every text that Python can hold, lone surrogates included, and every kind of prompt."""
    return st.one_of(st.text(st.characters()), prompts())


PROSE: Sequence[str] = [
    *["a cat", "sits,", "well-lit,", "it's", "5", "(at night)", "\n", "  ", "\r\n", "\t"],
    *[
        "<lora:123:0.8>",
        "salt & pepper,",
        "café",
        "a – b",
        "smiling — almost",
        '"open late"',
        "f/1.8",
    ],
    *[
        "half-video",
        "-video",
        "-duration",
        "over-Video,",
        "--video",
        "--",
        "---",
        "-",
        "=",
        "a=b",
        "w=1",
    ],
    *[
        "&quot;",
        "&amp;",
        "&lt;lora:1:1>",
        "\xa0",
        "\u200b",
        "\u2003",
        "\u2014video",
        "\u2013\u2014v",
    ],
    *[
        "\\",
        "\\ ",
        "\\'",
        '\\"',
        '"',
        '"a"b',
        "a\\ ",
        '""',
        "'",
        '"-"-x',
        "x--y",
        "\u2010-d",
        "-\u2014d",
    ],
    *[
        "--fill",
        "--loras a",
        "\nw=1",
        "\nar=1:1\n",
        "\x0b",
        "\x85",
        "\u2028",
        "\0",
        "\U0001f600",
        "\ud800",
    ],
]
"""What stands around the flags of a prompt that is plain, or just is not."""

_PLAIN_FLAGS: Sequence[Sequence[str]] = [
    [*["--video"] * 12, "", "--video=1", "--video --video", '"--video"'],
    [
        *["--video_model kling25", "--video_model=kling25", "--video_model\nseedance2_720p"],
        *[
            "--video_model veo31_lite_720p",
            "--video_model flux3_720p",
            "--video_model kling30_motion_control",
        ],
        *["--video_model kling25_5s", "--video_model nobodys", "--video_model kling30_pro"],
        *[
            "--video_model kling30_motion_control",
            "--video_model seedance2_4k",
            "--video_model ovi",
        ],
        *['--video_model "kling25"', "--video_model  kling25", "--video_model kling25,", ""],
        *[
            "--video_model 'kling25'",
            "--video_model",
            "--video_model -x",
            "--video_model kling\xa025",
        ],
        *["--video_model Kling25", "--video_model kling-25", "--video_model 5", "--video_model="],
    ],
    [
        *["--duration 5", "--duration 10", "--duration=5", "--duration\t8", "--duration 60", ""],
        *["--duration 007", "--duration +5", "--duration -5", "--duration 5s", "--duration 0", ""],
        *['--duration "5"', "--duration", "--duration five", "--duration 5.0", "--duration ٥", ""],
        *["--duration 5 --duration 6", "--dur 5", "--duration  5", "--duration 99999999999", ""],
    ],
    [
        *['--video_prompt "she smiles"'] * 8,
        *[
            '--video_prompt="it\'s, well-lit"',
            '--video_prompt "a \\"b\\" c"',
            '--video_prompt "a\nb"',
        ],
        *[
            '--video_prompt " "',
            '--video_prompt ""',
            '--video_prompt "<lora:1:1>"',
            "--video_prompt a b",
        ],
        *[
            '--video_prompt "a" b"',
            '--video_prompt "a"b',
            '--video_prompt "a\\\\"',
            '--video_prompt "\\\'"',
        ],
        *[
            '--video_prompt "--x"',
            '--video_prompt "-x"',
            '--video_prompt "“a”"',
            "--video_prompt “a”",
        ],
        *['--video_prompt "a & b &amp; c"', '--video_prompt  "a"', '--video_prompt "\x0b"', ""],
        *[
            '--video_prompt "\xa0"',
            '--video_prompt "café"',
            "--video_prompt a",
            "--video_prompt 'a b'",
        ],
        *[
            '--video_prompt "\n---\n"',
            '--video_prompt "\nw=1\n"',
            '--video_prompt "-video"',
            '"a b"',
        ],
    ],
]


def nearly_plain_from(choice: bytes) -> str:
    """Return the text that the bytes choose: mostly of what stands first in each list."""
    order, odd, *chosen = choice
    flags = [
        kinds[byte % (8 if byte % 4 else len(kinds))]
        for kinds, byte in zip(_PLAIN_FLAGS, chosen, strict=False)
    ]
    usual = 16 if odd % 3 else len(PROSE)
    prose = [PROSE[byte % usual] for byte in chosen[len(_PLAIN_FLAGS) :]]
    words = [*flags[order % 4 :], *flags[: order % 4]]
    at = order % 3 if order % 5 == 0 else len(prose)
    if order % 7 == 0:
        words = [*words[:2], *prose[at:], *words[2:]]
    joined = " ".join([*prose[:at], *words, *([] if order % 7 == 0 else prose[at:])])
    return joined + TAILS[odd % len(TAILS)] if order % 6 == 1 else joined


def nearly_plain() -> st.SearchStrategy[str]:
    """Prompts with the four flags, of the plain shape or close to it."""
    return st.binary(min_size=6, max_size=18).map(nearly_plain_from)
