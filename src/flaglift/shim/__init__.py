"""Prompts in HTTP requests: old clients stay unchanged, the service sees form fields.

core/       request bodies rewritten, bytes in and bytes out; opens no connection
httpx.py    a transport for httpx and httpx2 clients
requests.py an adapter for requests sessions
asgi.py     a middleware for your own server; wsgi.py  the same for Flask, Django and others
proxy/      the reverse proxy behind `flaglift serve`
"""

from flaglift.shim.core.policy import LateText, Mode, Policy

__all__ = ["LateText", "Mode", "Policy"]
