"""Qt: the window, its views, commands and threads; it speaks to view-models only."""
