"""A handful of orders in the form in which the Olist data set is published, faults included."""

from __future__ import annotations

import csv
from pathlib import Path

Rows = list[tuple[object, ...]]


def key(name: str) -> str:
    """A 32-digit id that can be told by eye: `key("a1")`."""
    return name.rjust(32, "0")


_ORDERS: Rows = [
    ("order_id", "customer_id", "order_status", "order_purchase_timestamp", "order_approved_at",
     "order_delivered_carrier_date", "order_delivered_customer_date",
     "order_estimated_delivery_date"),
    # Delivered on the promised day: two items of two sellers, a voucher and a card.
    (key("a1"), key("c1"), "delivered", "2018-01-10 10:00:00", "2018-01-10 10:15:00",
     "2018-01-11 09:00:00", "2018-01-18 20:00:00", "2018-01-18 00:00:00"),
    # Handed over before it was bought; its review, of another order's survey, as well.
    (key("a2"), key("c2"), "delivered", "2018-01-12 10:00:00", "2018-01-12 10:00:30",
     "2018-01-11 18:00:00", "2018-01-20 12:00:00", "2018-01-25 00:00:00"),
    # Summer time: 2 hours behind UTC in January, 3 in June.
    (key("a3"), key("c3"), "shipped", "2018-06-05 10:00:00", "2018-06-05 10:00:00",
     "2018-06-06 10:00:00", "", "2018-06-20 00:00:00"),
    (key("a4"), key("c4"), "created", "2018-06-06 10:00:00", "", "", "", "2018-06-21 00:00:00"),
    (key("a5"), key("c5"), "approved", "2018-06-06 10:00:00", "2018-06-06 11:00:00", "", "",
     "2018-06-21 00:00:00"),
    (key("a6"), key("c6"), "processing", "2018-06-06 10:00:00", "2018-06-06 11:00:00", "", "",
     "2018-06-21 00:00:00"),
    (key("a7"), key("c7"), "invoiced", "2018-06-06 10:00:00", "2018-06-06 11:00:00", "", "",
     "2018-06-21 00:00:00"),
    # Neither has items; the unavailable one was paid all the same.
    (key("a8"), key("c8"), "canceled", "2018-06-06 10:00:00", "", "", "", "2018-06-21 00:00:00"),
    (key("a9"), key("c9"), "unavailable", "2018-06-06 10:00:00", "2018-06-06 11:00:00", "", "",
     "2018-06-21 00:00:00"),
]  # fmt: skip
_ITEMS: Rows = [
    ("order_id", "order_item_id", "product_id", "seller_id", "shipping_limit_date", "price",
     "freight_value"),
    (key("a1"), 2, key("d2"), key("e2"), "2018-01-16 10:15:00", 20.5, 3.25),
    (key("a1"), 1, key("d1"), key("e1"), "2018-01-15 10:15:00", 100, 10),
    *((key(f"a{n}"), 1, key("d2"), key("e2"), "2018-06-10 11:00:00", 50, 5) for n in range(2, 6)),
    (key("a6"), 1, key("d3"), key("e1"), "2018-06-10 11:00:00", 50, 5),
]  # fmt: skip
_PAYMENTS: Rows = [
    ("order_id", "payment_sequential", "payment_type", "payment_installments", "payment_value"),
    (key("a1"), 1, "voucher", 1, 33.75),
    (key("a1"), 2, "credit_card", 3, 100),
    *((key(f"a{n}"), 1, "boleto", 1, 55) for n in range(2, 8)),
    (key("a9"), 1, "voucher", 1, 60),
]
_REVIEWS: Rows = [
    ("review_id", "order_id", "review_score", "review_comment_title", "review_comment_message",
     "review_creation_date", "review_answer_timestamp"),
    (key("f1"), key("a1"), 5, "", "Chegou antes,\r\nrecomendo; nota \"10\"", "2018-01-19 00:00:00",
     "2018-01-20 22:30:00"),
    (key("f1"), key("a2"), 2, "NA", "", "2018-01-11 00:00:00", "2018-01-11 23:00:00"),
    (key("f2"), key("a1"), 4, "", "", "2018-01-21 00:00:00", "2018-01-22 08:00:00"),
    (key("f3"), key("a3"), 1, "", "", "2018-06-21 00:00:00", ""),  # the answer time was lost
]  # fmt: skip
_CUSTOMERS: Rows = [
    ("customer_id", "customer_unique_id", "customer_zip_code_prefix", "customer_city",
     "customer_state"),
    *((key(f"c{n}"), key("b1" if n < 3 else f"b{n}"), f"0{n}310", "sao paulo", "SP")
      for n in range(1, 10)),
]  # fmt: skip
_PRODUCTS: Rows = [
    ("product_id", "product_category_name", "product_name_lenght", "product_description_lenght",
     "product_photos_qty", "product_weight_g", "product_length_cm", "product_height_cm",
     "product_width_cm"),
    (key("d1"), "cama_mesa_banho", 40, 300, 1, 500, 20, 10, 20),
    (key("d2"), "pc_gamer", 40, 300, 1, 500, 20, 10, 20),  # has no English name
    (key("d3"), "", "", "", "", "", "", "", ""),
]  # fmt: skip
_SELLERS: Rows = [
    ("seller_id", "seller_zip_code_prefix", "seller_city", "seller_state"),
    (key("e1"), "01001", "sao paulo", "SP"),
    (key("e2"), "20010", "rio de janeiro", "RJ"),
]
_PLACES: Rows = [
    ("geolocation_zip_code_prefix", "geolocation_lat", "geolocation_lng", "geolocation_city",
     "geolocation_state"),
    ("01001", -23.55038, -46.63403, "são paulo", "SP"),
]  # fmt: skip
_NAMES: Rows = [
    ("product_category_name", "product_category_name_english"),
    ("cama_mesa_banho", "bed_bath_table"),
]
TABLES = {
    "olist_orders_dataset": _ORDERS,
    "olist_order_items_dataset": _ITEMS,
    "olist_order_payments_dataset": _PAYMENTS,
    "olist_order_reviews_dataset": _REVIEWS,
    "olist_customers_dataset": _CUSTOMERS,
    "olist_products_dataset": _PRODUCTS,
    "olist_sellers_dataset": _SELLERS,
    "olist_geolocation_dataset": _PLACES,
    "product_category_name_translation": _NAMES,
}


def publish(folder: Path) -> Path:
    """Write the nine CSV files as they can be downloaded (the last one begins with a BOM)."""
    folder.mkdir(parents=True)
    for name, rows in TABLES.items():
        encoding = "utf-8-sig" if name.startswith("product_category") else "utf-8"
        with (folder / f"{name}.csv").open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows(rows)
    return folder
