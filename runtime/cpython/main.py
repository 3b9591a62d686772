"""The program of a guest process: `python main.py`, started by `pool.js` with the socket and the shared words open."""

import signal
import sys
from os import environ
from os.path import abspath, dirname, join

if __name__ == "__main__":
    # Ctrl-C at a terminal reaches all; what it means is for the command in front to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

# What is imported by its file's name would hide modules of the user's, or be hidden by them.
_FOLDER = dirname(abspath(__file__))
sys.path[:] = [place for place in sys.path if abspath(place or ".") != _FOLDER]


def _load_mount():
    # By hand: a Python 2, which is to be told that it is too old, has none of the import system's functions.
    path = join(dirname(_FOLDER), "process", "mount.py")
    module = type(sys)("_stepwell_mount")
    module.__file__ = path
    with open(path) as file:
        exec(compile(file.read(), path, "exec"), module.__dict__)  # noqa: S102 - our own file
    return module


# Outside the `if`: `multiprocessing` runs this file in the processes that it starts, where workflows are imported too.
_mount = _load_mount()
_mount.check_version()
# The adapters are there without a sync: this Python may have the frameworks.
_mount.mount("_stepwell_cpython", "workers_pydantic_ai")


def _measure_coverage():
    """As coverage's documentation asks of a process that is measured, where its own .pth file is not installed."""
    if "COVERAGE_PROCESS_START" in environ or "COVERAGE_PROCESS_CONFIG" in environ:
        try:
            import coverage  # noqa: PLC0415 - only where it is asked for
        except ImportError:
            return
        coverage.process_startup()


if __name__ == "__main__":
    _measure_coverage()
    from _stepwell_cpython.process import run

    run()
