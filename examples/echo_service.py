"""A stand-in for the service: prints the fields of each request that it gets.

python examples/echo_service.py 127.0.0.1:9000
"""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl


class Echo(BaseHTTPRequestHandler):
    """Answers with the fields of the form that was sent."""

    def do_GET(self) -> None:
        """Say that it is there."""
        self._answer(b"ready\n")

    def do_POST(self) -> None:
        """Send the fields back, one a line."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fields = parse_qsl(body)
        self._answer("".join(f"{name} = {value}\n" for name, value in fields).encode())

    def _answer(self, answer: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""


if __name__ == "__main__":
    host, _, port = sys.argv[1].partition(":")
    HTTPServer((host, int(port)), Echo).serve_forever()
