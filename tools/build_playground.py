"""Builds the playground, a static page, into a folder: `make playground`.

    python tools/build_playground.py src/flaglift/site/playground

It takes the page from `playground/`, JavaScript from npm, the wheel of this checkout, and the
wheels of `playground/wheels.txt`. All but the page itself goes into a folder that is named after
its content, so that browsers may keep it for good and never mix two builds.
"""

import gzip
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from email import message_from_bytes
from hashlib import sha256
from pathlib import Path

from release import ROOT, wheel_of

SOURCE = ROOT / "playground"
PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
MODULES = ("answers.py", "runs.py")
IN_THE_PAGE = re.compile(r"pyodide|crelt|style-mod|w3c-keyname|@(codemirror|lezer|marijn)/[\w-]+")
"""The packages from npm of which something is in the page; the others build it."""
PACKED = {".whl", ".zip"}
"""What is as small as it can be."""
PLATFORM = "pyemscripten_2026_0_wasm32"
"""What the Pyodide of package-lock.json is built for; pip takes a wrong name without a word."""


def main(target: Path) -> None:
    """Build everything new, then put it in the place of what is there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "files"  # which others may read, as a web server has to
        folder.mkdir()
        run("npm", "ci", "--no-audit", "--no-fund", cwd=SOURCE)
        archives = [*wheels(folder), modules(folder)]
        modules_ = SOURCE / "node_modules"
        for each in PYODIDE:
            shutil.copyfile(modules_ / "pyodide" / each, folder / each)
        lock = json.loads((modules_ / "pyodide" / "pyodide-lock.json").read_text(encoding="utf-8"))
        (folder / "pyodide-lock.json").write_text(json.dumps({**lock, "packages": {}}))
        bundle(folder, archives)
        shutil.copyfile(SOURCE / "style.css", folder / "style.css")
        (folder / "licences.txt").write_text(licences(folder), encoding="utf-8")
        digest = digest_of(folder)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(folder, target / digest)
    page = (SOURCE / "index.html").read_text(encoding="utf-8")
    # Only styles that the page's own script makes carry it, so it needs no secret.
    page = page.replace("%FOLDER%", digest).replace("%NONCE%", digest)
    (target / "index.html").write_text(page, encoding="utf-8")
    compress(target)
    print(f"The playground: {target}; serve it with `python -m http.server`")


def wheels(folder: Path) -> list[str]:
    """Put the wheel of this checkout and those it needs into a folder; return their names."""
    run(
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--require-hashes", "--requirement", str(SOURCE / "wheels.txt")),
        *("--platform", PLATFORM, "--python-version", "3.14", "--implementation", "cp"),
        *("--abi", "cp314", "--abi", "none", "--only-binary=:all:", "--dest", str(folder)),
    )
    wheel_of(folder)
    return sorted(path.name for path in folder.glob("*.whl"))


def modules(folder: Path) -> str:
    """Pack the page's own Python; return the name of the archive."""
    with zipfile.ZipFile(folder / "answers.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for each in MODULES:
            info = zipfile.ZipInfo(each)  # of no time, so that it is the same each time
            archive.writestr(info, (SOURCE / each).read_bytes())
    return "answers.zip"


def bundle(folder: Path, archives: list[str]) -> None:
    """Turn TypeScript into the two scripts."""
    esbuild = str(SOURCE / "node_modules" / ".bin" / "esbuild")
    common = (
        "--bundle",
        "--minify",
        "--target=es2022",
        "--legal-comments=none",
        "--log-level=warning",
    )
    run(esbuild, "src/main.ts", *common, "--format=iife", f"--outfile={folder}/main.js", cwd=SOURCE)
    run(
        *(esbuild, "src/worker.ts", *common, "--format=esm", f"--outfile={folder}/worker.js"),
        f"--define:ARCHIVES={json.dumps(archives)}",
        cwd=SOURCE,
    )


def licences(folder: Path) -> str:
    """Return what runs in the page, on which terms."""
    parts = []
    for package in (SOURCE / "node_modules").glob("**/package.json"):
        said = json.loads(package.read_text(encoding="utf-8"))
        if IN_THE_PAGE.fullmatch(said.get("name", "")) and "version" in said:
            texts = [path.read_text(encoding="utf-8") for path in package.parent.glob("LICENSE*")]
            parts.append((said["name"], said["version"], said["license"], texts))
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            inside = {name: name.rpartition("/")[2].lower() for name in archive.namelist()}
            (metadata,) = (name for name, last in inside.items() if last == "metadata")
            texts = [archive.read(n).decode() for n, last in inside.items() if "licen" in last]
            said = message_from_bytes(archive.read(metadata))
        terms = said["License-Expression"] or said["License"] or ""
        parts.append((said["Name"], said["Version"], terms, texts))
    return f"\n{'=' * 72}\n".join(
        "\n".join([f"{name} {version} {terms}", *texts])
        for name, version, terms, texts in sorted(parts)
    )


def compress(folder: Path) -> None:
    """Put a copy next to each file that gets smaller, for servers that send such copies."""
    for path in [each for each in folder.rglob("*.*") if each.suffix not in PACKED]:
        copy = gzip.compress(path.read_bytes(), 9, mtime=0)  # of no time: the same each time
        path.with_name(f"{path.name}.gz").write_bytes(copy)


def digest_of(folder: Path) -> str:
    """Return a short name for the content of a folder."""
    summed = sha256()
    for path in sorted(folder.iterdir()):
        summed.update(path.name.encode() + b"\0" + path.read_bytes())
    return summed.hexdigest()[:16]


def run(*words: str, cwd: Path = ROOT) -> None:
    """Run a command; end with what it says if it fails."""
    done = subprocess.run(words, cwd=cwd, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(words[:3])} fails:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
