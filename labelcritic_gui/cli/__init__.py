"""The headless door: one module per family of commands."""
