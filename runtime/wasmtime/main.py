"""The program of the host process: `python main.py`, started by `pool.js` with the socket open."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from os.path import abspath, dirname, join

_FOLDER = dirname(abspath(__file__))
sys.path[:] = [place for place in sys.path if abspath(place or ".") != _FOLDER]


def _load_mount():
    spec = spec_from_file_location("_stepwell_mount", join(dirname(_FOLDER), "process", "mount.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_mount = _load_mount()
_mount.check_version()
_mount.mount("_stepwell_wasmtime")

if __name__ == "__main__":
    try:
        import wasmtime  # noqa: F401
    except ImportError:
        sys.stderr.write(
            f"The wasmtime runtime needs the package wasmtime, which {sys.executable} does not have. "
            "Install it with: pip install 'stepwell[wasmtime]'\n"
        )
        sys.exit(78)
    from _stepwell_wasmtime.server import run

    run()
