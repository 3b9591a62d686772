"""A deployment: the user's main module, what it defines, and the variables it is given."""

from __future__ import annotations

import importlib.util
import os
import sys
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

from _workflows_bridge.errors import to_wire
from _workflows_bridge.values import decode, encode
from workers._binding import binding_name
from workers._payload_schema import payload_schema

from .module_handlers import ModuleHandlers

if TYPE_CHECKING:
    from types import ModuleType

    from .sdk import Sdk


class UserModule:
    """
    ``{root, main, modules?, vars, varsText?, bindings?, remedy?}``. Paths are the host's, and hold in the guest too.

    ``varsText`` is the canonical text of ``vars``, whose numbers are as they were written; it counts where it is given.
    """

    def __init__(self, options: dict[str, Any], sdk: Sdk) -> None:
        """Describe it, for code that has *sdk* as ``workers``; `load` imports it."""
        self.main: str = options["main"]
        self._root: str = options["root"]
        self.sdk = sdk
        self._modules: str | None = options.get("modules")
        self._remedy: str = options.get("remedy", _REMEDY)
        self._vars: dict[str, object] = decode(options.get("varsText") or encode(options["vars"]))
        self._bindings: dict[str, str] | None = options.get("bindings")
        sdk.bind(self._vars, self._bindings or {})
        self._classes: dict[str, type] = {}
        self.handlers = ModuleHandlers(sdk)

    def load(self) -> dict[str, Any]:
        """Import the main module. Gives the names of the classes found, or the error that it raised."""
        folder = os.path.dirname(self.main)  # noqa: PTH120 - pathlib is not needed for anything else
        sys.path.insert(0, folder)
        if self._modules:
            sys.path.insert(_place_of_packages(), self._modules)
        try:
            self._find_classes(_import(self.main, self._remedy))
        except BaseException as error:  # noqa: BLE001 - user code, and a SystemExit must not pass
            # Whatever ends the import is the module's: also what has no frame of the user's, as an interrupt.
            wire = {"traceback": f"{type(error).__name__}: {error}", **to_wire(error)}
            return {"error": wire, "place": _place_in(self._root, error)}
        if self._bindings is None:
            # A variable of the same name was chosen by somebody, and comes first.
            bindings = {binding_name(name): name for name in self._classes}
            self.sdk.bind(self._vars, {key: name for key, name in bindings.items() if key not in self._vars})
        return {"classes": list(self._classes), "handlers": self.handlers.describe(), **self._schemas()}

    def reload(self) -> None:
        """Import the modules under the root again. They were imported before, so an error is one that varies."""
        for name, module in list(sys.modules.items()):
            if (getattr(module, "__file__", None) or "").startswith(f"{self._root}/") and not self._is_package(module):
                del sys.modules[name]
        self._classes.clear()
        self._find_classes(_import(self.main, self._remedy))

    def _is_package(self, module: ModuleType) -> bool:
        """Whether *module* was installed for the deployment."""
        return self._modules is not None and (module.__file__ or "").startswith(f"{self._modules}/")

    def _schemas(self) -> dict[str, Any]:
        """JSON schemas of payloads, by class, of those that say what they take."""
        found = {name: schema for name, cls in self._classes.items() if (schema := payload_schema(cls))}
        return {"schemas": found} if found else {}

    def find(self, name: str) -> type:
        """The class called *name*."""
        if name not in self._classes:
            found = ", ".join(self._classes) or "none"
            msg = f"There is no '{name}' class defined in {os.path.basename(self.main)}. Found: {found}."  # noqa: PTH119
            raise TypeError(msg)
        return self._classes[name]

    def _find_classes(self, module: ModuleType) -> None:
        """Upstream's rule: subclasses among the public names, imported ones too, each under the name of its class."""
        base = self.sdk.entrypoint
        listed = getattr(module, "__all__", None)
        names = [name for name in vars(module) if not name.startswith("_")] if listed is None else list(listed)
        self.handlers.find(module, names)
        for name in names:
            found = getattr(module, name, None)
            if isinstance(found, type) and issubclass(found, base) and found is not base:
                self._classes[found.__name__] = found


_REMEDY = (
    "If {!r} is a package, declare it in the project's dependencies or in the file's own '# /// script' block, "
    "and run `stepwell sync`."
)


def _place_in(root: str, error: BaseException) -> dict[str, Any] | None:
    """Where in the files under *root* it happened, ``{file, line}``: the innermost place that is known."""
    places = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((error.filename, error.lineno or 1))
    for file, line in reversed(places):
        if file.startswith(f"{root}/"):
            return {"file": file.removeprefix(f"{root}/"), "line": line}
    return None


def _place_of_packages() -> int:
    """The index in ``sys.path`` behind the standard library, and before what the interpreter itself has installed."""
    for index, path in enumerate(sys.path):
        if os.path.basename(path) in {"site-packages", "dist-packages"}:  # noqa: PTH119
            return index
    return len(sys.path)


def _import(path: str, remedy: str) -> ModuleType:
    """
    Import the file at *path* under its own name, so that other modules of the deployment can import it too.

    A name that is taken, as "queue" by the standard library, is left to its owner. An error that names a module which
    is not there gets *remedy* as a note; the name takes the place of ``{!r}``.
    """
    stem = os.path.basename(path).removesuffix(".py")  # noqa: PTH119
    taken = stem in sys.modules or stem in sys.stdlib_module_names
    spec = importlib.util.spec_from_file_location(f"{stem}_main" if taken else stem, path)
    if spec is None or spec.loader is None:
        msg = f"{path} is not a Python file: its name must end in .py."
        raise ImportError(msg)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[spec.name]
        if isinstance(error, ModuleNotFoundError) and error.name:
            error.add_note(remedy.format(error.name.partition(".")[0]))
        raise
    return module
