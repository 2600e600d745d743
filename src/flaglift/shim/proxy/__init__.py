"""The reverse proxy behind `flaglift serve`.

guard.py      the middleware, and what is refused before it looks at a request
forward.py    one request, sent to the upstream and its response back
protocol.py   what uvicorn's connections do not guard against
server.py     what is put together: listening, signals, the end
operators.py  the pages for operators; metrics.py  counters for Prometheus
access.py     a log line for each request; caller.py  who sent it
traffic.py    who still sends flags, kept in a file; counting.py  how that gets there

In a server of one's own, `Guard(Forward("https://api.example"))` is the proxy as an ASGI app.
"""
