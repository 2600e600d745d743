"""What each model can do, written out by hand, against what the rules say of it."""

import datetime
from typing import Any

import pytest

from flaglift.api import lint
from flaglift.catalog import load_catalog
from flaglift.context import Context
from flaglift.settings import Settings

NEWEST = datetime.date(2026, 8, 20)
FIRST_WITH_FIELDS = datetime.date(2026, 4, 29)

SEEDANCE_2 = {
    "seedance2_480p",
    "seedance2_720p",
    "seedance2_1080p",
    "seedance2_4k",
    "seedance2_fast_480p",
    "seedance2_fast_720p",
    "seedance2_fast_1080p",
    "seedance2_fast_4k",
}
HAPPYHORSE = {"happyhorse_720p", "happyhorse_1080p"}
MOTION_CONTROL = {
    "kling30_motion_control",
    "kling30_motion_control_pro",
    "wan_animate_720p",
    "dreamactor_m2",
    "happyhorse_motion_control",
}
TEXT_TO_VIDEO = SEEDANCE_2 | HAPPYHORSE
IMAGE_REFERENCES = SEEDANCE_2 | HAPPYHORSE
NO_LAST_FRAME = {
    "seedance_480p",
    "wan22_720p",
    "wan25_720p",
    "wan_animate_720p",
    "cinematic_video",
    "dreamactor_m2",
    "happyhorse_720p",
    "happyhorse_1080p",
    "happyhorse_motion_control",
}
DOUBTFUL_LAST_FRAME = SEEDANCE_2 | {
    "wan22_fast_480p",
    "wan22_fast_580p",
    "wan22_fast_720p",
    "kling30_motion_control",
    "kling30_motion_control_pro",
}
LAST_FRAME = {
    "seedance_v15_720p",
    "seedance_v15_audio_720p",
    "wan26_720p",
    "wan26_1080p",
    "wan27_720p",
    "wan27_1080p",
    "ltx23_720p",
    "ltx23_1080p",
    "kling25",
    "kling30_standard",
    "kling30_standard_audio",
    "kling30_pro",
    "kling30_pro_audio",
    "kling30_4k",
    "veo31_fast_720p",
    "veo31_fast_audio_720p",
    "veo31_fast_1080p",
    "veo31_fast_audio_1080p",
    "veo31_fast_4k",
    "veo31_fast_audio_4k",
    "veo31_lite_720p",
    "veo31_lite_audio_720p",
    "veo31_lite_1080p",
    "veo31_lite_audio_1080p",
}
SEEDANCE_25 = ["seedance25", "seedance25_480p", "seedance25_720p", "seedance25_1080p"]


MODELS = [
    pytest.param(model, date, id=f"{model}-{date}")
    for date in (NEWEST, FIRST_WITH_FIELDS)
    for model in load_catalog(date).edition.models
]


def severity(
    code: str,
    model: str,
    date: datetime.date = NEWEST,
    *,
    words: str = "a cat",
    motion: str = "waving",
    complete: bool = False,
    **fields: Any,
) -> str | None:
    text = f"{words} --video --video_model {model} --video_prompt {motion}"
    found = lint(text, Settings(edition=date), Context(fields, complete))
    severities = [finding.severity.value for finding in found if finding.code == code]
    assert len(severities) < 2
    return severities[0] if severities else None


@pytest.mark.parametrize("date", [NEWEST, FIRST_WITH_FIELDS])
def test_the_tables_here_name_every_model(date: datetime.date) -> None:
    names = set(load_catalog(date).edition.models)
    assert names <= NO_LAST_FRAME | DOUBTFUL_LAST_FRAME | LAST_FRAME
    later = {"seedance2_4k", "seedance2_fast_1080p", "seedance2_fast_4k"}
    known = NO_LAST_FRAME | DOUBTFUL_LAST_FRAME | LAST_FRAME | MOTION_CONTROL
    assert known - names == (later if date == FIRST_WITH_FIELDS else set())


@pytest.mark.parametrize(("model", "date"), MODELS)
def test_input_video(model: str, date: datetime.date) -> None:
    needs = model in MOTION_CONTROL
    assert severity("FL501", model, date) == ("info" if needs else None)
    assert severity("FL501", model, date, complete=True) == ("error" if needs else None)
    assert severity("FL501", model, date, input_video="dance.mp4") is None


@pytest.mark.parametrize(("model", "date"), MODELS)
def test_last_frame(model: str, date: datetime.date) -> None:
    expected = (
        "error" if model in NO_LAST_FRAME else "warning" if model in DOUBTFUL_LAST_FRAME else None
    )
    assert severity("FL502", model, date, video_last_frame="end.png") == expected
    assert severity("FL502", model, date, video_last_frame_url="https://end") == expected
    assert severity("FL502", model, date) is None


@pytest.mark.parametrize(("model", "date"), MODELS)
def test_references_in_the_video_prompt(model: str, date: datetime.date) -> None:
    faces = None if model in SEEDANCE_2 and date == NEWEST else "warning"
    assert severity("FL503", model, date, motion="<faceid:1:1>") == faces
    assert severity("FL503", model, date, motion="<lora:1:1>") == "warning"
    assert severity("FL503", model, date, words="<lora:1:1>") is None


@pytest.mark.parametrize(("model", "date"), MODELS)
def test_text(model: str, date: datetime.date) -> None:
    needs = model not in TEXT_TO_VIDEO
    assert severity("FL504", model, date, words="") == ("info" if needs else None)
    error = severity("FL504", model, date, words="", complete=True, input_video="a.mp4")
    assert error == ("error" if needs else None)
    assert severity("FL504", model, date, words="", source_image_url="https://a") is None
    assert severity("FL504", model, date, complete=True) is None


@pytest.mark.parametrize(("model", "date"), MODELS)
def test_aspect_ratio(model: str, date: datetime.date) -> None:
    own_list = model in SEEDANCE_2
    assert severity("FL505", model, date, aspect_ratio="3:2") == ("error" if own_list else None)
    adaptive = severity("FL505", model, date, aspect_ratio="adaptive")
    assert adaptive == (None if own_list else "error")
    assert severity("FL505", model, date, aspect_ratio="16:9") is None
    assert severity("FL505", model, date, aspect_ratio="2:1") == "error"


@pytest.mark.parametrize(("model", "date"), MODELS)
def test_number_of_images(model: str, date: datetime.date) -> None:
    assert severity("FL506", model, date, num_images=4) == "error"
    assert severity("FL506", model, date, num_images=1) is None


@pytest.mark.parametrize(("model", "date"), MODELS)
def test_media_rules(model: str, date: datetime.date) -> None:
    expected = "error" if model in SEEDANCE_2 and date == NEWEST else None
    frame: dict[str, Any] = {"video_first_frame_url": "https://a"}
    assert severity("FL507", model, date, **frame, input_video="b") == expected
    assert severity("FL507", model, date, **frame) is None
    assert severity("FL508", model, date, audio_reference="c", video_audio="") == expected
    assert severity("FL508", model, date, audio_reference="c", video_audio="true") is None
    advice = "info" if expected else None
    assert severity("FL508", model, date, audio_reference_url="https://c") == advice


@pytest.mark.parametrize(("model", "date"), MODELS)
def test_image_references(model: str, date: datetime.date) -> None:
    expected = None if model in IMAGE_REFERENCES else "error"
    assert severity("FL509", model, date, image_references="a.png") == expected
    assert severity("FL509", model, date, image_reference_urls=["https://a"]) == expected


@pytest.mark.parametrize("model", SEEDANCE_25)
def test_seedance_25_is_known_by_name_and_has_the_media_rules(model: str) -> None:
    both: dict[str, Any] = {"video_last_frame": "a.png", "image_reference_urls": ["https://a"]}
    assert severity("FL507", model, **both) == "error"
    assert severity("FL508", model, audio_reference="c", video_audio="false") == "error"
    assert severity("FL509", model, image_references="a.png") is None
    for code in ("FL501", "FL502", "FL504"):
        assert severity(code, model, words="", complete=True, video_last_frame="a.png") is None
