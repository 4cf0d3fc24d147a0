"""Load the published table of e-commerce service tickets ("Shopzilla") into any SQL database.

It reads the published CSV file, or a Parquet file with the same columns. Times stay what they are:
local text.

    python load.py --data csat_tickets.parquet --url sqlite:///tickets.db
"""

from __future__ import annotations

from pathlib import Path

import click
import pandas as pd
import sqlalchemy as sa

from connectors.engine import label, parse_url

BATCH = 10_000
TIMES = ("order_date_time", "issue_reported_at", "issue_responded", "survey_response_date")
NUMBERS = ("item_price", "connected_handling_time", "csat_score")
TEXTS = ("unique_id", "channel_name", "category", "sub_category", "customer_remarks", "order_id",
         "customer_city", "product_category", "agent_name", "supervisor", "manager",
         "tenure_bucket", "agent_shift")  # fmt: skip
KEYS = ("unique_id", "agent_name")
# The published file writes its heads and its times in several ways.
FORMATS = {"survey_response_date": "%d-%b-%y"}

tickets = sa.Table(
    "tickets",
    sa.MetaData(),
    *[sa.Column(name, sa.String(120) if name in KEYS else sa.Text, index=name in KEYS)
      for name in TEXTS],
    *[sa.Column(name, sa.String(19)) for name in TIMES],
    *[sa.Column(name, sa.Float(53)) for name in NUMBERS],
)  # fmt: skip


def read(path: Path) -> pd.DataFrame:
    """The table, times as `YYYY-MM-DD HH:MM:SS`; ValueError names a column that is missing."""
    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    frame = frame.rename(columns=_plain)
    missing = [name for name in (*TEXTS, *TIMES, *NUMBERS) if name not in frame.columns]
    if missing:
        raise ValueError(f"{path.name} has no column '{missing[0]}'; is it the published table?")
    for name in TIMES:
        if not pd.api.types.is_datetime64_any_dtype(frame[name]):
            frame[name] = pd.to_datetime(
                frame[name], format=FORMATS.get(name), dayfirst=name not in FORMATS
            )
        frame[name] = frame[name].dt.strftime("%Y-%m-%d %H:%M:%S")
    return frame[[*TEXTS, *TIMES, *NUMBERS]]


def _plain(head: str) -> str:
    """`Unique id` → unique_id, `Item_price` → item_price, `order_date_time` stays."""
    return head.strip().lower().replace(" ", "_").replace("survey_response_date", TIMES[3])


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="The published CSV file, or a Parquet file with its columns.")  # fmt: skip
@click.option("--url", required=True, help="SQLAlchemy URL of the database to fill.")
def main(data: Path, url: str) -> None:
    """Fill the table `tickets`, which must not exist yet."""
    try:
        frame = read(data)
        parsed = parse_url(url)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    engine = sa.create_engine(parsed)
    try:
        with engine.begin() as connection:
            tickets.create(connection)
            for at in range(0, len(rows), BATCH):
                connection.execute(tickets.insert(), rows[at : at + BATCH])
    except sa.exc.DBAPIError as error:
        told = str(error.orig).splitlines()[0]
        raise click.ClickException(f"the database ({label(parsed)}) refused: {told}") from None
    finally:
        engine.dispose()
    click.echo(f"{len(rows):,} tickets loaded", err=True)


if __name__ == "__main__":
    main()
