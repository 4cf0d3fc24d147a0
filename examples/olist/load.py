"""Load the Olist marketplace data set into any SQL database, under its published table names.

It reads the published CSV files (olist_orders_dataset.csv …) or a folder of Parquet files with
the same columns (orders.parquet …). Times stay what they are in the files: local text.

    python load.py --data FOLDER --url sqlite:///olist.db
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pandas as pd
import sqlalchemy as sa

from connectors.engine import label, parse_url

BATCH = 10_000
SUFFIXES = (".csv", ".csv.gz", ".parquet")
KEY, TIME, WORD, NOTE = sa.String(32), sa.String(19), sa.String(80), sa.Text()
WHOLE, NUMBER = sa.Integer(), sa.Float(53)
metadata = sa.MetaData()


@dataclass(frozen=True, slots=True)
class Published:
    """One table of the data set, and the names that its file and columns may also have."""

    table: sa.Table
    short: str
    indexes: tuple[str, ...]  # each column has one of its own
    renamed: tuple[tuple[str, str], ...] = ()
    optional: tuple[str, ...] = ()


def _table(name: str, **columns: sa.types.TypeEngine[Any]) -> sa.Table:
    # No primary keys: a damaged copy must load, so that Deskpulse can say what is wrong with it.
    made = [sa.Column(column, kind) for column, kind in columns.items()]
    return sa.Table(name, metadata, *made, mysql_charset="utf8mb4")


PUBLISHED = (
    Published(
        _table(
            "olist_orders_dataset", order_id=KEY, customer_id=KEY, order_status=WORD,
            order_purchase_timestamp=TIME, order_approved_at=TIME,
            order_delivered_carrier_date=TIME, order_delivered_customer_date=TIME,
            order_estimated_delivery_date=TIME,
        ),
        "orders", ("order_id", "order_status", "order_purchase_timestamp"),
    ),
    Published(
        _table(
            "olist_order_items_dataset", order_id=KEY, order_item_id=WHOLE, product_id=KEY,
            seller_id=KEY, shipping_limit_date=TIME, price=NUMBER, freight_value=NUMBER,
        ),
        "order_items", ("order_id",),
    ),
    Published(
        _table(
            "olist_order_payments_dataset", order_id=KEY, payment_sequential=WHOLE,
            payment_type=WORD, payment_installments=WHOLE, payment_value=NUMBER,
        ),
        "order_payments", ("order_id",),
    ),
    Published(
        _table(
            "olist_order_reviews_dataset", review_id=KEY, order_id=KEY, review_score=WHOLE,
            review_comment_title=NOTE, review_comment_message=NOTE, review_creation_date=TIME,
            review_answer_timestamp=TIME,
        ),
        "order_reviews", ("order_id", "review_answer_timestamp"),
    ),
    Published(
        _table(
            "olist_customers_dataset", customer_id=KEY, customer_unique_id=KEY,
            customer_zip_code_prefix=WORD, customer_city=WORD, customer_state=WORD,
        ),
        "customers", ("customer_id",),
    ),
    Published(
        _table(
            "olist_products_dataset", product_id=KEY, product_category_name=WORD,
            product_name_lenght=WHOLE, product_description_lenght=WHOLE, product_photos_qty=WHOLE,
            product_weight_g=WHOLE, product_length_cm=WHOLE, product_height_cm=WHOLE,
            product_width_cm=WHOLE,
        ),
        "products", ("product_id",),
    ),
    Published(
        _table(
            "olist_sellers_dataset", seller_id=KEY, seller_zip_code_prefix=WORD,
            seller_city=WORD, seller_state=WORD,
        ),
        "sellers", ("seller_id",),
    ),
    Published(
        _table(
            "olist_geolocation_dataset", geolocation_zip_code_prefix=WORD, geolocation_lat=NUMBER,
            geolocation_lng=NUMBER, geolocation_city=WORD, geolocation_state=WORD,
        ),
        "zip_prefix_centroids", ("geolocation_zip_code_prefix",),
        tuple((name, f"geolocation_{name}") for name in ("lat", "lng", "state")),
        ("geolocation_city",),
    ),
    Published(
        _table(
            "product_category_name_translation", product_category_name=WORD,
            product_category_name_english=WORD,
        ),
        "category_translation", ("product_category_name",),
    ),
)  # fmt: skip


def files(folder: Path) -> dict[str, Path]:
    """The file of each table; ClickException names all that are missing."""
    found: dict[str, Path] = {}
    for one in PUBLISHED:
        names = (f"{stem}{end}" for stem in (one.table.name, one.short) for end in SUFFIXES)
        path = next((folder / name for name in names if (folder / name).is_file()), None)
        if path is not None:
            found[one.table.name] = path
    missing = [f"{one.table.name}.csv" for one in PUBLISHED if one.table.name not in found]
    if missing:
        raise click.ClickException(
            f"the folder '{folder.name}' lacks {', '.join(missing)}; --data takes the whole set."
        )
    return found


def read(one: Published, path: Path) -> pd.DataFrame:
    """The file's rows under the published column names, in their order."""
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
    else:
        frame = pd.read_csv(
            path, dtype=str, encoding="utf-8-sig", keep_default_na=False, na_values=[""]
        )
    frame = frame.rename(columns=dict(one.renamed))
    for name in one.optional:
        if name not in frame:
            frame[name] = None
    names = one.table.columns.keys()
    missing = [name for name in names if name not in frame]
    if missing:
        raise click.ClickException(
            f"'{path.name}' has no column '{missing[0]}'; take the file as it was published."
        )
    return frame[names]


def batches(one: Published, frame: pd.DataFrame) -> Iterator[list[dict[str, Any]]]:
    """Rows to insert: None where nothing is known, times as text."""
    names = one.table.columns.keys()
    for start in range(0, len(frame), BATCH):
        part = frame.iloc[start : start + BATCH]
        columns = [_values(part[column.name], column.type) for column in one.table.columns]
        yield [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _values(column: pd.Series[Any], kind: sa.types.TypeEngine[Any]) -> list[Any]:
    if isinstance(kind, sa.Integer):
        column = pd.to_numeric(column).astype("Int64")
    elif isinstance(kind, sa.Float):
        column = pd.to_numeric(column)
    elif pd.api.types.is_datetime64_dtype(column):
        column = column.dt.strftime("%Y-%m-%d %H:%M:%S")
    return column.astype(object).where(column.notna(), None).tolist()


def refuse_unless_empty(engine: sa.Engine) -> None:
    """Stop before touching somebody's tables."""
    present = sa.inspect(engine).get_table_names()
    if present:
        more = f" and {len(present) - 1} more" if len(present) > 1 else ""
        raise click.ClickException(
            f"the {label(engine.url)} is not empty (it has {present[0]}{more}); "
            "give an empty one, or --drop to replace the nine Olist tables."
        )


def load(engine: sa.Engine, frames: dict[str, pd.DataFrame]) -> int:
    """Make the tables, fill them under a progress bar, then index them; returns the rows."""
    total = sum(map(len, frames.values()))
    with engine.begin() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
        with click.progressbar(length=total, label="rows") as bar:
            for one in PUBLISHED:
                for rows in batches(one, frames[one.table.name]):
                    connection.execute(one.table.insert(), rows)
                    bar.update(len(rows))
        for one in PUBLISHED:  # after the rows: that is several times faster
            for column in one.indexes:
                name = f"{one.table.name}_{column}_idx"
                connection.exec_driver_sql(f"CREATE INDEX {name} ON {one.table.name} ({column})")
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")  # else its first plans are guesses
    return total


@click.command(help=__doc__)
@click.option(
    "--data", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--url", required=True, envvar="OLIST_URL", help="Database URL, or $OLIST_URL.")
@click.option("--drop", is_flag=True, help="Replace the Olist tables that are there already.")
def main(data: Path, url: str, drop: bool) -> None:
    try:
        engine = sa.create_engine(parse_url(url))
    except (ValueError, ImportError, sa.exc.ArgumentError) as error:
        raise click.ClickException(str(error)) from None
    found = files(data)
    try:
        if not drop:
            refuse_unless_empty(engine)
        frames = {one.table.name: read(one, found[one.table.name]) for one in PUBLISHED}
        total = load(engine, frames)
    except sa.exc.DBAPIError as error:
        reason = str(error.orig).splitlines()[0]
        raise click.ClickException(f"the {label(engine.url)} refused: {reason}") from None
    finally:
        engine.dispose()
    click.echo(f"{total} rows in {len(PUBLISHED)} tables of the {label(engine.url)}", err=True)


if __name__ == "__main__":
    main()
