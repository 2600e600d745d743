"""The form fields of a prompt."""

import math
from functools import cache
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from flaglift.catalog import load_catalog
from flaglift.syntax.flags import FIELD_FLAGS, ValueKind

Scalar = int | float | bool | str
"""A value of the settings block: a number if its digits represent it exactly, else a string."""


class Fields(BaseModel):
    """The fields of `POST /tunes/:id/prompts` that a text can express; None for absent ones.

    Names and meanings follow the service's documentation, edition of 2026-08-20. Fields for files
    are not included: no text can contain one.
    """

    # Extra fields are those of flags without an attribute below.
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _known(cls, values: Any) -> Any:
        for name in values:
            if name not in field_names():
                message = "`{name}` is not a field that a text can hold"
                raise PydanticCustomError("extra_forbidden", message, {"name": name})
        return values

    text: str | None = None
    """The image prompt."""
    video_model: str | None = None
    video_prompt: str | None = None
    video_duration: int | None = None
    """Seconds; a string if a settings block has something other than a whole number."""
    aspect_ratio: str | None = None
    video_first_frame_url: str | None = None
    video_last_frame_url: str | None = None
    source_image_url: str | None = None
    input_video_url: str | None = None
    audio_reference_url: str | None = None
    video_audio: Scalar | None = None
    video_upscale_model: str | None = None
    video_upscale_target_resolution: str | None = None
    video_fps_model: str | None = None
    tune_id: Scalar | None = None
    negative_prompt: str | None = None
    callback: str | None = None
    num_images: Scalar | None = None
    seed: Scalar | None = None
    super_resolution: Scalar | None = None
    inpaint_faces: Scalar | None = None
    hires_fix: Scalar | None = None
    face_correct: Scalar | None = None
    face_swap: Scalar | None = None
    cfg_scale: Scalar | None = None
    steps: Scalar | None = None
    use_lpw: Scalar | None = None
    w: Scalar | None = None
    h: Scalar | None = None
    scheduler: str | None = None
    backend_version: str | None = None
    style: str | None = None
    color_grading: str | None = None
    film_grain: Scalar | None = None
    controlnet: str | None = None
    denoising_strength: Scalar | None = None
    controlnet_conditioning_scale: Scalar | None = None
    controlnet_txt2img: Scalar | None = None
    input_image_url: str | None = None
    mask_image_url: str | None = None
    lora_scale: Scalar | None = None


_KINDS = {ValueKind.WHOLE_NUMBER: (int,), ValueKind.SWITCH: (bool,)}
"""The types of flags' fields besides strings."""


def field_names() -> frozenset[str]:
    """Return the names of all fields that a text can express."""
    return frozenset((*Fields.model_fields, *FIELD_FLAGS))


@cache
def request_field_names() -> frozenset[str]:
    """Return the names of all request fields except the text, including those for files."""
    return (field_names() | {*load_catalog().edition.form_fields}) - {"text"}


def typed(name: str, value: str) -> Scalar:
    """Return a setting as a number or boolean if formatting it again gives the same text.

    >>> typed("num_images", "4"), typed("seed", "007"), typed("style", "3"), typed("w", "1e3")
    (4, '007', '3', '1e3')
    """
    field, flag = Fields.model_fields.get(name), FIELD_FLAGS.get(name)
    kinds = get_args(field.annotation) if field else _KINDS.get(flag.kind, ()) if flag else ()
    if bool in kinds and value in ("true", "false"):
        return value == "true"
    for kind in (int, float):
        if kind not in kinds:
            continue
        try:
            number = kind(value)
        except ValueError:
            continue
        if str(number) == value and math.isfinite(number):
            return number
    return value
