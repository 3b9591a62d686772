import asyncio
import pickle
import queue
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime, timedelta

from workers import WorkflowEntrypoint


class Own(datetime):
    pass


class Dates(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("dates")
        async def dates():
            now = datetime.now()
            return {
                "now": now.isoformat(),
                "utc": datetime.now(UTC).isoformat(),
                "today": date.today().isoformat(),
                "is": [
                    isinstance(now, datetime),
                    isinstance(now, date),
                    isinstance(datetime(2020, 1, 1), datetime),
                    isinstance(Own.now(), Own),
                ],
                "own": type(Own(2020, 1, 1)).__name__,
                "sum": str(date.today() + timedelta(days=1)),
                "text": time.strftime("%Y-%m-%d %H:%M"),
                "year": time.gmtime().tm_year,
                "pickled": pickle.loads(pickle.dumps(now)) == now,
            }

        return await dates()


class Real(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("real")
        async def real():
            return [await asyncio.to_thread(in_thread), await in_process(), from_queue()]

        return await real()


def in_thread():
    threading.Event().wait(0.1)
    return "from a thread"


async def in_process():
    code = "import time; time.sleep(0.1); print('from a process')"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=subprocess.PIPE)
    output, _ = await process.communicate()
    return output.decode()


def from_queue():
    found = queue.Queue()
    threading.Thread(target=lambda: found.put("from a queue")).start()
    return found.get(timeout=60)
