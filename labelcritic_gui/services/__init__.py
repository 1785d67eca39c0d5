"""Use cases: synchronous, Qt-free, joining core, formats, critic and store."""
