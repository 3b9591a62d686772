"""`stepwell playground`."""

import gzip
import re
import socket
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path


def test_export(place):
    """The exported site is whole, and can be written again; a folder with something else in it is refused."""
    assert 0 == place.run("playground", "--export", "site").code
    site = place.folder / "site"
    again = place.run("playground", "--export", "site")
    (site / "mine.txt").write_text("mine")
    refused = place.run("playground", "--export", "site")

    plain = {path.name for path in site.iterdir() if path.suffix != ".gz"}
    assert {"index.html", "service_worker.js", "v", "mine.txt"} == plain
    assert 0 == again.code
    assert 2 == refused.code
    assert "mine.txt" in refused.err


def test_compressed_export(place):
    """Every large file of an exported site has itself as gzip beside it."""
    assert 0 == place.run("playground", "--export", "site").code
    large = [path for path in (place.folder / "site").rglob("*") if path.is_file() and path.stat().st_size > 3_000_000]

    packed = {path.name: gzip.decompress(Path(f"{path}.gz").read_bytes()) for path in large if path.suffix != ".gz"}

    assert {"pyodide.asm.wasm", "python.snapshot"} <= packed.keys()
    assert all(path.read_bytes() == packed[path.name] for path in large if path.suffix != ".gz")


def test_serve(place):
    """It serves on loopback with the headers that let the page share memory, and ends with its input."""
    command = [sys.executable, "-m", "stepwell", "playground", "--port", "0"]
    with subprocess.Popen(command, cwd=place.folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline()).group()
            with urllib.request.urlopen(url) as response:
                headers, body = response.headers, response.read().decode()
        finally:
            process.terminate()

    assert "same-origin" == headers["Cross-Origin-Opener-Policy"]
    assert "require-corp" == headers["Cross-Origin-Embedder-Policy"]
    assert "/parts/page.js" in body


def test_port_taken(place):
    """A port that is taken is named, with what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = place.run("playground", "--port", str(port))

    assert 2 == refused.code
    assert f"Port {port} is in use. Choose another with --port." in refused.err


def test_packages(place):
    """What is installed for the project goes into the site, and is named; a folder that is not there is refused."""
    modules = place.folder / "python_modules"
    for name in ("greeting", "greeting-1.0.dist-info", "__pycache__"):
        (modules / name).mkdir(parents=True)
    (modules / "greeting" / "__init__.py").write_text("HELLO = 1\n")
    (modules / "__pycache__" / "x.pyc").write_bytes(b"x")

    found = place.run("playground", "--export", "site")
    refused = place.run("playground", "--packages", "nowhere")

    (archive,) = (place.folder / "site").glob("v/*/parts/packages.zip")
    assert f"Packages: greeting, from {modules}." in found.out
    assert ["greeting/__init__.py"] == zipfile.ZipFile(archive).namelist()
    assert 2 == refused.code
    assert "nowhere" in refused.err
