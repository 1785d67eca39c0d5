"""What a person may set, as sparse overrides in one TOML file; secrets are never stored here. Layer: settings."""

from labelcritic_gui.settings.file import (
    RECENT_REVIEWS,
    change_settings,
    load_settings,
    remember_review,
    settings_file,
)
from labelcritic_gui.settings.model import (
    BUDGET_SHARE,
    LARGEST_BUDGET_MB,
    SMALLEST_BUDGET_MB,
    USUAL_MEMORY_MB,
    Settings,
    derived_budget_mb,
    machine_memory_mb,
    server_named,
)
from labelcritic_gui.settings.servers import (
    KEYRING_SERVICE,
    LONGEST_KEY,
    NO_KEY,
    LvlmSettings,
    ServerSettings,
    ServeSettings,
    find_key,
    store_key,
)

__all__ = [
    "BUDGET_SHARE",
    "KEYRING_SERVICE",
    "LARGEST_BUDGET_MB",
    "LONGEST_KEY",
    "NO_KEY",
    "RECENT_REVIEWS",
    "SMALLEST_BUDGET_MB",
    "USUAL_MEMORY_MB",
    "LvlmSettings",
    "ServeSettings",
    "ServerSettings",
    "Settings",
    "change_settings",
    "derived_budget_mb",
    "find_key",
    "load_settings",
    "machine_memory_mb",
    "remember_review",
    "server_named",
    "settings_file",
    "store_key",
]
