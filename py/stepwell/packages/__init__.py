"""The packages that a workflow imports: declared once, locked and installed for each runtime by `stepwell sync`."""
