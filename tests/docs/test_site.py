"""The site has the documents as its pages, and its check finds what a page loads from other hosts."""

import re
import sys

import pytest
from documents import ROOT

sys.path.insert(0, str(ROOT / "docs/site"))

from check_requests import POLICY, problems
from collect_pages import collect, page_of, pages

NAMES = {"README.md": "index.md", "PARITY.md": "PARITY.md", "docs/rest.md": "rest.md"}


@pytest.mark.parametrize(
    ("path", "text", "shown"),
    [
        ("README.md", "[a](docs/rest.md#x)", "[a](rest.md#x)"),
        ("docs/rest.md", "[a](../PARITY.md) [b](../README.md)", "[a](PARITY.md) [b](index.md)"),
        ("README.md", "![a](docs/benchmark.svg)", "![a](benchmark.svg)"),
        ("docs/rest.md", "[a](../examples/order.py)", "[a](SOURCES/examples/order.py)"),
        ("docs/rest.md", "[a](https://example.org/x)", "[a](https://example.org/x)"),
        ("docs/rest.md", "```python title=a.py\nx[0](y)\n```", '```python title="a.py"\nx[0](y)\n```'),
    ],
)
def test_links_are_those_of_the_site(path, text, shown):
    assert page_of(path, text, NAMES, "SOURCES") == shown


def test_every_page_is_in_the_menu(tmp_path):
    collect(tmp_path / "docs")
    menu = re.findall(r"([\w-]+\.md)$", (tmp_path / "docs/mkdocs.yml").read_text(), re.MULTILINE)
    written = {path.name for path in (tmp_path / "docs/pages").glob("*.md")}

    assert sorted(menu) == sorted(written) == sorted(pages().values())


PAGE = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'


@pytest.mark.parametrize(
    "loads",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//fonts.example/x.css">',
        '<img src="http://example.org/x.png">',
        '<img srcset="x.png 1x, https://example.org/x.png 2x">',
        '<p style="background: url(https://example.org/x.png)">',
        '<iframe src="https://example.org"></iframe>',
    ],
)
def test_what_a_page_loads_from_elsewhere_is_found(tmp_path, loads):
    (tmp_path / "a.html").write_text(PAGE + loads)

    assert len(problems(tmp_path)) == 1


def test_links_and_own_files_are_no_problem(tmp_path):
    (tmp_path / "a.html").write_text(
        PAGE + '<a href="https://example.org">x</a><link rel="canonical" href="https://x.example"><img src="x.png">'
    )

    assert problems(tmp_path) == []


def test_a_style_that_loads_from_elsewhere_and_a_page_without_policy_are_found(tmp_path):
    (tmp_path / "a.css").write_text('@import "https://fonts.example/x.css"; a { background: url(data:image/png;,) }')
    (tmp_path / "a.html").write_text("<p>")

    assert problems(tmp_path) == [
        "a.html: its policy lets it load from other hosts",
        "a.css: loads https://fonts.example/x.css",
    ]
