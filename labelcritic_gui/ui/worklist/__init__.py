"""The worklist of the window: filter, saved filters, table, progress. Layer: ui."""
