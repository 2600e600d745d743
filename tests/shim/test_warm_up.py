"""Nothing is loaded while requests are served."""

import subprocess
import sys

FIRST_PROMPTS = """
import re
import sys

from flaglift.settings import DEFAULT
from flaglift.shim.core.decision import warm_up

warm_up(DEFAULT)
before, made = set(sys.modules), []
compiled = re._compiler.compile
re._compiler.compile = lambda pattern, flags=0: made.append(pattern) or compiled(pattern, flags)
from flaglift import translate

for text in (
    "a dog",
    "a dog --video --video_model seedance_v15_720p",
    'a "red" dog --video --video_model kling25 --duration 10 --video_prompt "it runs"',
    "a dog --video --video_model kling25_5s",
    "<lora:12:0.5> dog --video --video_model kling25\\nnum_images=2\\nseed=7\\nar=1:1",
    "a {red|blue} dog \\u2014video --video_model kling25",
    "a dog\\n---\\na cat --video --video_model kling25",
    "a dog --video --duration 99 --video_model nothing --vidoe",
    "--video --video_model wan26_720p --video_prompt dunes https://x.example/a.png",
):
    translate(text)
print(sorted(set(sys.modules) - before), len(made))
"""


def test_the_first_prompts_find_everything_loaded() -> None:
    """A module that a settings block needs took a third of a second, for all requests."""
    command = [sys.executable, "-c", FIRST_PROMPTS]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    loaded, _, made = said.strip().rpartition(" ")
    assert loaded == "[]"
    assert int(made) <= 2  # expressions of single rules
