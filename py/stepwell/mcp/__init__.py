"""`stepwell mcp`: workflows as tools of the Model Context Protocol. It needs PyPI's `mcp`: `stepwell[mcp]`."""
