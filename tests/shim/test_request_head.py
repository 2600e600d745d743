"""The head of a request: which bodies are looked at, and which are left alone, with a reason."""

import pytest

from flaglift.shim.core.body import Whole
from flaglift.shim.core.inspection import Inspection, Target, inspect
from flaglift.shim.core.policy import Mode, Policy
from flaglift.shim.core.record import Reason, RequestOutcome
from flaglift.shim.core.routes import find_route
from shim.forms import JSON, MULTIPART, URLENCODED


def look(
    *headers: tuple[str, str], target: Target | None = None, policy: Policy | None = None
) -> Inspection:
    given = [(name.encode(), value.encode()) for name, value in headers]
    target = target or Target("POST", "/tunes/7/prompts")
    return inspect(target, given, policy or Policy())


@pytest.mark.parametrize(
    ("method", "path", "label"),
    [
        ("POST", "/tunes/7/prompts", "/tunes/:id/prompts"),
        ("POST", "/tunes/my-slug_1/prompts.json", "/tunes/:id/prompts"),
        ("POST", "/tunes/7/prompts/", "/tunes/:id/prompts"),
        ("PATCH", "/tunes/7/prompts/8", "/tunes/:id/prompts/:id"),
        ("PUT", "/prompts/8.json", "/prompts/:id"),
        ("PATCH", "/prompts/8", "/prompts/:id"),
        ("POST", "/prompts/8/duplicate", "/prompts/:id/duplicate"),
        ("POST", "/tunes", "/tunes"),
        ("POST", "/tunes.json", "/tunes"),
        ("POST", "/p/portraits/tunes", "/p/:slug/tunes"),
        ("GET", "/tunes/7/prompts", None),
        ("DELETE", "/prompts/8", None),
        ("POST", "/tunes/7/prompts/8", "/tunes/:id/prompts/:id"),
        ("POST", "/prompts/8", "/prompts/:id"),
        ("patch", "/prompts/8", "/prompts/:id"),
        ("POST", "//tunes/7/prompts", "/tunes/:id/prompts"),
        ("POST", "/tunes//7/prompts", "/tunes/:id/prompts"),
        ("POST", "/./tunes/7/prompts/.", "/tunes/:id/prompts"),
        ("POST", "/x/../tunes/7/prompts", "/tunes/:id/prompts"),
        ("POST", "/x/%2e%2E/tunes/7/prompts", "/tunes/:id/prompts"),
        ("POST", "/../tunes/7/prompts", "/tunes/:id/prompts"),
        ("POST", "/tunes/7/%70rompts", "/tunes/:id/prompts"),
        ("POST", "/tunes%2F7/prompts", "/tunes/:id/prompts"),
        ("POST", "/tunes/7/prompts.JSON", "/tunes/:id/prompts"),
        ("POST", "/tunes/7/prompts.xml", "/tunes/:id/prompts"),
        ("POST", "/tunes/a.b/prompts", "/tunes/:id/prompts"),
        ("POST", "/tunes/\u00fc%FF/prompts", "/tunes/:id/prompts"),
        ("POST", "http://h:80/tunes/7/prompts", "/tunes/:id/prompts"),
        ("POST", "/tunes/7/%2570rompts", None),
        ("POST", "/tunes/7/prompts;x=1", None),
        ("POST", "/tunes/" + "7" * 300 + "/prompts", "/tunes/:id/prompts"),
        ("POST", "/x/tunes/7/prompts", None),
        ("POST", "/packs", None),
    ],
)
def test_routes(method: str, path: str, label: str | None) -> None:
    route = find_route(method, path)
    assert (route.label if route else None) == label
    seen = look(("content-type", JSON), target=Target(method, path))
    assert seen.reads == (label is not None)
    assert (seen.outcome is RequestOutcome.OFF) == (label is None)
    assert label is None or seen.label == label


@pytest.mark.parametrize(
    "media_type",
    [
        MULTIPART,
        'multipart/form-data; boundary="a b"',
        "Multipart/Form-Data;boundary=x",
        "multipart/form-data; charset=utf-8; boundary=x",
        "multipart/form-data; boundary=x; charset=UTF-8",
        URLENCODED,
        URLENCODED + "; charset=UTF-8",
        "Application/JSON",
        f"{JSON}; charset=iso-8859-1",
        "multipart/form-data; charset=us-ascii; boundary=x",
        'application/json; charset="utf-8"',
    ],
)
def test_media_types_that_are_read(media_type: str) -> None:
    assert look(("content-type", media_type)).reads


MANY = [(f"x-header-of-a-gateway-{number}", "x") for number in range(60)]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ([], Reason.MEDIA_TYPE),
        ([("content-type", "text/plain")], Reason.MEDIA_TYPE),
        ([("content-type", "application/vnd.api+json")], Reason.MEDIA_TYPE),
        ([("content-type", JSON), ("content-type", URLENCODED)], Reason.MEDIA_TYPE),
        ([("content-type", "multipart/form-data")], Reason.MEDIA_TYPE),
        ([("content-type", "multipart/form-data; boundary=" + "x" * 71)], Reason.MEDIA_TYPE),
        ([("content-type", "multipart/form-data; boundary=a; boundary=b")], Reason.MEDIA_TYPE),
        ([("content-type", "multipart/mixed; boundary=a")], Reason.MEDIA_TYPE),
        ([("content-type", f"{JSON}; charset=utf-16")], Reason.CHARSET),
        ([("content-type", f"{URLENCODED}; charset=koi8-r")], Reason.CHARSET),
        ([("content-type", JSON), ("content-encoding", "gzip")], Reason.CONTENT_ENCODING),
        ([("content-type", JSON), ("content-encoding", "identity")], None),
        ([("content-type", JSON), ("content-md5", "x")], Reason.SIGNED_BODY),
        ([("content-type", JSON), ("digest", "x")], Reason.SIGNED_BODY),
        ([("content-type", JSON), ("content-digest", "x")], Reason.SIGNED_BODY),
        ([("content-type", JSON), ("repr-digest", "x")], Reason.SIGNED_BODY),
        ([("content-type", JSON), ("want-digest", "x")], None),
        ([("content-type", JSON), ("signature-input", "x")], Reason.SIGNED_BODY),
        ([("content-type", JSON), ("x-hub-signature-256", "x")], Reason.SIGNED_BODY),
        ([("content-type", JSON), ("x-amz-content-sha256", "x")], Reason.SIGNED_BODY),
        ([("content-type", JSON), ("x-checksum", "x")], Reason.SIGNED_BODY),
        ([("content-type", JSON), ("x-amz-checksum-crc32", "x")], Reason.SIGNED_BODY),
        ([("content-type", JSON), ("x-body-sha-1", "x")], Reason.SIGNED_BODY),
        ([("content-type", JSON), ("x-payload-hash", "x")], Reason.SIGNED_BODY),
        ([("content-type", JSON), ("content-range", "bytes 0-5/6")], Reason.SIGNED_BODY),
        ([("content-type", JSON), ("x-commit-sha", "x"), ("x-shape-2", "x")], None),
        ([("content-type", JSON), *MANY], None),
        ([("content-type", JSON), *MANY, ("x-signature", "x")], Reason.SIGNED_BODY),
        ([("content-type", JSON), ("authorization", "AWS4-HMAC-SHA256 x")], Reason.SIGNED_BODY),
        ([("content-type", JSON), ("authorization", "OAuth x")], Reason.SIGNED_BODY),
        *(
            ([("content-type", JSON), ("authorization", f"{scheme} x=1, y=2")], Reason.SIGNED_BODY)
            for scheme in (
                "AWS4-ECDSA-P256-SHA256",
                "TC3-HMAC-SHA256",
                "ACS3-HMAC-SHA256",
                "EG1-HMAC-SHA256",
                "GOOG4-RSA-SHA256",
                "SDK-HMAC-SHA256",
                "HMAC",
                "AWS",
                "Hawk",
                "MAC",
                "Signature",
            )
        ),
        ([("content-type", JSON), ("authorization", "Basic aG1hYw==")], None),
        ([("content-type", JSON), ("authorization", "key-with-hmac")], None),
        ([("content-type", JSON), ("x-webhook-sig", "x")], Reason.SIGNED_BODY),
        ([("content-type", JSON), ("x-signal", "x"), ("x-sigma", "x")], None),
        ([("content-type", JSON), ("authorization", "Bearer digest")], None),
        ([("content-type", JSON), ("authorization", 'Digest username="u", qop=auth')], None),
        (
            [("content-type", JSON), ("authorization", 'Digest username="u", qop="auth-int"')],
            Reason.SIGNED_BODY,
        ),
    ],
)
def test_bodies_that_are_left_alone(headers: list[tuple[str, str]], reason: Reason | None) -> None:
    seen = look(*headers)
    assert seen.record.found is reason
    assert seen.reads != (reason is not None)
    assert seen.codes == f"untouched {reason or Reason.UNFINISHED}"


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("", True),
        ("api_key=1&x=prompt", True),
        ("prompt[text]=a", False),
        ("x=1&prompt%5Bseed%5D=1", False),
        ("tune[title]=x", False),
        ("text=a", False),
    ],
)
def test_fields_in_the_query(query: str, read: bool) -> None:
    seen = look(("content-type", JSON), target=Target("POST", "/tunes/7/prompts", query))
    assert seen.reads == read
    assert seen.record.found is (None if read else Reason.QUERY_FIELDS)


def test_flags_in_the_query_of_a_prompts_route_are_elsewhere() -> None:
    target = Target("POST", "/tunes/7/prompts", "note=a+%2D-video")
    seen = look(("content-type", JSON), target=target)
    assert (seen.reads, seen.record.found) == (False, Reason.FLAGS_ELSEWHERE)


def test_modes_by_path() -> None:
    policy = Policy(Mode.OFF, (("/tunes/7/*", Mode.STRICT), ("/tunes/*", Mode.REPORT)))
    for path, mode in (
        ("/tunes/7/prompts", Mode.STRICT),
        ("/tunes/8/prompts", Mode.REPORT),
        ("/prompts/1/duplicate", Mode.OFF),
    ):
        seen = look(("content-type", JSON), target=Target("POST", path), policy=policy)
        assert seen.mode is mode
        assert seen.reads != (mode is Mode.OFF)


def test_a_path_spelt_otherwise_has_the_same_mode() -> None:
    policy = Policy(Mode.OFF, (("/tunes/7/*", Mode.STRICT),))
    for path in ("//tunes/7/prompts", "/tunes/%37/prompts", "/./tunes/7/prompts/"):
        assert policy.mode_for(path) is Mode.STRICT


def test_a_prefix_stands_before_the_services_paths() -> None:
    policy = Policy(prefix="/gateway")
    for path, read in (
        ("/gateway/tunes/7/prompts", True),
        ("//gateway/./tunes/7/prompts", True),
        ("/tunes/7/prompts", False),
        ("/gateways/tunes/7/prompts", False),
    ):
        seen = look(("content-type", JSON), target=Target("POST", path), policy=policy)
        assert seen.reads is read


def test_a_prefix_may_end_in_any_letter() -> None:
    for prefix in ("/X", "/X/"):
        for path in ("/tunes", f"/tunes/{'7' * 300}/prompts"):
            assert find_route("POST", f"/X{path}", prefix)
            assert not find_route("POST", path, prefix)


def test_a_body_of_exactly_the_limit_is_read_whole() -> None:
    for length, whole in ((100, True), (101, False)):
        seen = look(
            ("content-type", MULTIPART),
            ("content-length", str(length)),
            policy=Policy(hold_limit=100),
        )
        assert isinstance(seen.rewriter, Whole) is whole
