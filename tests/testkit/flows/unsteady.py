import os
import random
import time
import uuid
from datetime import date, datetime

from workers import WorkflowEntrypoint


class Unsteady(WorkflowEntrypoint):
    async def run(self, event, step):
        a = time.time()
        b = datetime.now()
        c = random.randint(1, 6)
        d = random.random()
        e = uuid.uuid4()
        f = os.environ.get("HOME")
        g = os.environ["PATH"] if "PATH" in os.environ else ""
        names = {"x", "y"}
        for name in names:
            pass
        h = list({"x", "y"})
        i = date.today()
        return [str(each) for each in (a, b, c, d, e, f, g, h, i, name)][:0]


class Steady(WorkflowEntrypoint):
    async def run(self, event, step):
        drawn = random.Random(7).random()

        @step.do("ask")
        async def ask():
            return [time.time() > 0, random.random() < 2, str(uuid.uuid4())[:0], list({"a", "b"})[:0]]

        numbers = sorted({"b", "a"})
        return [await ask(), numbers, len({1, 2}), drawn < 2, datetime(2026, 1, 1).year]
