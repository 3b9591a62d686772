"""Write the expected graphs of the corpus anew. Read the difference before you commit it."""

from __future__ import annotations

import json

from conftest import load_package

load_package()

from graph_flows import EXPECTED, flow_files, reader, without_places  # noqa: E402

from workflow_graph import build_graph, workflow_classes  # noqa: E402

for file in sorted(flow_files()):
    read = reader(flow_files())
    graphs = {name: without_places(build_graph(read, file, name)) for name in workflow_classes(read, file)}
    if graphs:
        path = EXPECTED / file.replace(".py", ".json")
        path.write_text(json.dumps(graphs, indent=1) + "\n", encoding="utf-8")
