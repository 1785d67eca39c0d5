"""Piecing a mask together from those on the stage. Layer: viewmodels."""
