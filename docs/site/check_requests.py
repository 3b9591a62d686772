"""Checks that the pages of a site request nothing from other hosts: `python docs/site/check_requests.py FOLDER`."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

POLICY = "default-src 'self'"
_OUTSIDE = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_IN_STYLE = re.compile(r"""(?:url\(\s*|@import\s+)["']?([^"')\s;]+)""", re.IGNORECASE)
_LINKS_THAT_LOAD = {
    "stylesheet",
    "icon",
    "preload",
    "prefetch",
    "preconnect",
    "dns-prefetch",
    "modulepreload",
    "manifest",
}


class _Page(HTMLParser):
    """The addresses that a page loads by itself, and its policy."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.policy = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "meta" and values.get("http-equiv", "").lower() == "content-security-policy":
            self.policy = values.get("content", "")
        if tag == "link" and _LINKS_THAT_LOAD.isdisjoint(values.get("rel", "").lower().split()):
            return
        # A link that a reader follows is not a request of the page.
        names = ("src", "data", "poster", "action") + (("href",) if tag not in ("a", "area", "base") else ())
        self.loads += [values[name] for name in names if name in values]
        self.loads += [part.split()[0] for part in values.get("srcset", "").split(",") if part.strip()]
        self.loads += _IN_STYLE.findall(values.get("style", ""))


def problems(folder: Path) -> list[str]:
    """What is wrong with the site in *folder*, a line each."""
    found = []
    for path in sorted(folder.rglob("*.html")):
        page = _Page()
        page.feed(path.read_text(encoding="utf-8"))
        name = path.relative_to(folder)
        if POLICY not in page.policy:
            found.append(f"{name}: its policy lets it load from other hosts")
        found += [f"{name}: loads {address}" for address in page.loads if _OUTSIDE.match(address)]
    for path in sorted(folder.rglob("*.css")):
        addresses = _IN_STYLE.findall(path.read_text(encoding="utf-8"))
        found += [f"{path.relative_to(folder)}: loads {each}" for each in addresses if _OUTSIDE.match(each)]
    return found


def main(folder: Path) -> int:
    """Print what is wrong; the exit code is 1 then."""
    pages = len(list(folder.rglob("*.html")))
    found = problems(folder) if pages else [f"{folder} has no pages. Build the site first."]
    print("\n".join(found) or f"{pages} pages request nothing from other hosts.")  # noqa: T201 - a command
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
