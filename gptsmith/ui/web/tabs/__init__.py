"""The tabs of the workspace: each file with a `TAB` is one."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gptsmith.ui.web.tabs.tab import Tab


@cache
def all_tabs() -> tuple[Tab, ...]:
    """Return every tab, from left to right."""
    files = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    return tuple(sorted((file.TAB for file in files if hasattr(file, "TAB")), key=lambda tab: tab.place))
