"""
A document index: read text files, cut them into chunks, count their words, and rank the chunks for a query.

Every file is a step of its own, and they run at the same time. What follows is a graph: the index depends on the
chunks, the ranking on the index and on the query. A step that has finished is not run again, so a restart costs little.

    stepwell run examples/document_index.py
    stepwell run examples/document_index.py --params '{"files": ["texts/sonnet_18.txt"], "query": "summer"}'

Files are given relative to this one.
"""

import asyncio
import math
import re
from collections import Counter
from pathlib import Path

from workers import WorkflowEntrypoint
from workers.workflows import NonRetryableError

FOLDER = Path(__file__).parent
DEFAULTS = {"files": None, "query": "dedicated to liberty and the people", "chunk": 60, "best": 3}


class DocumentIndex(WorkflowEntrypoint):
    """One search through some texts."""

    async def run(self, event, step):
        """Index and search. Parameters: ``files``, ``query``, ``chunk`` (words in a chunk) and ``best`` (results)."""
        params = {**DEFAULTS, **(event["payload"] or {})}

        @step.do("list files")
        async def list_files():
            return params["files"] or sorted(str(path.relative_to(FOLDER)) for path in FOLDER.glob("texts/*.txt"))

        def reader(name):
            @step.do(f"read {name}")
            async def read():
                return cut(read_text(name), params["chunk"])

            return read

        names = await list_files()
        texts = await asyncio.gather(*(reader(name)() for name in names))

        @step.do("chunks")
        async def chunks():
            return [{"file": name, "text": text} for name, parts in zip(names, texts, strict=True) for text in parts]

        @step.do("query terms")
        async def query_terms():
            return sorted(set(words(params["query"])))

        @step.do("index", depends=[chunks])
        async def index(chunks):
            return [Counter(words(chunk["text"])) for chunk in chunks]

        @step.do("rank", depends=[index, query_terms], concurrent=True)
        async def rank(index, terms):
            return sorted(score(index, terms), key=lambda found: -found["score"])[: params["best"]]

        @step.do("answer", depends=[chunks, rank])
        async def answer(chunks, rank):
            return [{"score": found["score"], **chunks[found["chunk"]]} for found in rank]

        return {"files": len(names), "query": params["query"], "found": await answer()}


def read_text(name):
    """Read the file *name*; one that is not there will not be there on the next attempt either."""
    try:
        return (FOLDER / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NonRetryableError(f"There is no file {name!r} in {FOLDER}.") from None


def cut(text, size):
    """Cut *text* into chunks of about *size* words, at the ends of lines."""
    chunks, lines, count = [], [], 0
    for line in text.splitlines():
        lines.append(line)
        count += len(line.split())
        if count >= size:
            chunks.append("\n".join(lines).strip())
            lines, count = [], 0
    rest = "\n".join(lines).strip()
    return [*chunks, rest] if rest else chunks


def words(text):
    """Find the words of *text*, in lower case, without the short ones, which are everywhere."""
    return re.findall(r"[a-z']{4,}", text.lower())


def score(index, terms):
    """Score every chunk of *index* that has one of the *terms*: rare terms count for more."""
    for number, counts in enumerate(index):
        total = 0
        for term in terms:
            having = sum(term in other for other in index)
            if having:
                total += counts.get(term, 0) * math.log(1 + len(index) / having)
        if total:
            yield {"chunk": number, "score": round(total, 3)}
