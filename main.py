"""Start Label Critic from a checkout."""

from labelcritic_gui.__main__ import main

if __name__ == "__main__":
    raise SystemExit(main())
