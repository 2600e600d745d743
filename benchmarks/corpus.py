"""Prompts as people write them, from a seed: no two are the same.

Of the prompts with flags, all have four, in any order, and 150 to 350 characters. The models are
all that the catalog knows. About one in twelve breaks a rule of the catalog (a length that the
model does not make, a model that is gone or misspelt), and about one in six has something harder to
read than prose: quoted words in the text, escaped quotes in a value, an ampersand, typographic
dashes, flags amid the words.
"""

import random
from collections.abc import Sequence

from flaglift import Model, load_catalog

_WHO = ("ohwx woman", "ohwx man", "a girl with a red umbrella", "an old fisherman", "two dancers")
_WHAT = (
    "standing on a cliff above the sea", "walking through a night market", "in a well-lit studio",
    "riding a bicycle along the river", "reading by the window, it's raining outside",
    "at a café in Montréal", "in front of a hand-painted mural", "crossing a snowy field",
    "holding a paper lantern", "looking over the shoulder", "waiting at a bus stop (late evening)",
)  # fmt: skip
_LOOK = (
    "golden hour", "soft light", "35mm film", "shallow depth of field", "high-detail", "close-up",
    "wide shot", "moody", "pastel colours", "muted tones, f/1.8", "documentary style", "8k",
    "volumetric light", "rim light", "natural skin", "cinematic", "anamorphic lens", "low angle",
)  # fmt: skip
_MOVES = (
    "she turns to the camera and smiles", "the camera pushes in slowly", "wind moves the hair",
    "he lifts the lantern, and it flickers", "slow-motion, the coat swings", "they don't stop",
    "handheld, following from behind", "the light fades to blue", "rain starts to fall",
)  # fmt: skip
_NOT_LISTED = ("kling25_5s", "seedance_720p", "ovi", "seedance_v15_702p", "kling-25")
_HARD = (
    'a sign that says "open late" behind', "salt & pepper hair", "smiling — almost laughing",
    '"cinema verité"', "don't & won't", "a 1970s look – grainy",
)  # fmt: skip


def with_flags(count: int, seed: int = 1) -> list[str]:
    """Return prompts of 150 to 350 characters with the four flags."""
    choose = random.Random(seed)
    models = load_catalog().models
    found: dict[str, None] = {}
    while len(found) < count:
        prompt = _with_flags(choose, models)
        if 150 <= len(prompt) <= 350:
            found[prompt] = None
    return list(found)


def without_flags(count: int, seed: int = 2) -> list[str]:
    """Return prompts of 100 to 300 characters without flags."""
    choose = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        prompt = _prose(choose, choose.randint(3, 9))
        if 100 <= len(prompt) <= 300:
            found[prompt] = None
    return list(found)


def _prose(choose: random.Random, looks: int) -> str:
    parts = [f"{choose.choice(_WHO)} {choose.choice(_WHAT)}", *choose.sample(_LOOK, looks)]
    if choose.random() < 0.12:
        parts.insert(1, choose.choice(_HARD))
    reference = f"<lora:{choose.randrange(10**6)}:{choose.choice(('1.0', '0.8', '1'))}> "
    return (reference if choose.random() < 0.6 else "") + ", ".join(parts)


def _with_flags(choose: random.Random, models: Sequence[Model]) -> str:
    model = choose.choice(models)
    name, allowed = model.name, model.allowed_seconds or (5,)
    length = choose.choice(allowed)
    if choose.random() < 0.04:
        name = choose.choice(_NOT_LISTED)
    if choose.random() < 0.04:
        length = 60
    motion = ", ".join(choose.sample(_MOVES, choose.randint(1, 3)))
    if choose.random() < 0.03:
        motion += r", a sign reads \"open\""
    flags = ["--video", f"--video_model {name}", f"--duration {length}"]
    flags.append(f'--video_prompt "{motion}, take {choose.randrange(1000)}"')
    if choose.random() < 0.5:
        choose.shuffle(flags)
    prose = _prose(choose, choose.randint(1, 5))
    where = choose.random()
    if where < 0.05:
        return " ".join([*flags, prose])
    if where < 0.1:
        return " ".join([*flags[:2], prose, *flags[2:]])
    return prose + choose.choice((" ", " ", " ", "\n")) + " ".join(flags)
