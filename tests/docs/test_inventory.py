"""Every block of the README and of the pages is run by a test, or has a reason here why not."""

import ast
from collections.abc import Iterator

import pytest
from documents import ROOT, Block, blocks

PAGES = [ROOT / "README.md", *(path for path in sorted((ROOT / "docs").glob("*.md")) if path.name != "README.md")]
"""Without the index, which has no blocks."""
WHOLE_PAGES = {
    "getting-started.md": "tests/docs/test_getting_started.py",
    "testing.md": "tests/testkit/test_documentation.py",
}
"""Pages whose test takes all blocks of the page."""
EXCEPTIONS = {
    ("README.md", "$ stepwell run greeting.py"): "test_readme.py takes it by its prompt",
    ("README.md", ".venv/bin/stepwell run examples/order.py"): "the installation, which all tests stand on",
    ("README.md", "pip install nox"): "the command that runs the tests",
    ("writing-workflows.md", "def test_"): "test_writing_workflows.py takes it by its title",
    ("writing-workflows.md", "class TripWorkflow"): "test_writing_workflows.py takes it by its title",
    ("monitoring.md", "receivers:"): "the collector is in no registry that the tests use; the page says so",
    ("rest.md", "proxy_pass"): "nginx is not installed for the tests; tests/server has what it relies on",
}


def taken() -> Iterator[tuple[str, str]]:
    """Page and part of the calls of `block` in all tests."""
    for path in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name("block"), args=[ast.Constant(str(page)), ast.Constant(str(part))]):
                    yield page, part


TAKEN = set(taken())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_block_is_run_or_has_a_reason(page):
    def is_covered(block: Block) -> bool:
        known = {*TAKEN, *EXCEPTIONS}
        return page.name in WHOLE_PAGES or any(page.name == name and part in block.text for name, part in known)

    assert [str(block) for block in blocks(page) if not is_covered(block)] == []


@pytest.mark.parametrize(("page", "test"), WHOLE_PAGES.items())
def test_the_test_of_a_whole_page_reads_it(page, test):
    assert page.removesuffix(".md") in (ROOT / test).read_text(encoding="utf-8")


@pytest.mark.parametrize(("page", "part"), EXCEPTIONS)
def test_an_exception_is_needed(page, part):
    [path] = [path for path in PAGES if path.name == page]
    excepted = [block for block in blocks(path) if part in block.text]
    assert excepted
    assert [
        str(block) for block in excepted if any(page == name and other in block.text for name, other in TAKEN)
    ] == []
