"""The parts of the window; each shows one view-model and decides nothing."""
