"""The loader of the Olist example: what it writes, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from connectors.engine import parse_url
from tests.examples.olist_example import load
from tests.examples.olist_files import publish


def test_the_loader_keeps_the_published_names_and_values(any_url: str, tmp_path: Path) -> None:
    result = load(publish(tmp_path / "files"), any_url)
    assert result.exit_code == 0, result.output
    assert "rows in 9 tables" in result.stderr
    engine = sa.create_engine(parse_url(any_url))
    with engine.connect() as connection:
        order = connection.execute(
            sa.text("SELECT * FROM olist_orders_dataset WHERE order_status = 'created'")
        ).one()
        zips = connection.execute(
            sa.text("SELECT MIN(customer_zip_code_prefix) FROM olist_customers_dataset")
        ).scalar_one()
        notes = connection.execute(
            sa.text(
                "SELECT review_comment_title, review_comment_message"
                " FROM olist_order_reviews_dataset ORDER BY review_creation_date"
            )
        ).all()
    engine.dispose()
    assert order.order_purchase_timestamp == "2018-06-06 10:00:00"
    assert order.order_approved_at is None
    assert zips == "01310"
    assert notes[0] == ("NA", None)
    assert notes[1] == (None, 'Chegou antes,\r\nrecomendo; nota "10"')


def test_the_loader_leaves_a_filled_database_alone(any_url: str, tmp_path: Path) -> None:
    files = publish(tmp_path / "files")
    engine = sa.create_engine(parse_url(any_url))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE invoices (id INTEGER)")
    refused = load(files, any_url)
    assert refused.exit_code == 1
    assert "is not empty (it has invoices); give an empty one, or --drop" in refused.output
    assert len(refused.output.splitlines()) == 1
    assert load(files, any_url, "--drop").exit_code == 0
    assert load(files, any_url, "--drop").exit_code == 0  # and again, over its own tables
    with engine.connect() as connection:
        assert len(sa.inspect(connection).get_table_names()) == 10
        count = connection.exec_driver_sql("SELECT COUNT(*) FROM olist_orders_dataset")
        assert count.scalar_one() == 9
    engine.dispose()


def test_the_loader_says_in_one_sentence_what_is_missing(tmp_path: Path) -> None:
    files = publish(tmp_path / "files")
    url = f"sqlite:///{tmp_path / 'olist.db'}"
    products = files / "olist_products_dataset.csv"
    products.write_text(products.read_text().replace("product_weight_g", "weight"))
    assert "has no column 'product_weight_g'" in load(files, url).output
    products.unlink()
    (files / "olist_sellers_dataset.csv").unlink()
    lacking = load(files, url)
    assert lacking.exit_code == 1
    assert "lacks olist_products_dataset.csv, olist_sellers_dataset.csv;" in lacking.output


def test_the_loader_tells_no_password(tmp_path: Path) -> None:
    files = publish(tmp_path / "files")
    for url in ("postgresql://u:s3cret@127.0.0.1:1/x", "nonsense:s3cret", "mysql://u:s3cret@[/x"):
        result = load(files, url)
        assert result.exit_code == 1
        assert result.output.startswith("Error: ")
        assert "s3cret" not in result.output
