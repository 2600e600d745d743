"""Prompts made of a body, flags and a tail: near the shapes that are read by Arrow's kernels."""

from collections.abc import Sequence

from hypothesis import strategies as st

BODIES: Sequence[str] = [
    "ohwx woman", "a cat", "a cat", "it's", "5", "-5", "a,b", "high-detail", "a-video", "-du",
    "x=y", "ar=1:1", "\nseed=5", "\n", "\n---\n", "---", "<lora:1:1.0>", "<lora:a b>",
    "<faceid:3>", "<lora:", "<", ">", "été", "猫", "\N{WOMAN}", "\U0001f469\u200d\U0001f680",
    "\u2014", "5\u20137",
    "a\u2014b", "\u2014video", "\u2013\u2013duration", "-\u200bvideo", "-v\u200bideo", "\u200b",
    "\xa0", "\u2003", "\u034f", "\0", "\x85", "\x0b", "\x1c", "&", "R&D", "&quot;", "&lt;lora:1>",
    '"', '"a b"', '"--video"', "\\", "\\'", "\\\n", "--", "--fill", "woman--video", "video_prompt",
    "“a”", "'a", "it's a", " ", "  ", "\t", "\r\n", "\r",
]  # fmt: skip
"""What bodies and quoted values are made of: most of it is plain, the rest nearly."""

MODELS: Sequence[str] = [
    "kling25", "kling25", "seedance_v15_720p", "kling30_pro", "seedance2_720p", "kling25_5s",
    "seedance_720p", "motion_control_pro", "nobodys", "Kling25", '"kling25"', "“kling25”",
    "kling25,", "'kling25'", "x\\ y", "a&b", "-", "--video", "kling25\u200b",
]  # fmt: skip
DURATIONS: Sequence[str] = [
    "5", "5", "10", "7", "0", "-5", "+5", "007", "5s", "5.0", '"5"', "٥", "99999999999999999999",
]  # fmt: skip
FLAGS: Sequence[str] = ["--video", "--video", "--video_model", "--video_model", "--duration",
                        "--video_prompt", "--video_prompt", ""]  # fmt: skip
OTHERS: Sequence[str] = [
    "--fill", "--mask_prompt fg", '--mask_prompt "red hat"', "--mask_prompt", "--loras a", "--foo",
    "--foo=bar", "--", "-- a dash", "---", "then this", "--video=true", "--video_prompt",
    "--video_prompt smile", "--video_prompt=smile", "--video_prompt it's", "--video_prompt 'she",
    "--video_prompt she smiles", '--video_prompt a" b"', '--video_prompt "a \\"b\\""', "--video,",
    "--VIDEO", "—video", "--video-model", "--video_m kling25", "--dur 5", '"--video"', "\\--video",
    "<lora:1:1>", "&quot;", "--video_prompt “smile”", '"', "\\", "--x=video_prompt",
    "\u200b--video",
]  # fmt: skip
TAILS: Sequence[str] = [
    *([""] * 12), " ", "\n", " \r\n ", "\nar=1:1", "\nvideo_prompt=a cat\nseed=5",
    "\nvideo_model=x",
    "\r\n---\r\na dog --video", "\nvideo_duration=5s", "\nnegative_prompt=", "\nw=5 --video", ".",
]  # fmt: skip
SPACES: Sequence[str] = [" ", " ", " ", " ", "  ", "\n", "\t", "\r\n", "", "\xa0"]


class Choice:
    """Chooses by bytes, for as long as there are any; then always the first."""

    def __init__(self, choice: bytes) -> None:
        self._left = list(choice)

    def number(self, below: int) -> int:
        return self._left.pop() % below if self._left else 0

    def of(self, fragments: Sequence[str]) -> str:
        return fragments[self.number(len(fragments))]

    def words(self, most: int) -> str:
        count = self.number(most + 1)
        return "".join(self.of(BODIES) + self.of(SPACES) for _ in range(count)).rstrip(" ")


def flag(choice: Choice) -> str:
    name = choice.of(FLAGS)
    if name == "--video":
        return name
    sign = choice.of(["", " ", " ", "="])
    if name == "--video_prompt":
        return f'{name}{sign}"{choice.words(3)}"'
    if name == "--video_model":
        return name + sign + choice.of(MODELS)
    return name + sign + choice.of(DURATIONS) if name else choice.of(OTHERS)


def shaped(choice: bytes) -> str:
    """Return the prompt that the bytes choose."""
    chosen = Choice(choice)
    pieces = ["a cat " * chosen.number(2), chosen.words(4)]
    for _ in range(chosen.number(6)):
        pieces += (chosen.of(SPACES), flag(chosen))
    return "".join((*pieces, chosen.of(TAILS)))


def shaped_prompts() -> st.SearchStrategy[str]:
    return st.binary(max_size=30).map(shaped)
