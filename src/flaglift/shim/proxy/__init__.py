"""The reverse proxy behind `flaglift serve`.

server.py       what is put together: listening, signals, the end
connections.py  the open connections, and a bound on them
inbound.py      one client's connection: request.py reads it, response.py writes to it
site.py         what is done with each request
relay.py        one request to the upstream and its response back; upload.py  its body
upstream.py     the connections to the upstream; outbound.py  one of them
body.py  headers.py  writing.py  location.py   what both sides need
pages.py        the pages for operators; metrics.py  counters for Prometheus
access.py       a log line for each request; caller.py  who sent it
traffic.py      who still sends flags, kept in a file; counting.py  how that gets there;
                report.py  what it says

Both sides are read by llhttp, the parser of Node, in its strict mode, and written here, because
header fields are bytes that have to arrive as they were sent.
"""
