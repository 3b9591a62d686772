"""An authority of tests, and a certificate of this machine that it has signed."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def make_certificates(folder: Path) -> tuple[Path, Path, Path]:
    """The authority's certificate, the server's, and the server's key, by the command `openssl`."""
    if shutil.which("openssl") is None:
        pytest.skip("the command openssl is missing")
    folder.mkdir()
    authority, key, certificate = folder / "authority.pem", folder / "key.pem", folder / "server.pem"

    def openssl(*words: object) -> None:
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, cwd=folder, timeout=60)

    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *new_key, "-keyout", "ca.key", "-out", authority, "-subj", "/CN=Tests", "-days", 30)
    openssl("req", *new_key, "-keyout", key, "-out", "server.csr", "-subj", "/CN=127.0.0.1")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    signed_by = ("-CA", authority, "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names")
    openssl("x509", "-req", "-in", "server.csr", *signed_by, "-out", certificate, "-days", 30)
    return authority, certificate, key
