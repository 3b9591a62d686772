"""
Write what the wheel carries of others: `python notices/make.py` after `npm ci`.

`THIRD_PARTY_NOTICES.txt` has each part with its licence, `sbom.cdx.json` lists the parts as CycloneDX has it. Packages
of npm are those of the lock file that are not for development. What Pyodide and the sandboxed interpreter are linked
from is in `parts.json`. With `--check` nothing is written, and the exit code is 1 where a file is not up to date.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEXTS = Path(__file__).parent / "texts"
NOTICES = ROOT / "THIRD_PARTY_NOTICES.txt"
SBOM = ROOT / "sbom.cdx.json"
LICENCE_FILES = ("LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "COPYING")
NOT_CARRIED = ("@rollup/", "@types/")
"""What has run when the wheel is made, and types that the wheel has nothing of."""


@dataclass(frozen=True)
class Part:
    """A part of the wheel that others have made."""

    name: str
    version: str | None
    licence: str
    where: str
    text: str
    purl: str | None = None


def read_parts() -> list[Part]:
    """All parts: npm's packages, then what is linked into the interpreters."""
    return [*_npm_packages(), *_linked_parts()]


def _npm_packages() -> list[Part]:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    found = []
    for folder, entry in lock.items():
        name = folder.rpartition("node_modules/")[2]
        left_out = any(entry.get(kind) for kind in ("dev", "optional", "devOptional", "peer"))
        if not folder or left_out or name.startswith(NOT_CARRIED):
            continue
        licence, version = entry["license"], entry["version"]
        files = [ROOT / folder / each for each in LICENCE_FILES if (ROOT / folder / each).is_file()]
        text = files[0].read_text(encoding="utf-8") if files else _text_of(licence)
        purl = f"pkg:npm/{name.replace('@', '%40')}@{version}"
        found.append(Part(name, version, licence, "npm's package", text.strip(), purl))
    return sorted(found, key=lambda part: part.name)


def _linked_parts() -> list[Part]:
    parts = json.loads((Path(__file__).parent / "parts.json").read_text(encoding="utf-8"))
    return [
        Part(each["name"], each["version"], each["licence"], f"in {each['in']}", _linked_text(each)) for each in parts
    ]


def _linked_text(part: dict[str, str]) -> str:
    return f"{part['copyright']}\n\n{_text_of(part['licence'])}"


def _text_of(licence: str) -> str:
    return (TEXTS / f"{licence.replace(' ', '-')}.txt").read_text(encoding="utf-8").strip()


def notices(parts: list[Part]) -> str:
    """The notices as one text: each licence text once, with the parts that it is for."""
    by_text: dict[str, list[Part]] = {}
    for part in parts:
        by_text.setdefault(part.text, []).append(part)
    head = "Stepwell's wheel carries these works of others. Each stands under its own licence, which follows it.\n"
    blocks = [
        "\n".join([*(_title(part) for part in of_text), "", text.replace("\r\n", "\n")])
        for text, of_text in by_text.items()
    ]
    return f"\n\n{'-' * 80}\n\n".join([head.strip(), *blocks]) + "\n"


def _title(part: Part) -> str:
    version = f" {part.version}" if part.version else ""
    return f"{part.name}{version} ({part.licence}), {part.where}"


def sbom(parts: list[Part]) -> str:
    """The parts as a CycloneDX document."""
    components = [
        {
            "type": "library",
            "bom-ref": part.purl or f"{part.name} {part.where}",
            "name": part.name,
            **({"version": part.version} if part.version else {}),
            "licenses": [{"expression": part.licence}],
            **({"purl": part.purl} if part.purl else {"description": part.where}),
        }
        for part in parts
    ]
    version = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["version"]
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "stepwell",
                "name": "stepwell",
                "version": version,
                "licenses": [{"expression": "MIT"}],
                "purl": f"pkg:pypi/stepwell@{version}",
            }
        },
        "components": components,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write or check the files; gives the exit code."""
    parts = read_parts()
    files = {NOTICES: notices(parts), SBOM: sbom(parts)}
    if "--check" not in sys.argv:
        for path, text in files.items():
            path.write_text(text, encoding="utf-8")
        return 0
    old = [path.name for path, text in files.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    for name in old:
        sys.stdout.write(f"{name} is not up to date. Run: python notices/make.py\n")
    return 1 if old else 0


if __name__ == "__main__":
    raise SystemExit(main())
