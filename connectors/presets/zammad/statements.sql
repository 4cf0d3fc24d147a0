-- Zammad (PostgreSQL): tickets, their articles, agents.
-- What is mapped to what, and why, stands in docs/presets/zammad.md.
-- The parameter order_key names the ticket attribute (a column of tickets) with the order number.

-- timezone: UTC
-- default: order_key = order_no

-- States are rows an administrator may rename: only the name of a state's type says what it means.
-- A merged ticket is a shell whose articles have moved to another one; it leaves the result, which
-- removes it here. Owner 1 is nobody. A person's answer is public, by an agent, and of a type that
-- reaches the customer; the columns Zammad keeps itself depend on a setting (last_contact_*) or stay
-- behind after merging and importing, so times come from the articles.
-- Articles older than their ticket were merged into it and answered another one.
-- name: contacts
-- key: t.id
-- hot: st.name NOT IN ('closed', 'merged', 'removed')
-- index: tickets(state_id)
-- index: ticket_articles(ticket_id)
-- index: histories(o_id)
SELECT
  t.id AS contact_id,
  ct.name AS channel,
  g.name AS queue,
  g.name AS team,
  'zammad:' || t.customer_id AS customer_key,
  NULLIF(to_jsonb(t) ->> CAST(:order_key AS text), '') AS order_ref,
  NULLIF(t.owner_id, 1) AS agent_id,
  CASE
    WHEN st.name IN ('new', 'open') THEN 'open'
    WHEN st.name IN ('pending reminder', 'pending action', 'pending review', 'delegated')
      THEN 'snoozed'
    ELSE st.name
  END AS status,
  CASE left(pr.name, 1)
    WHEN '1' THEN 'low'
    WHEN '2' THEN 'normal'
    WHEN '3' THEN 'high'
    ELSE pr.name
  END AS priority,
  t.created_at AS opened_at,
  CASE
    WHEN COALESCE(h.first_from, t.owner_id) <> 1 THEN t.created_at
    ELSE h.assigned_at
  END AS assigned_at,
  CASE WHEN cs.name IS DISTINCT FROM 'Agent' THEN a.answered_at END AS first_reply_at,
  q.asked_at AS waiting_since,
  CASE WHEN st.name = 'closed' THEN COALESCE(t.last_close_at, t.close_at, t.updated_at) END
    AS closed_at,
  h.reopened AS reopen_count,
  o.transferred AS transfer_count,
  false AS bot_only,
  false AS outbound_only,
  t.updated_at
FROM tickets t
JOIN ticket_states s ON s.id = t.state_id
JOIN ticket_state_types st ON st.id = s.state_type_id
LEFT JOIN ticket_priorities pr ON pr.id = t.priority_id
LEFT JOIN groups g ON g.id = t.group_id
LEFT JOIN ticket_article_types ct ON ct.id = t.create_article_type_id
LEFT JOIN ticket_article_senders cs ON cs.id = t.create_article_sender_id
LEFT JOIN LATERAL (
  SELECT
    min(x.created_at) FILTER (WHERE x.created_at >= t.created_at) AS answered_at,
    max(x.created_at) AS last_answered_at
  FROM ticket_articles x
  WHERE x.ticket_id = t.id AND NOT x.internal
    AND x.sender_id = ANY (ARRAY(SELECT n.id FROM ticket_article_senders n WHERE n.name = 'Agent'))
    AND x.type_id = ANY (ARRAY(SELECT n.id FROM ticket_article_types n WHERE n.communication))
) a ON true
LEFT JOIN LATERAL (
  SELECT min(x.created_at) AS asked_at
  FROM ticket_articles x
  WHERE st.name IN ('new', 'open') AND x.ticket_id = t.id AND NOT x.internal
    AND x.sender_id = ANY (ARRAY(
      SELECT n.id FROM ticket_article_senders n WHERE n.name = 'Customer'
    ))
    AND x.created_at > COALESCE(a.last_answered_at, '-infinity')
) q ON true
LEFT JOIN LATERAL (
  SELECT
    min(r.created_at) FILTER (WHERE r.of_owner AND r.id_to <> 1) AS assigned_at,
    (array_agg(r.id_from ORDER BY r.id) FILTER (WHERE r.of_owner))[1] AS first_from,
    count(*) FILTER (WHERE NOT r.of_owner AND r.id_from IN (
      SELECT f.id FROM ticket_states f JOIN ticket_state_types ft ON ft.id = f.state_type_id
      WHERE ft.name = 'closed'
    ) AND r.id_to NOT IN (
      SELECT f.id FROM ticket_states f JOIN ticket_state_types ft ON ft.id = f.state_type_id
      WHERE ft.name IN ('closed', 'merged', 'removed')
    )) AS reopened
  FROM (
    SELECT hi.id, hi.id_from, hi.id_to, hi.created_at,
      hi.history_attribute_id = ANY (ARRAY(
        SELECT n.id FROM history_attributes n WHERE n.name = 'owner'
      )) AS of_owner
    FROM histories hi
    WHERE hi.o_id = t.id
      AND hi.history_object_id = ANY (ARRAY(
        SELECT n.id FROM history_objects n WHERE n.name = 'Ticket'
      ))
      AND hi.history_attribute_id = ANY (ARRAY(
        SELECT n.id FROM history_attributes n WHERE n.name IN ('owner', 'state')
      ))
  ) r
) h ON true
LEFT JOIN LATERAL (
  SELECT count(*) AS transferred
  FROM (
    SELECT w.id_to, lag(w.id_to, 1, w.first_from) OVER (ORDER BY w.id) AS before
    FROM (
      SELECT hi.id, hi.id_to, first_value(hi.id_from) OVER (ORDER BY hi.id) AS first_from
      FROM histories hi
      WHERE hi.o_id = t.id
        AND hi.history_object_id = ANY (ARRAY(
          SELECT n.id FROM history_objects n WHERE n.name = 'Ticket'
        ))
        AND hi.history_attribute_id = ANY (ARRAY(
          SELECT n.id FROM history_attributes n WHERE n.name = 'owner'
        ))
    ) w
    WHERE w.id_to <> 1
  ) x
  WHERE x.before <> 1 AND x.before <> x.id_to
) o ON true
WHERE st.name NOT IN ('merged', 'removed') AND {{rows}}

-- BETWEEN instead of = keeps the planner on the index of state_id: it cannot know that the states
-- with a type that is still open are the rare ones, and would read the whole table.
-- name: contacts.probe
-- key: t.id
SELECT
  t.id, t.state_id, t.owner_id, t.group_id, t.priority_id, t.customer_id, t.article_count,
  t.last_close_at, t.updated_at
FROM ticket_states s
JOIN ticket_state_types st ON st.id = s.state_type_id
JOIN tickets t ON t.state_id BETWEEN s.id AND s.id
WHERE {{rows}}

-- Moves with every article and every change, closing and merging too; a bulk change may leave it.
-- name: contacts.touched tickets
-- key: t.updated_at
-- index: tickets(updated_at)
SELECT t.updated_at AS mark, t.id AS id
FROM tickets t
WHERE {{rows}}

-- name: contacts.touched articles
-- key: a.id
SELECT a.id AS mark, a.ticket_id AS id
FROM ticket_articles a
WHERE {{rows}}

-- name: contacts.touched histories
-- key: h.id
SELECT h.id AS mark, CASE
  WHEN h.history_object_id = (SELECT o.id FROM history_objects o WHERE o.name = 'Ticket')
  THEN h.o_id
END AS id
FROM histories h
WHERE {{rows}}

-- Customers write notes too (portal and API); an agent's note reaches nobody.
-- name: messages
-- key: a.ticket_id
-- index: ticket_articles(ticket_id)
SELECT
  a.ticket_id AS contact_id,
  a.id AS message_id,
  a.created_at AS sent_at,
  CASE s.name WHEN 'Customer' THEN 'customer' WHEN 'Agent' THEN 'agent' ELSE 'system' END
    AS sender_role,
  CASE WHEN s.name = 'Agent' THEN COALESCE(a.origin_by_id, a.created_by_id) END AS agent_id
FROM ticket_articles a
JOIN ticket_article_senders s ON s.id = a.sender_id
JOIN ticket_article_types y ON y.id = a.type_id
WHERE NOT a.internal AND (y.communication OR s.name = 'Customer') AND {{rows}}

-- Every close and every reopening, by the history of the state; a ticket that was created closed has
-- none there. Owner and author 1 is the system.
-- name: events
-- key: h.id
SELECT
  h.id AS event_id,
  h.o_id AS contact_id,
  CASE WHEN k.was_closed THEN 'opened' ELSE 'closed' END AS kind,
  h.created_at AS at,
  CASE WHEN k.is_closed THEN extract(epoch FROM h.created_at - t.created_at) END AS value_s,
  NULLIF(h.created_by_id, 1) AS agent_id
FROM histories h
JOIN tickets t ON t.id = h.o_id
CROSS JOIN LATERAL (
  SELECT
    h.id_from = ANY (ARRAY(
      SELECT f.id FROM ticket_states f JOIN ticket_state_types ft ON ft.id = f.state_type_id
      WHERE ft.name = 'closed'
    )) AS was_closed,
    h.id_to = ANY (ARRAY(
      SELECT f.id FROM ticket_states f JOIN ticket_state_types ft ON ft.id = f.state_type_id
      WHERE ft.name = 'closed'
    )) AS is_closed,
    h.id_to = ANY (ARRAY(
      SELECT f.id FROM ticket_states f JOIN ticket_state_types ft ON ft.id = f.state_type_id
      WHERE ft.name IN ('merged', 'removed')
    )) AS is_gone
) k
WHERE h.history_object_id = ANY (ARRAY(SELECT n.id FROM history_objects n WHERE n.name = 'Ticket'))
  AND h.history_attribute_id = ANY (ARRAY(
    SELECT n.id FROM history_attributes n WHERE n.name = 'state'
  ))
  AND k.was_closed <> k.is_closed AND NOT (k.was_closed AND k.is_gone)
  AND t.state_id NOT IN (
    SELECT f.id FROM ticket_states f JOIN ticket_state_types ft ON ft.id = f.state_type_id
    WHERE ft.name IN ('merged', 'removed')
  )
  AND {{rows}}

-- Users are mostly customers: agents are those with the role, and whoever owns or owned a ticket.
-- Nothing says who is at the desk, so there is no presence. The key is text: agents are few, and
-- need no look for new ones at every poll.
-- name: agents
-- key: CAST(u.id AS text)
-- warm 60s: r.user_id IS NOT NULL
-- warm 3600s: r.user_id IS NULL
SELECT
  CAST(u.id AS text) AS agent_id,
  COALESCE(NULLIF(trim(concat_ws(' ', u.firstname, u.lastname)), ''), u.login) AS name,
  u.active
FROM users u
LEFT JOIN (
  SELECT DISTINCT b.user_id
  FROM roles_users b
  JOIN roles o ON o.id = b.role_id
  WHERE o.name = 'Agent'
) r ON r.user_id = u.id
WHERE u.id <> 1 AND (r.user_id IS NOT NULL OR u.id IN (SELECT t.owner_id FROM tickets t))
  AND {{rows}}
