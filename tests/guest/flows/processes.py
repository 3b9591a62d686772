"""What a process of one's own allows, and what ends it."""

import asyncio
import atexit
import concurrent.futures
import ctypes
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading

from workers import WorkflowEntrypoint

ONCE = {"retries": {"limit": 0, "delay": 0}}


class Ends(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        def before():
            return "stored"

        @step.do()
        def end():
            how = event.payload
            if how == "exit":
                os._exit(3)
            if how == "abort":
                os.abort()
            if how == "segfault":
                ctypes.string_at(0)
            if how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if how == "recurse":
                sys.setrecursionlimit(10**7)

                def sort(*_):
                    return sorted([1, 2], key=sort)

                sort()

        await before()
        await end()


class Errors(WorkflowEntrypoint):
    async def run(self, event, step):
        said = []
        for work in (lambda: sys.exit(4), lambda: forever()):

            @step.do("fails", config=ONCE)
            def fails():
                return work()

            try:
                await fails()
            except Exception as error:
                said.append(getattr(error, "name", None) or type(error).__name__)
        return said


def forever():
    return forever()


class Hold(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        async def hold():
            print(os.getpid())
            await asyncio.sleep(60)

        await hold()


class Threads(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        async def work():
            loop = asyncio.get_running_loop()
            await asyncio.to_thread(print, "from to_thread")
            await loop.run_in_executor(None, print, "from an executor")
            thread = threading.Thread(target=print, args=["from a thread"])
            thread.start()
            thread.join()
            with concurrent.futures.ThreadPoolExecutor() as pool:
                pool.submit(print, "from a pool").result()
            return "done"

        return await work()


working = threading.Event()


class Works(WorkflowEntrypoint):
    async def run(self, event, step):
        async def work():
            await asyncio.to_thread(working.wait)

        await asyncio.gather(step.sleep("nap", "1 hour"), work())


class EndsWork(WorkflowEntrypoint):
    async def run(self, event, step):
        working.set()


class Spawns(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        async def spawn():
            async def serve(_reader, writer):
                writer.write(b"served")
                writer.close()

            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            served = await reader.read()
            writer.close()
            server.close()
            child = await asyncio.create_subprocess_exec("echo", "counted", stdout=subprocess.PIPE)
            counted = (await child.communicate())[0]
            if os.fork() == 0:
                print("from a fork")
                sys.stdout.flush()
                os._exit(0)
            os.wait()
            with concurrent.futures.ProcessPoolExecutor(1) as pool:
                numbers = list(pool.map(abs, [-1, -2]))
            # Until the test has seen the output: what comes from elsewhere is that of the step which runs.
            while not pathlib.Path(event["payload"]).exists():
                await asyncio.sleep(0.01)
            return [served.decode(), counted.decode().strip(), numbers]

        return await spawn()


class Halves(WorkflowEntrypoint):
    async def run(self, event, step):
        print("half \ud83d \\ud83d")

        @step.do()
        def half():
            return "\ud83d"

        return await half()


class AtExit(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        def promise():
            folder = pathlib.Path(tempfile.mkdtemp())
            atexit.register((folder / "ended").touch)
            return str(folder)

        return await promise()
