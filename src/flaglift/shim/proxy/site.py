"""The handling of each request: checked, inspected, relayed, observed."""

import contextlib
import logging
import time
import traceback
from collections.abc import Callable, Sequence

from flaglift.shim.core.inspection import Inspection, Target, inspect
from flaglift.shim.core.policy import Policy
from flaglift.shim.core.record import RequestOutcome
from flaglift.shim.core.refusal import Refusal
from flaglift.shim.core.routes import escaped
from flaglift.shim.proxy.exchange import Exchange
from flaglift.shim.proxy.forwarded import continued, origin
from flaglift.shim.proxy.headers import Headers, hops_left, values
from flaglift.shim.proxy.options import Limits, Options
from flaglift.shim.proxy.outbound import UpstreamError
from flaglift.shim.proxy.relay import Call, Relay
from flaglift.shim.proxy.request import Request
from flaglift.shim.proxy.response import Response
from flaglift.shim.proxy.upload import Upload, check_length
from flaglift.shim.proxy.upstream import Upstream

LOGGER = logging.getLogger("flaglift.shim")
_UPSTREAM_LOGGER = logging.getLogger("flaglift.shim.upstream")

_WAY = (b"host", b"max-forwards", b"via")

Observer = Callable[[Exchange], None]


class Site:
    """Answers requests with the upstream's responses to the translated ones.

    `begin` is called before each is forwarded, `call` when it is.
    """

    def __init__(
        self,
        options: Options,
        upstream: Upstream,
        observers: Sequence[Observer],
        begin: Observer,
        call: Call,
    ) -> None:
        self.options = options
        """The limits for new requests."""
        self._upstream = upstream
        self._observers = observers
        self._begin = begin
        self._call = call

    async def serve(self, request: Request, response: Response) -> None:
        """Answer one request, and report it to the observers, whatever the outcome."""
        options = self.options
        path, _, query = request.path_and_query.partition(b"?")
        exchange = Exchange(request, path, _inspected(request, path, query, options.policy))
        if options.show_codes:
            response.extra = lambda: _codes(exchange.inspection)
        try:
            await self._answer(exchange, response, options)
        except Refusal as refusal:
            exchange.inspection.record.refused = True
            await _refuse(response, refusal)
        except UpstreamError as error:
            _UPSTREAM_LOGGER.warning("%s: %s", error.message, error.detail or "-")
            await _refuse(response, Refusal(error.status, "base", [error.message]))
        except ConnectionError:
            pass  # the client disconnected
        except Exception as error:
            # Neither the message nor values from the traceback: they may contain client data.
            frames = "".join(traceback.format_tb(error.__traceback__))
            LOGGER.error("the proxy failed: %s at\n%s", type(error).__name__, frames)  # noqa: TRY400
            await _refuse(response, Refusal(500, "base", ["the proxy failed"]))
        finally:
            exchange.status = response.status
            exchange.sent_bytes = response.length
            exchange.seconds = time.perf_counter() - exchange.started
            for observe in self._observers:
                observe(exchange)

    async def _answer(self, exchange: Exchange, response: Response, options: Options) -> None:
        request = exchange.request
        _check(request, options.limits)
        self._begin(exchange)
        hops = hops_left(request.method, request.names)
        if hops == 0:
            await _end_here(request, response)
            return
        added = [(b"X-Request-Id", exchange.id.encode())]
        if hops is not None:
            added.append((b"Max-Forwards", b"%d" % (hops - 1)))
        if options.trust_forwarded:
            added += continued(request)
            request.client = origin(request)
        upload = Upload(request, response, exchange.inspection.rewriter, options.limits)
        relay = Relay(self._upstream, exchange, response, self._call, says_via=options.via)
        await relay.run(request.path_and_query, added, upload)


def _inspected(request: Request, path: bytes, query: bytes, policy: Policy) -> Inspection:
    target = Target(request.method, escaped(path), query.decode("latin-1"))
    return inspect(target, request.names, policy)


def _check(request: Request, limits: Limits) -> None:
    """Raise `Refusal` for an ambiguous head, or an overlong body."""
    if request.version not in ("1.0", "1.1"):
        raise Refusal(400, "base", ["the request's version of HTTP is not known"])
    hosts = len(values(request.names, b"host"))
    if hosts > 1 or (hosts == 0 and request.version == "1.1"):
        raise Refusal(400, "base", ["the request does not name one host"])
    if not request.path_and_query:
        raise Refusal(400, "base", ["the request's target must be a path of this server"])
    encodings = values(request.names, b"transfer-encoding")
    lengths = values(request.names, b"content-length")
    chunked = [encoding.lower() for encoding in encodings] == [b"chunked"]
    if (
        len(lengths) + len(encodings) > 1
        or (encodings and not chunked)
        or (encodings and request.version == "1.0")
    ):
        raise Refusal(
            400, "base", ["the request gives the length of its body twice, or incorrectly"]
        )
    if any(upgrade.lower() == b"websocket" for upgrade in values(request.names, b"upgrade")):
        raise Refusal(501, "base", ["this proxy has no WebSocket connections"])
    if request.length is not None and limits.body_bytes is not None:
        check_length(request.length, limits.body_bytes)


async def _end_here(request: Request, response: Response) -> None:
    """Answer a request that must not be forwarded any further.

    `TRACE` shows only the request's path through proxies; other fields may be secrets.
    """
    body = b""
    fields: Headers = []
    if request.method == "TRACE":
        way = [b"%b: %b\r\n" % pair for pair in request.headers if pair[0].lower() in _WAY]
        line = (request.method.encode(), request.target, request.version.encode())
        body = b"%b %b HTTP/%b\r\n%b\r\n" % (*line, b"".join(way))
        fields = [(b"content-type", b"message/http")]
    response.start(200, b"OK", [*fields, (b"content-length", b"%d" % len(body))])
    await response.end(body)


async def _refuse(response: Response, refusal: Refusal) -> None:
    """Answer with an error, unless a response has begun."""
    if not response.started:
        with contextlib.suppress(ConnectionError):
            await response.refuse(refusal)


def _codes(inspection: Inspection) -> Headers:
    if inspection.outcome is RequestOutcome.OFF:
        return []
    record = inspection.record
    said = [inspection.outcome.value, *([record.reason.value] if record.reason else ())]
    return [(b"x-flaglift", " ".join([*said, *sorted(record.codes)]).encode())]
