"""The widgets of the window, one module each."""
