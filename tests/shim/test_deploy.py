"""What is in `deploy/`: it is valid, it fits together, and what it says runs."""

import contextlib
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from configparser import ConfigParser
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from flaglift.shim.proxy.options import Options
from peers import program
from running import flaglift
from shim.forms import LEGACY
from shim.servers import Received, Upstream, upstream, wait_until
from shim.test_outgoing import made
from shim.test_serve_verb import FLAGLIFT, PATH, free_port

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent
DATA = {"prompt[text]": LEGACY}
DEFAULTS = Options("https://h")


@pytest.fixture(scope="module")
def service() -> Iterator[Upstream]:
    with upstream() as app:
        yield app


@contextlib.contextmanager
def running(
    command: list[str], *addresses: int, environ: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until it is no longer needed, and wait until its ports answer."""
    environ = {**os.environ, **(environ or {})}
    with subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL) as process:
        try:
            for port in addresses:
                wait_until(partial(answers, port))
            yield process
        finally:
            process.terminate()
            assert process.wait(30) == 0


def answers(port: int) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/livez").status_code > 0
    return False


# systemd


class Unit(ConfigParser):
    """A unit's file: names keep their case, and one may be there twice."""

    def __init__(self, name: str) -> None:
        super().__init__(strict=False, interpolation=None, comment_prefixes="#")
        self.optionxform = str  # type: ignore[assignment, method-assign]
        self.read(DEPLOY / "systemd" / name)


def test_the_units_are_valid(tmp_path: Path) -> None:
    for name in ("flaglift.service", "flaglift.socket"):
        text = (DEPLOY / "systemd" / name).read_text()
        (tmp_path / name).write_text(text.replace("/opt/flaglift/bin", str(BIN)))
    units = [str(tmp_path / name) for name in ("flaglift.service", "flaglift.socket")]
    verify = [program("systemd-analyze"), "verify", "--man=no", *units]
    done = subprocess.run(verify, capture_output=True, text=True, check=False, timeout=60)
    about_ours = [line for line in done.stderr.splitlines() if "flaglift" in line]
    assert (done.returncode, about_ours) == (0, []), done.stderr


def test_what_the_service_unit_starts_serves_on_the_sockets_of_the_other(
    service: Upstream, tmp_path: Path
) -> None:
    unit = Unit("flaglift.service")["Service"]
    sockets = (DEPLOY / "systemd" / "flaglift.socket").read_text()
    named = [int(port) for port in re.findall(r"ListenStream=127\.0\.0\.1:(\d+)", sockets)]
    assert named == [8080, 9090]
    config = tmp_path / "flaglift.toml"
    config.write_text(f'[serve]\nupstream = "{service.url}"\noperators = "127.0.0.1:1"\n')
    line = unit["ExecStart"].replace("/opt/flaglift/bin", str(BIN))
    line = line.replace("/etc/flaglift/flaglift.toml", str(config))
    command = shlex.split(line.replace("${STATE_DIRECTORY}", str(tmp_path)))
    proxy, pages = free_port(), free_port()
    listen = [part for port in (proxy, pages) for part in ("-l", f"127.0.0.1:{port}")]
    environ = ["-E", "PATH", *(x for name in os.environ for x in ("-E", name) if "COV" in name)]
    activate = [program("systemd-socket-activate"), *listen, *environ, *command]
    with running(activate, pages):
        posted = httpx.post(f"http://127.0.0.1:{proxy}{PATH}", data=DATA)
        assert posted.status_code == 201
        assert b"video_model%5D" in service.last.body
        assert httpx.get(f"http://127.0.0.1:{pages}/metrics").status_code == 200
        assert httpx.get(f"http://127.0.0.1:{proxy}/metrics").status_code == 201  # the service's
    assert (tmp_path / "traffic.db").exists()
    stop = DEFAULTS.grace_seconds + DEFAULTS.shutdown_seconds + 5
    assert int(unit["TimeoutStopSec"]) > stop
    assert unit["ExecReload"] == "/bin/kill -HUP $MAINPID"


def test_a_socket_that_nobody_would_listen_on_is_an_error() -> None:
    ports = [free_port() for _ in range(3)]
    listen = [part for port in ports for part in ("-l", f"127.0.0.1:{port}")]
    serve = [*FLAGLIFT, "serve", "--isolated", "--upstream", "https://h"]
    command = [program("systemd-socket-activate"), *listen, "-E", "PATH", *serve]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as activated:
        for _ in range(400):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", ports[0]), timeout=5).close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                activated.wait(0.05)
                break
        _, said = activated.communicate(timeout=20)
    assert activated.returncode == 2
    assert "3 sockets were passed: give one, and one for --operators" in said


# The image


def test_the_dockerfile_is_good_practice() -> None:
    done = subprocess.run(
        [str(BIN / "hadolint"), "--no-color", str(DEPLOY / "Dockerfile")],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")


def instructions() -> list[tuple[str, str]]:
    text = (DEPLOY / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    return [
        (line.partition(" ")[0], line.partition(" ")[2]) for line in joined.splitlines() if line
    ]


def settings_of_the_image() -> dict[str, str]:
    (given,) = (rest for name, rest in instructions() if name == "ENV")
    return dict(word.split("=", 1) for word in given.split())


def test_what_the_image_is_built_from_is_all_it_needs(service: Upstream, tmp_path: Path) -> None:
    """Its instructions, carried out in a folder: where no daemon builds images, too."""
    source, home = tmp_path / "src", tmp_path / "flaglift"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    let_in = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    for name, rest in instructions():
        if name == "COPY" and not rest.startswith("--from"):
            *paths, target = rest.split()
            for path in paths:
                assert f"!{path}" in let_in
                to = source / target / (Path(path).name if target == "./" else "")
                if (ROOT / path).is_dir():
                    shutil.copytree(ROOT / path, to, ignore=ignored)
                else:
                    to.parent.mkdir(exist_ok=True)
                    shutil.copy(ROOT / path, to)
    (install,) = (rest for name, rest in instructions() if name == "RUN" and "pip" in rest)
    made, installed = install.split(" && ")
    assert made == "python -m venv /opt/flaglift"
    venv.create(home, with_pip=True)
    pip = shlex.split(installed.replace("/opt/flaglift", str(home)))
    quickly = {**os.environ, "PIP_NO_COMPILE": "1"}
    subprocess.run([*pip, "--quiet"], cwd=source, check=True, timeout=280, env=quickly)
    proxy, pages = free_port(), free_port()
    environ = {
        **settings_of_the_image(),
        "PATH": f"{home}/bin",
        "FLAGLIFT_SERVE_UPSTREAM": service.url,
        "FLAGLIFT_SERVE_LISTEN": f":{proxy}",
        "FLAGLIFT_SERVE_OPERATORS": f":{pages}",
    }
    (entry,) = (json.loads(rest) for name, rest in instructions() if name == "ENTRYPOINT")
    (check,) = (rest for name, rest in instructions() if name == "HEALTHCHECK")
    health = json.loads(check.partition("CMD ")[2])
    health[0] = f"{home}/bin/python"
    assert "http://127.0.0.1:9090/" in health[2]
    health[2] = health[2].replace("9090", str(pages))
    assert subprocess.run(health, capture_output=True, check=False, timeout=30).returncode == 1
    with running([f"{home}/bin/{entry[0]}", *entry[1:]], pages, environ=environ):
        assert httpx.post(f"http://127.0.0.1:{proxy}{PATH}", data=DATA).status_code == 201
        assert b"video_model%5D" in service.last.body
        subprocess.run(health, check=True, timeout=30)


def test_the_image_is_not_roots_and_says_what_it_listens_on() -> None:
    found = dict(instructions())  # the last of each
    user, _, group = found["USER"].partition(":")
    assert int(user) > 0 < int(group)
    ports = {"FLAGLIFT_SERVE_LISTEN": ":8080", "FLAGLIFT_SERVE_OPERATORS": ":9090"}
    assert ports.items() <= settings_of_the_image().items()
    assert found["EXPOSE"] == "8080 9090"
    assert f"--owner={user} --group={group} /var/lib/flaglift" in str(instructions())


def test_the_compose_file_is_valid_and_fits_the_image() -> None:
    path = DEPLOY / "compose.yaml"
    schema = ["check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    done = subprocess.run(
        [sys.executable, "-m", *schema], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (one,) = yaml.safe_load(path.read_text())["services"].values()
    assert (DEPLOY / one["build"]["context"]).resolve() == ROOT
    assert (ROOT / one["build"]["dockerfile"]).exists()
    assert [port.rpartition(":")[2] for port in one["ports"]] == ["8080", "9090"]
    (volume,) = one["volumes"]
    assert one["environment"]["FLAGLIFT_SERVE_TRAFFIC"].startswith(volume.partition(":")[2] + "/")
    grace = DEFAULTS.grace_seconds + DEFAULTS.shutdown_seconds + 5
    assert int(one["stop_grace_period"].removesuffix("s")) > grace


# Kubernetes


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    documents = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())
    return {document["kind"]: document for document in documents}


def test_the_manifest_is_valid(manifest: dict[str, Any]) -> None:
    for document in manifest.values():
        for release in ("1.30", kubernetes_validate.latest_version()):
            kubernetes_validate.validate(document, release, strict=True)


def test_the_manifest_fits_together(manifest: dict[str, Any]) -> None:
    deployment, label = manifest["Deployment"], {"app.kubernetes.io/name": "flaglift"}
    pod = deployment["spec"]["template"]
    assert deployment["spec"]["selector"]["matchLabels"] == pod["metadata"]["labels"] == label
    assert manifest["Service"]["spec"]["selector"] == label
    (container,) = pod["spec"]["containers"]
    assert container["image"] == f"flaglift:{version('flaglift')}"
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": 8080, "operators": 9090}
    assert pod["metadata"]["annotations"]["prometheus.io/port"] == str(ports["operators"])
    assert manifest["Service"]["spec"]["ports"][0]["targetPort"] in ports
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert set(mounts) == {volume["name"] for volume in pod["spec"]["volumes"]}
    serve = tomllib.loads(manifest["ConfigMap"]["data"]["flaglift.toml"])["serve"]
    assert container["args"] == ["--config", f"{mounts['config']}/flaglift.toml"]
    assert str(Path(serve["traffic"]).parent) == mounts["traffic"]
    grace = serve["grace"] + serve["shutdown-timeout"] + 5
    assert pod["spec"]["terminationGracePeriodSeconds"] >= grace
    assert container["readinessProbe"]["timeoutSeconds"] > DEFAULTS.timeouts.connect
    user = dict(instructions())["USER"].split(":")
    assert [str(pod["spec"]["securityContext"][f"runAs{of}"]) for of in ("User", "Group")] == user


def test_the_probes_ask_what_the_proxy_answers(
    manifest: dict[str, Any], service: Upstream, tmp_path: Path
) -> None:
    text = manifest["ConfigMap"]["data"]["flaglift.toml"]
    config = tmp_path / "flaglift.toml"
    config.write_text(text.replace("/var/lib/flaglift", str(tmp_path)))
    checked = flaglift("serve", "--check", "--config", str(config))
    assert checked.stdout == "the configuration is good: https://api.example, translate\n"
    ports = {"http": free_port(), "operators": free_port()}
    for old, new in (
        ("https://api.example", service.url), (":8080", f"127.0.0.1:{ports['http']}"),
        (":9090", f"127.0.0.1:{ports['operators']}"), ("/var/lib/flaglift", str(tmp_path)),
        ("grace = 10", "grace = 0"),
    ):  # fmt: skip
        assert old in text
        text = text.replace(old, new)
    config.write_text(text)
    (container,) = manifest["Deployment"]["spec"]["template"]["spec"]["containers"]
    with running([*FLAGLIFT, "serve", "--config", str(config)], ports["operators"]):
        for name in ("startupProbe", "livenessProbe", "readinessProbe"):
            probe = container[name]["httpGet"]
            answer = httpx.get(f"http://127.0.0.1:{ports[probe['port']]}{probe['path']}")
            assert answer.json() == {"status": "ok"}


# nginx

NGINX = """
daemon off; pid {folder}/pid; error_log stderr; events {{ worker_connections 64; }}
http {{
    access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};
    fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
    include {folder}/flaglift.conf;
}}
"""


def test_nginx_in_front_speaks_tls_and_http2_and_says_who_asks(
    service: Upstream, tmp_path: Path
) -> None:
    pair = made(tmp_path, "server")
    outer, inner, pages = free_port(), free_port(), free_port()
    text = (DEPLOY / "nginx" / "flaglift.conf").read_text()
    (command,) = re.findall(r"# +flaglift (serve .*)", text)
    for named, here in (
        ("server 127.0.0.1:8080", f"server 127.0.0.1:{inner}"),
        ("listen 443", f"listen 127.0.0.1:{outer}"),
        ("/etc/ssl/prompts.example.pem", str(pair.certificate)),
        ("/etc/ssl/private/prompts.example.key", str(pair.key)),
    ):
        assert text.count(named) == 1
        text = text.replace(named, here)
    (tmp_path / "flaglift.conf").write_text(text)
    (tmp_path / "nginx.conf").write_text(NGINX.format(folder=tmp_path))
    command = command.replace("https://api.example", service.url).replace("9090", str(pages))
    proxy = [*FLAGLIFT, *command.split(), "--listen", f"127.0.0.1:{inner}", "--isolated"]
    nginx = [program("nginx"), "-c", str(tmp_path / "nginx.conf")]
    image = tmp_path / "a.png"
    image.write_bytes(bytes(range(256)) * 12_000)
    curl = [
        program("curl"), "-sS", "--http2", "--cacert", str(pair.certificate), "-w",
        "%{http_version} %{http_code}", "-o", "/dev/null", "--interface", "127.0.0.2",
        "--resolve", f"api.example:{outer}:127.0.0.1",
    ]  # fmt: skip

    def ask(path: str, *more: str) -> Received:
        said = subprocess.check_output([*curl, f"https://api.example:{outer}{path}", *more])
        assert said == b"2 201"
        return service.last

    with (
        running(proxy, inner, pages),
        subprocess.Popen(nginx, stderr=subprocess.DEVNULL) as process,
    ):
        try:
            wait_until(lambda: listens(outer))
            form = ("-F", f"prompt[input_image]=@{image}", "-F", f"prompt[text]={LEGACY}")
            got = ask(PATH, *form, "-H", "X-Forwarded-For: 192.0.2.9")
            assert got.header("content-length") == str(len(got.body))
            assert image.read_bytes() in got.body
            assert b'name="prompt[video_model]"' in got.body
            assert got.header("x-forwarded-for") == "192.0.2.9, 127.0.0.2, 127.0.0.1"
            assert got.header("x-forwarded-proto") == "https"
            got = ask(PATH, "-X", "POST", "-H", "Content-Length:", *form)
            assert b'name="prompt[video_model]"' in got.body
            assert ask("/a%2Fb//c;d?x=%20").path == "/a%2Fb//c;d"
            assert ask("/metrics").path == "/metrics"  # the service's, if it has any
            traffic = f"http://127.0.0.1:{pages}/traffic"
            wait_until(lambda: httpx.get(traffic).json()["rows"])  # written every second
            callers = {row["caller"] for row in httpx.get(traffic).json()["rows"]}
            assert callers == {"127.0.0.2"}
        finally:
            process.terminate()


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
