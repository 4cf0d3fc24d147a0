"""What the tests of published forecasts share."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest


@pytest.fixture(scope="session")
def shanghai() -> ZoneInfo:
    return ZoneInfo("Asia/Shanghai")
