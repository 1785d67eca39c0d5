"""The bar in which a reader decides: buttons with their keys, reasons, quality, the last ten decisions, the note."""
