-- How the contacts of the alert latency bench are read.
-- timezone: UTC
-- name: contacts
-- key: c.id
-- hot: c.status = 'waiting'
-- index: contacts(status)
SELECT c.id AS contact_id, c.queue, c.channel, c.customer_id AS customer_key, c.agent_id,
  CASE c.status WHEN 'resolved' THEN 'closed' WHEN 'abandoned' THEN 'abandoned' ELSE 'open' END AS status,
  c.created_at AS opened_at, c.first_response_at AS first_reply_at,
  CASE WHEN c.status = 'waiting' THEN c.created_at END AS waiting_since,
  c.resolved_at AS closed_at, c.abandoned_at
FROM contacts c WHERE {{rows}}
