"""The samples of a plan, and the models that prompts were refused for."""

from flaglift.migrate.decision import Decider
from flaglift.migrate.records import Chunk, Problem, Stored, StoredRecord
from flaglift.migrate.sampling import Look, Samples, Seen
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


def taken(first: int, each: int) -> Samples:
    """Return the samples of a chunk, in which each of three kinds comes three times."""
    decide = Decider(DEFAULT, None)
    texts = [
        "a cat --video --video_model kling25",
        'a 6" heel --video',
        "a cat --video --video_model nobody_knows",
        "plain",
    ] * 3
    records = [
        StoredRecord(f"{first + n}", (Stored("", text, {}),)) for n, text in enumerate(texts)
    ]
    samples = Samples(each)
    problems = [Problem(f"p{first + n}", "no JSON") for n in range(120)]
    samples.take(
        Chunk(records, {}, problems), [(one, (decide(one.prompts[0]),)) for one in records]
    )
    return samples


def test_so_many_of_each_outcome_are_kept_and_of_the_refused_ones_of_each_code() -> None:
    samples = taken(1, 2)
    assert [one["key"] for one in samples.prompts] == ["1", "2", "3", "5", "6", "7"]
    assert [[*one["reasons"], {"code": ""}][0]["code"] for one in samples.prompts] == [
        *("", "FL101", "FL301"),
        *("", "FL101", "FL301"),
    ]
    assert [problem["key"] for problem in samples.problems] == [f"p{n}" for n in range(1, 101)]


def test_samples_of_later_chunks_fill_what_is_left() -> None:
    samples = taken(1, 4)
    samples.add(taken(21, 4))
    assert [one["key"] for one in samples.prompts][9:] == ["21", "22", "23"]
    assert samples.models == {"nobody_knows": 6}
    assert len(samples.problems) == 100
    fewer = Samples(4)
    fewer.add(taken(1, 4))
    assert fewer.problems == taken(1, 4).problems


def seen(look: Look) -> Seen:
    """Return what is seen of a chunk of a translated, a refused and a plain prompt."""
    decide = Decider(DEFAULT, None)
    texts = ["a cat --video --video_model kling25", 'ein 6" Schuh für zwei --video', "plain"]
    records = [
        StoredRecord(f"{n}", (Stored("p[0].text", text, {}),)) for n, text in enumerate(texts, 1)
    ]
    decided = [(record, (decide(record.prompts[0]),)) for record in records]
    return look(Chunk(records, {}, [Problem("9", "ungültig")]), decided)


def test_refused_and_unreadable_records_are_listed_with_text_on_request_only() -> None:
    problem = '{"key": "9", "problem": "ungültig"}'
    place = '{"key": "2", "place": "p[0].text", "status": "refused", "codes": ["FL101"], '
    reason = "this quote is never closed, so the service reads no flag at all in this prompt"
    assert seen(Look(listed=True)).refused == [
        problem,
        f'{place}"reasons": [{{"code": "FL101"}}]}}',
    ]
    assert seen(Look(listed=True, with_text=True)).refused == [
        problem,
        f'{place}"reasons": [{{"code": "FL101", "message": "{reason}"}}],'
        ' "before": "ein 6\\" Schuh für zwei --video", "after": {}}',
    ]
    assert seen(Look(1)).refused == []


def test_samples_show_what_is_written() -> None:
    samples = seen(Look(1)).samples
    assert samples
    assert samples.prompts[0] == {
        "key": "1",
        "place": "p[0].text",
        "status": "translated",
        "codes": ["FL001", "FL601"],
        "reasons": [],
        "before": "a cat --video --video_model kling25",
        "after": {"text": "a cat", "video_model": "kling25", "video_prompt": "a cat"},
    }
    assert [one["status"] for one in samples.prompts] == ["translated", "refused"]
    assert seen(Look()).samples is None
    none = seen(Look(0)).samples
    assert none is not None
    assert none.prompts == []
