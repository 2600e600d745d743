"""The samples of a plan, and the models that prompts were refused for."""

from flaglift.migrate.decision import Decider
from flaglift.migrate.records import Chunk, Problem, Stored, StoredRecord
from flaglift.migrate.sampling import Samples
from flaglift.settings import DEFAULT


def test_models_are_counted_by_the_names_that_prompts_have() -> None:
    texts = [
        "a cat --video --video_model nobody_knows",
        "a dog --video --video_model nobody_knows",
        "a cat --video --video_model " + "x" * 90,
        "a cat --video --video_model kling25",
        "a cat --video\r\n---\r\na dog --video --video_model nobody_knows",
        "a cat",
    ]
    decide = Decider(DEFAULT, None)
    records = [StoredRecord(f"{n}", (Stored("", text, {}),)) for n, text in enumerate(texts)]
    decided = [(record, (decide(record.prompts[0]),)) for record in records]
    samples = Samples(1)
    samples.take(Chunk(records, {}, [Problem("9", "no JSON")]), decided)
    assert samples.models["nobody_knows"] >= 2
    assert samples.models["x" * 60] == 1
    assert "kling25" not in samples.models
    assert samples.problems == [{"key": "9", "problem": "no JSON"}]
    statuses = [sample["status"] for sample in samples.prompts]
    assert statuses.count("translated") == 1
    assert statuses.count("refused") >= 1
