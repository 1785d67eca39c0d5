"""Files on disk, one door per format; no state."""
