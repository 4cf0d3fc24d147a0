-- The Olist marketplace data set as a shop: orders and their reviews. Nobody prepared that database
-- for Deskpulse. The same text runs on SQLite, PostgreSQL and MySQL/MariaDB; README.md explains it.

-- timezone: America/Sao_Paulo

-- Unfinished orders are read at every poll, through the cheap probe below.
-- name: orders
-- key: o.order_id
-- hot: o.order_status IN ('created', 'approved', 'processing', 'invoiced', 'shipped')
-- shift: promised_at +24h
-- index: olist_orders_dataset(order_id)
-- index: olist_orders_dataset(order_status)
-- index: olist_order_items_dataset(order_id)
-- index: olist_order_payments_dataset(order_id)
-- index: olist_customers_dataset(customer_id)
-- index: olist_products_dataset(product_id)
-- index: olist_sellers_dataset(seller_id)
SELECT
  o.order_id,
  o.order_id AS order_ref,
  c.customer_unique_id AS customer_key,
  o.order_purchase_timestamp AS placed_at,
  o.order_approved_at AS paid_at,
  x.promised_ship_at,
  o.order_estimated_delivery_date AS promised_at,
  o.order_delivered_carrier_date AS shipped_at,
  o.order_delivered_customer_date AS delivered_at,
  y.amount,
  x.freight,
  x.items,
  COALESCE(t.product_category_name_english, p.product_category_name) AS category,
  x.seller,
  c.customer_state AS region,
  y.payment,
  CASE o.order_status
    WHEN 'created' THEN 'unpaid'
    WHEN 'approved' THEN 'paid'
    WHEN 'processing' THEN 'paid'
    WHEN 'invoiced' THEN 'paid'
    WHEN 'shipped' THEN 'shipped'
    WHEN 'delivered' THEN 'received'
    WHEN 'canceled' THEN 'cancelled'
    WHEN 'unavailable' THEN 'invalid'
    ELSE o.order_status
  END AS status,
  x.product_id AS product_ref,
  x.sellers,
  s.seller_state AS seller_region
FROM olist_orders_dataset o
LEFT JOIN olist_customers_dataset c ON c.customer_id = o.customer_id
LEFT JOIN (
  -- Category, product and seller of an order are those of its first item.
  SELECT order_id, COUNT(*) AS items, COUNT(DISTINCT seller_id) AS sellers,
    SUM(freight_value) AS freight,
    MAX(shipping_limit_date) AS promised_ship_at,
    MAX(CASE WHEN order_item_id = 1 THEN product_id END) AS product_id,
    MAX(CASE WHEN order_item_id = 1 THEN seller_id END) AS seller
  FROM olist_order_items_dataset
  GROUP BY order_id
) x ON x.order_id = o.order_id
LEFT JOIN (
  -- MIN names the main means of payment: a voucher only where nothing else was used.
  SELECT order_id, SUM(payment_value) AS amount, MIN(payment_type) AS payment
  FROM olist_order_payments_dataset
  GROUP BY order_id
) y ON y.order_id = o.order_id
-- The second conditions are always true; they keep a planner without statistics from joining the
-- products or sellers before the page of orders is chosen.
LEFT JOIN olist_products_dataset p ON p.product_id = x.product_id AND x.order_id = o.order_id
LEFT JOIN olist_sellers_dataset s ON s.seller_id = x.seller AND x.order_id = o.order_id
LEFT JOIN product_category_name_translation t ON t.product_category_name = p.product_category_name
WHERE {{rows}}

-- name: orders.probe
-- key: o.order_id
SELECT o.order_id, o.order_status, o.order_approved_at, o.order_delivered_carrier_date,
  o.order_delivered_customer_date, o.order_estimated_delivery_date
FROM olist_orders_dataset o
WHERE {{rows}}

-- Ids are random and do not grow, so new orders are found by the time of their purchase.
-- name: orders.touched purchases
-- key: o.order_purchase_timestamp
-- index: olist_orders_dataset(order_purchase_timestamp)
SELECT o.order_purchase_timestamp AS mark, o.order_id AS id
FROM olist_orders_dataset o
WHERE o.order_purchase_timestamp IS NOT NULL AND {{rows}}

-- A review_id may stand under several orders, so the two ids together are the key. Databases do not
-- agree on how to join texts, but all have REPLACE.
-- name: ratings
-- key: REPLACE(REPLACE('R.O', 'R', r.review_id), 'O', r.order_id)
-- hot: r.review_answer_timestamp IS NULL
-- index: olist_order_reviews_dataset(review_answer_timestamp)
SELECT
  REPLACE(REPLACE('R.O', 'R', r.review_id), 'O', r.order_id) AS rating_id,
  r.order_id AS order_ref,
  'review' AS kind,
  r.review_score AS score,
  5 AS scale,
  r.review_creation_date AS asked_at,
  r.review_answer_timestamp AS rated_at
FROM olist_order_reviews_dataset r
WHERE {{rows}}

-- name: ratings.touched answers
-- key: r.review_answer_timestamp
SELECT r.review_answer_timestamp AS mark,
  REPLACE(REPLACE('R.O', 'R', r.review_id), 'O', r.order_id) AS id
FROM olist_order_reviews_dataset r
WHERE r.review_answer_timestamp IS NOT NULL AND {{rows}}
