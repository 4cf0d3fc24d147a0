"""A migrated store of each kind."""

from tests.alerts.conftest import store as store
