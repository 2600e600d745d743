"""Text to AST and back to the same text."""

from flaglift.syntax.flags import FlagName
from flaglift.syntax.nodes import Quoting
from flaglift.syntax.parser import parse
from flaglift.syntax.prompt import Feature, Prompt, Segment

__all__ = ["Feature", "FlagName", "Prompt", "Quoting", "Segment", "parse"]
