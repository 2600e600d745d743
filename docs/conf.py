"""How Sphinx builds the site: `make docs`. Nothing is fetched, when it is built or when it is read.

The reference is written by `docs/generate` into `docs/reference/generated`, from the code.
"""

import sys
from importlib.metadata import version as installed
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from generate import write  # noqa: E402

write(HERE / "reference" / "generated")

project = "flaglift"
author = "The flaglift contributors"
release = version = installed("flaglift")
copyright = f"2026, {author}"  # noqa: A001

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
exclude_patterns = ["generate"]
nitpicky = True
# There is no inventory of other projects: one would have to be fetched.
nitpick_ignore_regex = [
    ("py:.*", r"(?!flaglift\.).*"),
    ("py:.*", r"flaglift\.\w+\.(core\.)?\w+\..*"),
]

default_role = "code"  # docstrings are written like Markdown
smartquotes = False  # `--` and `"` are the subject
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_mock_imports = ["py4j", "pyspark"]
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True

html_theme = "furo"
html_title = f"flaglift {release}"
html_copy_source = False
html_show_sourcelink = False
html_search_scorer = str(HERE / "search_scorer.js")
html_show_search_summary = False  # the excerpts cannot be read from files
html_theme_options: dict[str, object] = {"top_of_page_buttons": []}

NO_PLAYGROUND = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>flaglift playground</title>
<p>This copy of the documentation comes without the playground.
<code>make playground</code> adds it.
<p><a href="../playground.html">About the playground</a>
</html>
"""


def setup(app: Sphinx) -> None:
    """Leave a page where the playground goes, unless it is there, so that links lead somewhere.

    And leave out of the reference what the bases of classes say about themselves.
    """

    def skip(
        _app: Sphinx, _kind: str, name: str, _value: object, _skip: bool, _options: object
    ) -> bool | None:
        return True if name == "model_config" else None

    def forget(
        _app: Sphinx, _kind: str, _name: str, _value: object, _options: object, lines: list[str]
    ) -> None:
        if lines and lines[0].startswith("Alias for field number"):
            lines.clear()

    app.connect("autodoc-skip-member", skip)
    app.connect("autodoc-process-docstring", forget)

    def hold_place(app: Sphinx, _error: Exception | None) -> None:
        page = Path(app.outdir) / "playground" / "index.html"
        if not page.exists():
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(NO_PLAYGROUND, encoding="utf-8")

    app.connect("build-finished", hold_place)
