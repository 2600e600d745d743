"""What is tried in environments of its own: `nox -s NAME`, or `nox -l` for the list.

`make test` tests one interpreter; here are the others, the oldest dependencies that are allowed,
and what comes with flaglift into the environment of its users.
"""

import json
from pathlib import Path

import nox

nox.needs_version = ">=2024.4"
nox.options.sessions = ["types", "audit", "bill"]

EXTRAS = ("arrow", "hosts", "http", "lsp", "otel", "serve", "spark", "sql", "watch", "zstd")
"""What users install, without what only development needs."""
PACKAGE = f".[{','.join(EXTRAS)}]"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests, or those that are named: `nox -s tests-3.13 -- tests/syntax`."""
    session.install("--editable", ".[dev]")
    session.run("pytest", "-n", "auto", "--dist", "worksteal", *session.posargs)


@nox.session(python="3.11")
def lowest(session: nox.Session) -> None:
    """Run the tests, or those that are named, with the oldest dependencies that are allowed."""
    bounds = Path(session.create_tmp()) / "lowest.txt"
    named = [word for extra in EXTRAS if extra != "spark" for word in ("--extra", extra)]
    session.install("uv")
    session.run(
        *("uv", "pip", "compile", "--quiet", "--resolution", "lowest-direct", "--no-header"),
        *("--no-annotate", "--output-file", str(bounds), "pyproject.toml", *named),
    )
    session.install("--editable", ".[dev]", "--constraint", str(bounds))
    session.run("pytest", "-n", "auto", "--dist", "worksteal", *session.posargs)


@nox.session
def types(session: nox.Session) -> None:
    """Check that every public name has a type that all type checkers read alike."""
    session.install(PACKAGE, "pyright[nodejs]")
    report = session.run(
        *("pyright", "--verifytypes", "flaglift", "--ignoreexternal", "--outputjson"),
        silent=True,
        success_codes=[0, 1],
    )
    read = json.loads(str(report))["typeCompleteness"]
    unclear = [symbol["name"] for symbol in read["symbols"] if not symbol["isTypeKnown"]]
    known = read["exportedSymbolCounts"]["withKnownType"]
    session.log(f"{known} public names have a type, {len(unclear)} do not")
    if unclear or not known:
        session.error("without a type: " + ", ".join(unclear))


@nox.session
def audit(session: nox.Session) -> None:
    """Look the dependencies up in the advisory database, which needs a connection to it."""
    python = str(_alone(session))
    found = session.run("python", "-m", "pip", "--python", python, "freeze", silent=True)
    listed = Path(session.create_tmp()) / "installed.txt"
    lines = [line for line in str(found).splitlines() if not line.startswith("flaglift ")]
    listed.write_text("\n".join(lines) + "\n", encoding="utf-8")
    session.install("pip-audit")
    # What cannot be looked up is a failure, not a pass.
    session.run("pip-audit", "--strict", "--no-deps", "--disable-pip", "--requirement", str(listed))


@nox.session
def bill(session: nox.Session) -> None:
    """Write the software bill of materials, CycloneDX, to dist/flaglift.cdx.json."""
    target = Path("dist") / "flaglift.cdx.json"
    target.parent.mkdir(exist_ok=True)
    session.install("cyclonedx-bom")
    session.run(
        *("cyclonedx-py", "environment", "--pyproject", "pyproject.toml", "--mc-type", "library"),
        *("--output-reproducible", "--output-file", str(target), str(_alone(session))),
    )


def _alone(session: nox.Session) -> Path:
    """Return the interpreter of an environment that holds what users install, and nothing else."""
    folder = Path(session.create_tmp()) / "alone"
    python = folder / "bin" / "python"
    session.run("python", "-m", "venv", "--clear", "--without-pip", str(folder))
    session.run("python", "-m", "pip", "--python", str(python), "install", "--quiet", PACKAGE)
    return python
