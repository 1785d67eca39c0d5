"""The stage of the reading room: one candidate a panel, the same anatomy, linked. Raster only. Layer: ui."""
