"""Who knows what of an alert, why one was not told, silences, and shifts that somebody took over.

0001 makes the tables of the schema as it stands. Until now the outbox itself was the log of who had
been told: what it says of alerts that are still up is taken over, so that their end is told.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connectors.tables import metadata

revision = "0008"
down_revision = "0007"

_NEW = ("told", "telling", "silences", "rota_overrides")
_TAKEN_OVER = """
INSERT INTO told (fingerprint, episode, receiver, lane, knows, reason, at, times)
SELECT outbox.fingerprint, outbox.episode, outbox.receiver, outbox.fingerprint, 'firing', 'first',
       max(outbox.created_at), 1
FROM outbox JOIN alerts ON alerts.fingerprint = outbox.fingerprint
 AND alerts.episode = outbox.episode
WHERE outbox.reason = 'first' AND alerts.status IN ('firing', 'acknowledged')
GROUP BY outbox.fingerprint, outbox.episode, outbox.receiver
"""


def upgrade() -> None:
    connection = op.get_bind()
    if sa.inspect(connection).has_table("told"):
        return
    for name in _NEW:
        metadata.tables[name].create(connection)
    connection.execute(sa.text(_TAKEN_OVER))
