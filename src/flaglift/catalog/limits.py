"""Limits of fields that the service's pages state in prose, or that its responses revealed.

The editions' tables do not contain these facts; each is here once, with its source.
"""

import datetime

from flaglift.catalog.edition import Edition
from flaglift.catalog.model import Model, matches

ASPECT_RATIOS = (
    "1:1",
    "16:9",
    "9:16",
    "21:9",
    "9:21",
    "3:2",
    "2:3",
    "5:4",
    "4:5",
    "4:3",
    "3:4",
)
"""The values of `aspect_ratio`. Source: the service's prompt documentation, 2026-08-20."""

SEEDANCE_2_ASPECT_RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "adaptive")
"""Its values for Seedance 2. Source: the same."""

_SEEDANCE_2 = "seedance2_*"
_SEEDANCE_25 = "seedance25*"
_MEDIA_RULES_SINCE = datetime.date(2026, 8, 18)
"""The edition of the Image2Video page that first states the rules for Seedance's media."""

_LAST_FRAME_DOUBTS = (
    (
        _SEEDANCE_2,
        True,
        "the service's table lists it, but the service was seen to refuse one for "
        "`seedance2_fast_720p`",
    ),
    (
        "kling*_motion_control*",
        True,
        "the service's table covers it only by `kling*`, and it takes its motion from "
        "`input_video`",
    ),
    (
        "wan22_fast_*",
        False,
        "the service's table does not list it, but lists `wan_fast_*`, which is not a model's name",
    ),
)
"""Pattern, whether the table lists the models, and the reason for doubt.

Sources: the capability matrix of the Image2Video page, editions from 2026-04-29 on, and a 422
response of the service, "video_last_frame is not supported for video model seedance2_fast_720p".
"""


def aspect_ratios(model: Model) -> tuple[str, ...]:
    """Return the aspect ratios that a model may accept; all, if it is known by name only.

    >>> "adaptive" in aspect_ratios(Model("seedance2_4k")), "3:2" in aspect_ratios(Model("ours"))
    (True, True)
    """
    if matches(_SEEDANCE_2, model.name):
        return SEEDANCE_2_ASPECT_RATIOS
    if model.durations is None:
        return tuple(dict.fromkeys(ASPECT_RATIOS + SEEDANCE_2_ASPECT_RATIOS))
    return ASPECT_RATIOS


def last_frame_doubt(name: str, *, listed: bool) -> str | None:
    """Return why the matrix may be wrong about a model's last frame; None if there is no reason.

    `listed` is whether the matrix, or an overlay, says that the model accepts one.

    >>> last_frame_doubt("kling25", listed=True) is None
    True
    """
    for pattern, when_listed, doubt in _LAST_FRAME_DOUBTS:
        if listed is when_listed and matches(pattern, name):
            return doubt
    return None


def has_media_rules(name: str, edition: Edition) -> bool:
    """Return whether the rules for combining frames, references and audio apply to a model.

    They are published for Seedance 2 and 2.5, from the edition of 2026-08-18 on.
    """
    is_seedance = matches(_SEEDANCE_2, name) or matches(_SEEDANCE_25, name)
    return is_seedance and edition.date >= _MEDIA_RULES_SINCE


def takes_face_references(name: str, edition: Edition) -> bool:
    """Return whether `<faceid:ID:1>` is allowed in the video prompt of a model.

    That is published for Seedance 2 only, from the edition of 2026-08-18 on.
    """
    return matches(_SEEDANCE_2, name) and edition.date >= _MEDIA_RULES_SINCE
