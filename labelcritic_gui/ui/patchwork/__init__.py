"""The patchwork mode on the screen. Layer: ui."""
