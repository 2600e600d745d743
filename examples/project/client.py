"""Asks for a video as clients did before there were form fields for it."""

import requests


def ask(token: str, tune: int, subject: str) -> requests.Response:
    """Post a prompt."""
    return requests.post(
        f"https://api.astria.ai/tunes/{tune}/prompts",
        headers={"Authorization": f"Bearer {token}"},
        data={"prompt[text]": f"ohwx {subject} --video --video_model kling25 --duration 5s"},
        timeout=60,
    )
