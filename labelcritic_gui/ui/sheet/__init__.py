"""The contact sheet on the screen. `sheet_view.SheetView` is the door."""
