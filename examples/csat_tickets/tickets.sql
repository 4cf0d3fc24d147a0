-- Service tickets of a shop, one table: when a customer reported an issue, when somebody responded, and
-- what the customer said of it. The same text runs on SQLite, PostgreSQL and MySQL/MariaDB.

-- timezone: Asia/Kolkata

-- There is one time after the report: the response. It is the first answer and, because every ticket
-- was surveyed, the close as well.
-- name: contacts
-- key: t.unique_id
SELECT
  t.unique_id AS contact_id,
  t.channel_name AS channel,
  t.category AS queue,
  t.manager AS team,
  t.order_id AS order_ref,
  t.agent_name AS agent_id,
  t.sub_category AS topic,
  'closed' AS status,
  t.issue_reported_at AS opened_at,
  t.issue_responded AS first_reply_at,
  t.issue_responded AS closed_at
FROM tickets t
WHERE {{rows}}

-- The answer to the survey has a day, no time. When it was sent is not known: no response rate.
-- name: ratings
-- key: t.unique_id
SELECT
  t.unique_id AS rating_id,
  t.unique_id AS contact_id,
  'csat' AS kind,
  t.csat_score AS score,
  5 AS scale,
  t.survey_response_date AS rated_at
FROM tickets t
WHERE t.csat_score IS NOT NULL AND {{rows}}

-- name: agents
-- key: g.agent_name
SELECT g.agent_name AS agent_id, g.agent_name AS name, g.team
FROM (
  SELECT t.agent_name, MIN(t.manager) AS team
  FROM tickets t
  WHERE t.agent_name IS NOT NULL
  GROUP BY t.agent_name
) g
WHERE {{rows}}
