"""Which pages there are, by group, in the order of the menu. A page is a module here with `show`.

A new page is a module, a line here, and its name as `nav.NAME` in both catalogues.
"""

from __future__ import annotations

from collections.abc import Mapping

HOME = "wallboard"
MENU: Mapping[str, tuple[str, ...]] = {
    "live": ("wallboard", "queues"),
    "quality": ("response", "satisfaction", "after_sales", "agents", "pace", "risk_model"),
    "plan": ("forecast", "accuracy", "staffing"),
    "act": ("alerts", "worklist", "alert_history", "rules", "on_call", "delivery"),
    "system": ("sources",),
}


def paths() -> tuple[str, ...]:
    """The address of every page: the home page's is /."""
    names = [name for group in MENU.values() for name in group]
    return tuple("/" if name == HOME else f"/{name}" for name in names)
