"""Apps of the usual frameworks that answer with what they read in a form, bare or with the shim."""

import json
import secrets
from typing import Any, cast

import django
from a2wsgi import WSGIMiddleware
from asgiref.wsgi import WsgiToAsgi
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import re_path
from fastapi import FastAPI, Request
from flask import Flask, request
from starlette.datastructures import UploadFile

from flaglift.shim import asgi, wsgi


def answer(fields: Any, files: Any) -> str:
    return json.dumps({"fields": list(fields), "files": list(files)})


def django_view(given: HttpRequest, **_: str) -> HttpResponse:
    fields = [(name, value) for name in given.POST for value in given.POST.getlist(name)]
    files = [
        (name, file.name, file.size) for name in given.FILES for file in given.FILES.getlist(name)
    ]
    return HttpResponse(answer(fields, files))


urlpatterns = [re_path(".*", django_view)]
settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY=secrets.token_hex(),
    MIDDLEWARE=[],
    DEBUG=False,
)
django.setup()
flask_app = Flask(__name__)


@flask_app.post("/<path:_path>")
def flask_view(_path: str) -> str:
    files = [
        (name, file.filename, len(file.read())) for name, file in request.files.items(multi=True)
    ]
    return answer(request.form.items(multi=True), files)


fastapi_app = FastAPI()


@fastapi_app.post("/{_path:path}")
async def fastapi_view(_path: str, given: Request) -> Any:
    form = (await given.form()).multi_items()
    files = [
        (name, file.filename, file.size) for name, file in form if isinstance(file, UploadFile)
    ]
    return {"fields": [pair for pair in form if isinstance(pair[1], str)], "files": files}


django_asgi = get_asgi_application()
django_wsgi = get_wsgi_application()
flask_asgi: Any = WsgiToAsgi(flask_app)  # type: ignore[no-untyped-call]

django_asgi_shim = asgi.Middleware(django_asgi)
flask_asgi_shim = asgi.Middleware(flask_asgi)
flask_by_a2wsgi: Any = WSGIMiddleware(cast(Any, flask_app))
flask_a2wsgi_shim = asgi.Middleware(flask_by_a2wsgi)
fastapi_asgi_shim = asgi.Middleware(fastapi_app)
django_wsgi_shim = wsgi.Middleware(django_wsgi)
flask_wsgi_shim = wsgi.Middleware(flask_app)
