-- mall (macrozheng/mall) on MySQL or MariaDB: orders, after-sales cases, product reviews.
-- What is mapped to what, and why, stands in docs/presets/mall.md.

-- timezone: Asia/Shanghai
-- default: ship_within_hours = 48

-- Neither payment, shipment, receipt nor closing moves modify_time, so open orders are read again
-- instead of asked "what changed since". The last hour's receipts are among them for orders that were
-- shipped and received between two looks. Codes this shop does not have come out as they are.
-- name: orders
-- key: o.id
-- hot: o.status IN (0, 1)
-- warm 60s: o.status = 2
-- warm 60s: o.status = 3 AND o.receive_time > :now_local - INTERVAL 1 HOUR
-- warm 600s: o.status = 3 AND o.receive_time > :now_local - INTERVAL 30 DAY
-- shift: promised_ship_at +{ship_within_hours}h
-- index: oms_order(status, receive_time)
-- index: oms_order_item(order_id)
SELECT
  o.id AS order_id,
  o.order_sn AS order_ref,
  o.member_id AS customer_key,
  o.create_time AS placed_at,
  o.payment_time AS paid_at,
  o.payment_time AS promised_ship_at,
  o.delivery_time AS shipped_at,
  o.receive_time AS delivered_at,
  o.pay_amount AS amount,
  CASE
    WHEN COALESCE(o.promotion_amount, o.coupon_amount, o.integration_amount, o.discount_amount) IS NOT NULL
    THEN COALESCE(o.promotion_amount, 0) + COALESCE(o.coupon_amount, 0)
      + COALESCE(o.integration_amount, 0) + COALESCE(o.discount_amount, 0)
  END AS discount,
  o.freight_amount AS freight,
  x.items,
  COALESCE(c.name, CONCAT('#', f.product_category_id)) AS category,
  o.receiver_province AS region,
  CASE o.pay_type
    WHEN 0 THEN NULL
    WHEN 1 THEN 'alipay'
    WHEN 2 THEN 'wechat'
    ELSE CAST(o.pay_type AS CHAR)
  END AS payment,
  CASE WHEN o.order_type = 1 THEN 'flash_sale' END AS promo,
  CASE o.status
    WHEN 0 THEN 'unpaid'
    WHEN 1 THEN 'paid'
    WHEN 2 THEN 'shipped'
    WHEN 3 THEN 'received'
    WHEN 4 THEN 'cancelled'
    WHEN 5 THEN 'invalid'
    ELSE CAST(o.status AS CHAR)
  END AS status
FROM oms_order o
LEFT JOIN (
  SELECT i.order_id, SUM(i.product_quantity) AS items, MIN(i.id) AS first_id
  FROM oms_order_item i
  GROUP BY i.order_id
) x ON x.order_id = o.id
LEFT JOIN oms_order_item f ON f.id = x.first_id
LEFT JOIN pms_product_category c ON c.id = f.product_category_id
WHERE {{rows}}

-- name: orders.probe
-- key: o.id
SELECT o.id, o.status, o.payment_time, o.delivery_time, o.receive_time, o.modify_time
FROM oms_order o
WHERE {{rows}}

-- One row per returned product. A refused return ends when it is handled, a done one when the goods
-- are back; the amount is only known once somebody handled it.
-- name: cases
-- key: r.id
-- hot: r.status IN (0, 1)
-- index: oms_order_return_apply(status)
SELECT
  r.id AS case_id,
  r.order_sn AS order_ref,
  'return' AS kind,
  r.reason,
  r.create_time AS opened_at,
  r.handle_time AS handled_at,
  CASE r.status WHEN 2 THEN r.receive_time WHEN 3 THEN r.handle_time END AS closed_at,
  r.return_amount AS amount,
  CASE r.status
    WHEN 0 THEN 'pending'
    WHEN 1 THEN 'returning'
    WHEN 2 THEN 'done'
    WHEN 3 THEN 'refused'
    ELSE CAST(r.status AS CHAR)
  END AS status
FROM oms_order_return_apply r
WHERE {{rows}}

-- A review knows its product, but neither the order nor the member.
-- name: ratings
-- key: v.id
-- index: pms_comment_replay(comment_id)
SELECT
  v.id AS rating_id,
  CAST(v.product_id AS CHAR) AS product_ref,
  'review' AS kind,
  v.star AS score,
  5 AS scale,
  v.create_time AS rated_at,
  a.answered_at
FROM pms_comment v
LEFT JOIN (
  SELECT p.comment_id, MIN(p.create_time) AS answered_at
  FROM pms_comment_replay p
  WHERE p.type = 1
  GROUP BY p.comment_id
) a ON a.comment_id = v.id
WHERE {{rows}}

-- name: ratings.touched replies
-- key: p.id
SELECT p.id AS mark, p.comment_id AS id
FROM pms_comment_replay p
WHERE p.type = 1 AND {{rows}}
