"""The patient's own frame, from the CT itself: body, bones, lungs, field of view, contrast phase. Layer: core."""
