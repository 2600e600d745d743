"""The recipes that `make test-recipes` runs: Ray and Daft take 800 MB."""

from recipes.recipe import printed


def test_ray() -> None:
    assert printed("ray").splitlines()[-2:] == [
        "{'new.status': 'translated', 'new.text': 'a cat', 'new.video_model': 'kling25'}",
        "{'new.status': 'unchanged', 'new.text': 'a dog', 'new.video_model': None}",
    ]


def test_daft() -> None:
    assert printed("daft") == (
        "{'status': ['translated', 'unchanged'], 'text': ['a cat', 'a dog'],"
        " 'video_model': ['kling25', None], 'video_duration': [5, None]}\n"
    )
