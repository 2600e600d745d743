"""The reverse proxy behind `flaglift serve`.

server.py       the assembled proxy: listening, signals, shutdown
connections.py  the open connections, and a bound on them
inbound.py      one client's connection: request.py reads it, response.py writes to it
site.py         the handling of each request
relay.py        one request to the upstream and its response back; upload.py  its body
upstream.py     the connections to the upstream; outbound.py  one of them
body.py  headers.py  writing.py  location.py   shared by both sides
pages.py        the pages for operators; metrics.py  counters for Prometheus
access.py       a log line for each request; caller.py  who sent it
traffic.py      who still sends flags, stored in a file; counting.py  writes it;
                report.py  evaluates it

Both sides are read by llhttp, the parser of Node, in its strict mode, and written here, because
header fields are bytes that have to arrive as they were sent.
"""
