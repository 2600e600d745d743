"""FL801 cost-over-budget."""

from typing import ClassVar

from flaglift.rules.base import (
    Diagnostic,
    Feature,
    Invalid,
    Iterator,
    Reads,
    Rule,
    Settings,
    Severity,
    Subject,
    Valid,
    cents,
    excerpt,
)

HALF = Settings(budget=50)


class CostOverBudget(Rule):
    """
    What it does
        Compares the price of the video with the budget, where one is set (`budget`, in cents). The
        price is that of the model and the seconds, without upscaling and without the image.

    Why
        A longer video or another model costs many times as much, and the text does not show it.

    Example
        a cat --video --video_model kling30_pro  (with a budget of 50 cents)

    Use instead
        a cat --video --video_model kling25  (with a budget of 50 cents)

    Fix safety
        No fix: only you know what to save.

    Ground
        The model table of the service's Image2Video page, edition of the catalog in use: the cost
        is for the base duration, and longer videos scale linearly.
    """

    code = "FL801"
    name = "cost-over-budget"
    severity = Severity.WARNING
    trigger = Feature.FLAG
    reads: ClassVar[Reads] = Reads.FIRST | Reads.MODEL | Reads.DURATION

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat --video --video_model kling30_pro", "no budget is set"),
        Valid("a cat --video --video_model kling25", "39 cents", settings=HALF),
        Valid(
            "a cat --video --video_model kling25 --duration 10",
            "exactly the budget",
            settings=Settings(budget=78),
        ),
        Valid(
            "a cat --video --video_model veo31_fast_4k",
            "the seconds that the price is for are not published",
            settings=HALF,
        ),
        Valid(
            "a cat --video --video_model kling25 --duration 3600",
            "the model does not support this length, so it costs nothing",
            settings=HALF,
        ),
        Valid("a cat --video", "no model, no price", settings=HALF),
        Valid(
            'a 6" cat --video --video_model kling30_pro',
            "the quote makes the flags text",
            settings=HALF,
        ),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video --video_model kling30_pro",
            "the default duration of an expensive model",
            settings=HALF,
        ),
        Invalid(
            "a cat --video --video_model kling25 --duration 10",
            "twice the base duration",
            settings=HALF,
        ),
        Invalid(
            "a cat --video --duration 10",
            "the model is the configured one",
            settings=Settings(budget=77.5, default_model="kling25"),
        ),
        Invalid(
            "a cat --video --video_model kling25_10s",
            "the price of the accepted successor",
            settings=Settings(budget=50, accept_successors=True),
        ),
        Invalid(
            "a cat --video --video_model wan22_fast_480p",
            "nothing may be spent",
            settings=Settings(budget=0),
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding where the price is known and above the budget."""
        budget, model = subject.settings.budget, subject.model
        if budget is None or model is None or not subject.is_clear_video:
            return
        price = subject.price_cents
        if price is None or price <= budget:
            return
        seconds = model.default_seconds if subject.duration is None else subject.duration
        yield self.report(
            subject.anchor,
            f"a video of {excerpt(seconds)} s with `{model.name}` costs {cents(price)}"
            f"{subject.price_note}, more than the budget of {cents(budget)}",
        )
