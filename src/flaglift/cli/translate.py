"""`flaglift translate`."""

from typing import Any

import click

from flaglift.cli import EXIT_FINDINGS
from flaglift.cli.grouping import GroupedCommand, grouped
from flaglift.cli.options import context_from, context_options, settings_for, settings_options
from flaglift.cli.sources import read_text
from flaglift.report.output import print_json

_output = grouped("Output")


@click.command(
    "translate",
    cls=GroupedCommand,
    short_help="Translate a prompt's flags into form fields.",
    epilog="Exit codes: 0 translated or unchanged, 1 refused, 2 usage or input error.",
)
@click.argument("text")
@_output(
    "--format",
    "form",
    type=click.Choice(["text", "json", "form", "curl", "python"]),
    default="text",
    help="Output format; `form` prints `prompt[field]=value` lines.",
)
@_output("--keyframes", is_flag=True, help="Translate each keyframe separately.")
@context_options
@settings_options
def command(
    text: str,
    form: str,
    keyframes: bool,
    given: tuple[str, ...],
    complete: bool,
    **options: Any,
) -> int:
    """Translate a prompt's flags into form fields; `-` reads the prompt from standard input.

    A prompt that can be read in two ways is refused: only the reasons are printed. Put `--` before
    a text that starts with a dash.

    \b
    Examples:
      flaglift translate 'a cat --video --video_model kling25 --video_prompt "it yawns"'
      flaglift translate --format curl - < prompt.txt
      flaglift translate --with num_images=4 'a cat --video --video_model kling25'
      flaglift translate --default-model kling25 'a cat --video'
      flaglift translate --format json -- '--video --video_model kling25 a cat'
    """
    from flaglift.api import translate, translate_keyframes
    from flaglift.emit.translation import TranslationStatus
    from flaglift.report.translation import as_request, as_text

    prompt = read_text(text)
    settings = settings_for("-", options)
    context = context_from(given, complete)
    if keyframes:
        translations = translate_keyframes(prompt, settings, context)
    else:
        translations = [translate(prompt, settings, context)]
    if form == "json":
        documents = [translation.to_dict() for translation in translations]
        print_json(documents if keyframes else documents[0], indent=None)
    elif form == "text":
        as_text(translations, prompt, settings)
    else:
        as_request(translations, prompt, form, context)
    refused = any(t.status is TranslationStatus.REFUSED for t in translations)
    return EXIT_FINDINGS if refused else 0
