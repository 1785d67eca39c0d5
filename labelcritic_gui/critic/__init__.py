"""Whoever gives opinions: the anatomy critic and the LVLM critic, behind one protocol."""
