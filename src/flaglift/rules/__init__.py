"""The rules, in the order of their codes. A new rule is one file and one line here."""

from flaglift.rules.abbreviated_flag import AbbreviatedFlag
from flaglift.rules.audio_without_flag import AudioWithoutFlag
from flaglift.rules.base import Rule
from flaglift.rules.cost_over_budget import CostOverBudget
from flaglift.rules.duration_out_of_range import DurationOutOfRange
from flaglift.rules.duration_without_video import DurationWithoutVideo
from flaglift.rules.empty_video_prompt import EmptyVideoPrompt
from flaglift.rules.escaped_apostrophe import EscapedApostrophe
from flaglift.rules.exclusive_media import ExclusiveMedia
from flaglift.rules.field_conflict import FieldConflict
from flaglift.rules.flag_after_double_dash import FlagAfterDoubleDash
from flaglift.rules.flag_in_value import FlagInValue
from flaglift.rules.help_flag import HelpFlag
from flaglift.rules.keyframe_separator import KeyframeSeparator
from flaglift.rules.keyframe_without_flags import KeyframeWithoutFlags
from flaglift.rules.legacy_syntax import LegacySyntax
from flaglift.rules.malformed_duration import MalformedDuration
from flaglift.rules.missing_input_video import MissingInputVideo
from flaglift.rules.missing_model import MissingModel
from flaglift.rules.missing_text import MissingText
from flaglift.rules.missing_value import MissingValue
from flaglift.rules.missing_video_prompt import MissingVideoPrompt
from flaglift.rules.missing_video_switch import MissingVideoSwitch
from flaglift.rules.model_newer_than_catalog import ModelNewerThanCatalog
from flaglift.rules.quoted_flag import QuotedFlag
from flaglift.rules.reference_in_video_prompt import ReferenceInVideoPrompt
from flaglift.rules.repeated_flag import RepeatedFlag
from flaglift.rules.retired_model import RetiredModel
from flaglift.rules.several_images import SeveralImages
from flaglift.rules.several_keyframes import SeveralKeyframes
from flaglift.rules.swallowed_word import SwallowedWord
from flaglift.rules.too_many_keyframes import TooManyKeyframes
from flaglift.rules.typing.apostrophe_quote import ApostropheQuote
from flaglift.rules.typing.flag_case import FlagCase
from flaglift.rules.typing.flag_punctuation import FlagPunctuation
from flaglift.rules.typing.html_entity import HtmlEntity
from flaglift.rules.typing.hyphenated_flag import HyphenatedFlag
from flaglift.rules.typing.invisible_character import InvisibleCharacter
from flaglift.rules.typing.over_escaped_quote import OverEscapedQuote
from flaglift.rules.typing.typographic_dash import TypographicDash
from flaglift.rules.typing.typographic_quote import TypographicQuote
from flaglift.rules.unclosed_quote import UnclosedQuote
from flaglift.rules.unknown_flag import UnknownFlag
from flaglift.rules.unknown_model import UnknownModel
from flaglift.rules.unquoted_video_prompt import UnquotedVideoPrompt
from flaglift.rules.unsupported_aspect_ratio import UnsupportedAspectRatio
from flaglift.rules.unsupported_image_references import UnsupportedImageReferences
from flaglift.rules.unsupported_last_frame import UnsupportedLastFrame
from flaglift.rules.unused_suppression import UnusedSuppression
from flaglift.rules.value_on_switch import ValueOnSwitch

__all__ = ["RULES", "UNUSED_SUPPRESSION", "Rule"]

UNUSED_SUPPRESSION = UnusedSuppression()

RULES: tuple[Rule, ...] = (
    LegacySyntax(),
    UnclosedQuote(),
    MissingValue(),
    ValueOnSwitch(),
    RepeatedFlag(),
    AbbreviatedFlag(),
    FlagAfterDoubleDash(),
    QuotedFlag(),
    UnknownFlag(),
    UnquotedVideoPrompt(),
    EscapedApostrophe(),
    SwallowedWord(),
    HelpFlag(),
    FlagInValue(),
    TypographicDash(),
    TypographicQuote(),
    InvisibleCharacter(),
    HtmlEntity(),
    OverEscapedQuote(),
    ApostropheQuote(),
    FlagPunctuation(),
    FlagCase(),
    HyphenatedFlag(),
    UnknownModel(),
    RetiredModel(),
    MissingModel(),
    ModelNewerThanCatalog(),
    MalformedDuration(),
    DurationOutOfRange(),
    DurationWithoutVideo(),
    MissingInputVideo(),
    UnsupportedLastFrame(),
    ReferenceInVideoPrompt(),
    MissingText(),
    UnsupportedAspectRatio(),
    SeveralImages(),
    ExclusiveMedia(),
    AudioWithoutFlag(),
    UnsupportedImageReferences(),
    MissingVideoPrompt(),
    MissingVideoSwitch(),
    EmptyVideoPrompt(),
    FieldConflict(),
    KeyframeWithoutFlags(),
    TooManyKeyframes(),
    KeyframeSeparator(),
    SeveralKeyframes(),
    CostOverBudget(),
    UNUSED_SUPPRESSION,
)
