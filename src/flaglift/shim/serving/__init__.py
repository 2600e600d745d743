"""The reverse proxy behind `flaglift serve`.

site.py      what is put together: guard, middleware, forwarding, the pages for operators
guard.py     what is refused before anything looks at it
forward.py   one request, sent to the upstream and its response back
protocol.py  what uvicorn's connections do not guard against
server.py    listening, signals, the end
metrics.py   counters for Prometheus; access.py  a log line for each request
traffic.py   who still sends flags, kept in a file
"""
