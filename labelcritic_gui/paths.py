"""Where prompts, resources, configuration, cache and logs live, installed or in a checkout. Layer: paths."""

import os
from pathlib import Path

import platformdirs

from labelcritic_gui.core.errors import UnreadableFileError

HOME_VARIABLE = "LABELCRITIC_HOME"
"""Environment variable: a folder that holds config, cache and logs instead of the system's places."""
_APP = "labelcritic"
_PACKAGE = Path(__file__).resolve().parent


def _shipped(name: str) -> Path:
    """Return the folder `name` inside the installed package, or beside it in a checkout."""
    for folder in (_PACKAGE / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise UnreadableFileError(
        f"The program's folder {name} is missing beside {_PACKAGE}.", "Install Label Critic again, or clone it anew."
    )


def prompts_dir() -> Path:
    """Return the folder of the prompts; raises UnreadableFileError when the installation is damaged."""
    return _shipped("prompts")


def resources_dir() -> Path:
    """Return the folder of structures, themes, icons and fonts; raises UnreadableFileError when it is missing."""
    return _shipped("resources")


def _own(name: str, system: str) -> Path:
    home = os.environ.get(HOME_VARIABLE)
    return Path(home).expanduser() / name if home else Path(system)


def config_dir() -> Path:
    """Return the user's configuration folder; it may not exist yet."""
    return _own("config", platformdirs.user_config_dir(_APP, appauthor=False))


def cache_dir() -> Path:
    """Return the folder for what can be made again; it may not exist yet."""
    return _own("cache", platformdirs.user_cache_dir(_APP, appauthor=False))


def log_dir() -> Path:
    """Return the folder of the logs; it may not exist yet."""
    return _own("logs", platformdirs.user_log_dir(_APP, appauthor=False))
