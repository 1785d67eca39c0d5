"""One item after another: shown, looked at, decided. `reading.Reading` is the door; each module has one job."""
