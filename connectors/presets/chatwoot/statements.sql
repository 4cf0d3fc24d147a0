-- Chatwoot (PostgreSQL): conversations, their messages, satisfaction surveys, agents.
-- What is mapped to what, and why, stands in docs/presets/chatwoot.md.
-- The parameter account_id is the tenant; order_key names the custom attribute with the order number.

-- timezone: UTC
-- default: order_key = order_no

-- A person's answer is public, outgoing, by a user, and from neither an automation rule nor a
-- campaign. content_attributes is json or a json string that holds json, so it is decoded, and only
-- where it names a rule: malformed text elsewhere must not stop a read.
-- waiting_since and first_reply_created_at of the help desk itself are not used for live state:
-- the first outlives closing and starts at campaigns and bots, the second is kept only as a stand-in
-- for messages that are no longer there.
-- A conversation without any closing event was created closed (blocked sender) or comes from an
-- import: closed when it was opened if no person ever had it, else when it last moved.
-- name: contacts
-- key: c.id
-- hot: c.status IN (0, 2, 3)
-- index: conversations(status, account_id)
-- index: messages(conversation_id)
-- index: reporting_events(conversation_id)
-- index: conversation_participants(conversation_id)
SELECT
  c.id AS contact_id,
  replace(i.channel_type, 'Channel::', '') AS channel,
  COALESCE(i.name, 'inbox ' || c.inbox_id) AS queue,
  t.name AS team,
  COALESCE(NULLIF(k.identifier, ''), 'chatwoot:' || c.contact_id) AS customer_key,
  NULLIF(c.custom_attributes ->> CAST(:order_key AS text), '') AS order_ref,
  COALESCE(c.assignee_id, CASE WHEN c.status = 1 THEN (
    SELECT e.user_id
    FROM reporting_events e
    WHERE e.conversation_id = c.id AND e.name IN ('conversation_resolved', 'first_response')
      AND e.user_id IS NOT NULL
    ORDER BY e.id DESC
    LIMIT 1
  ) END) AS agent_id,
  CASE c.status
    WHEN 0 THEN 'open'
    WHEN 1 THEN 'closed'
    WHEN 2 THEN 'bot'
    WHEN 3 THEN 'snoozed'
    ELSE CAST(c.status AS text)
  END AS status,
  CASE c.priority
    WHEN 0 THEN 'low'
    WHEN 1 THEN 'normal'
    WHEN 2 THEN 'high'
    WHEN 3 THEN 'urgent'
    ELSE CAST(c.priority AS text)
  END AS priority,
  NULLIF(trim(split_part(c.cached_label_list, ',', 1)), '') AS topic,
  c.created_at AS opened_at,
  v.handed_at AS queued_at,
  p.assigned_at,
  n.first_reply_at,
  CASE WHEN c.status = 0 AND q.asked_at IS NOT NULL
    THEN GREATEST(q.asked_at, v.last_handed_at)
  END AS waiting_since,
  CASE WHEN c.status = 1 THEN COALESCE(v.resolved_at,
    CASE WHEN n.first_reply_at IS NULL AND v.handed_at IS NULL THEN c.created_at
      ELSE GREATEST(c.created_at, LEAST(c.updated_at, c.last_activity_at))
    END)
  END AS closed_at,
  GREATEST(v.resolved - CASE WHEN c.status = 1 THEN 1 ELSE 0 END, 0) AS reopen_count,
  c.status = 1 AND n.first_reply_at IS NULL AND v.handed_at IS NULL
    AND (v.by_bot OR m.bot_wrote OR v.resolved = 0) AS bot_only,
  m.from_campaign AND NOT m.customer_wrote AS outbound_only,
  GREATEST(c.updated_at, c.last_activity_at) AS updated_at
FROM conversations c
LEFT JOIN inboxes i ON i.id = c.inbox_id
LEFT JOIN teams t ON t.id = c.team_id
LEFT JOIN contacts k ON k.id = c.contact_id
LEFT JOIN LATERAL (
  SELECT min(a.created_at) AS assigned_at
  FROM conversation_participants a
  WHERE a.conversation_id = c.id
) p ON true
LEFT JOIN LATERAL (
  SELECT
    min(e.ended_at) FILTER (WHERE e.name = 'conversation_bot_handoff') AS handed_at,
    max(e.ended_at) FILTER (WHERE e.name = 'conversation_bot_handoff') AS last_handed_at,
    max(e.ended_at) FILTER (WHERE e.name = 'conversation_resolved') AS resolved_at,
    count(*) FILTER (WHERE e.name = 'conversation_resolved') AS resolved,
    COALESCE(bool_or(e.name = 'conversation_bot_resolved'), false) AS by_bot
  FROM (
    SELECT r.name, COALESCE(r.event_end_time, r.created_at) AS ended_at
    FROM reporting_events r
    WHERE r.conversation_id = c.id
  ) e
) v ON true
LEFT JOIN LATERAL (
  SELECT
    min(x.created_at) AS first_at,
    min(x.created_at) FILTER (WHERE x.by_person) AS answered_at,
    max(x.created_at) FILTER (WHERE x.by_person) AS last_answered_at,
    COALESCE(bool_or(x.message_type = 0), false) AS customer_wrote,
    COALESCE(bool_or(x.by_bot), false) AS bot_wrote,
    c.campaign_id IS NOT NULL OR COALESCE(
      min(x.created_at) FILTER (WHERE x.by_campaign)
        <= min(x.created_at) FILTER (WHERE x.message_type IN (0, 1) AND NOT x.private),
      false) AS from_campaign
  FROM (
    SELECT
      d.created_at, d.message_type, d.private,
      d.message_type = 1 AND NULLIF(d.additional_attributes ->> 'campaign_id', '') IS NOT NULL
        AS by_campaign,
      d.message_type IN (1, 3) AND d.sender_type IN ('AgentBot', 'Captain::Assistant') AS by_bot,
      CASE
        WHEN d.message_type <> 1 OR d.private OR d.sender_type IS DISTINCT FROM 'User'
          OR NULLIF(d.additional_attributes ->> 'campaign_id', '') IS NOT NULL THEN false
        WHEN CAST(d.content_attributes AS text) LIKE '%automation_rule_id%' THEN
          NULLIF(CASE jsonb_typeof(to_jsonb(d.content_attributes))
            WHEN 'string' THEN CAST(to_jsonb(d.content_attributes) #>> '{}' AS jsonb)
            ELSE to_jsonb(d.content_attributes)
          END ->> 'automation_rule_id', '') IS NULL
        ELSE true
      END AS by_person
    FROM messages d
    WHERE d.conversation_id = c.id
  ) x
) m ON true
LEFT JOIN LATERAL (
  SELECT CASE WHEN c.first_reply_created_at < COALESCE(m.first_at, 'infinity')
    THEN c.first_reply_created_at ELSE m.answered_at
  END AS first_reply_at
) n ON true
LEFT JOIN LATERAL (
  SELECT min(y.created_at) AS asked_at
  FROM messages y
  WHERE c.status = 0 AND y.conversation_id = c.id AND y.account_id = c.account_id
    AND y.message_type = 0 AND y.created_at > COALESCE(m.last_answered_at, '-infinity')
) q ON true
WHERE c.account_id = :account_id AND {{rows}}

-- New messages move last_activity_at but not updated_at; removing an agent moves neither.
-- name: contacts.probe
-- key: c.id
SELECT
  c.id, c.status, c.assignee_id, c.team_id, c.inbox_id, c.contact_id, c.priority, c.campaign_id,
  c.updated_at, c.last_activity_at, c.first_reply_created_at, c.waiting_since
FROM conversations c
WHERE c.account_id = :account_id AND {{rows}}

-- Rows of other tenants move the mark and touch nothing: were they filtered out, a quiet account
-- would look through everybody's new messages again at every poll.
-- name: contacts.touched messages
-- key: m.id
SELECT m.id AS mark, CASE WHEN m.account_id = :account_id THEN m.conversation_id END AS id
FROM messages m
WHERE {{rows}}

-- Written by background jobs, some time after the change they tell of.
-- name: contacts.touched events
-- key: e.id
SELECT e.id AS mark, CASE WHEN e.account_id = :account_id THEN e.conversation_id END AS id
FROM reporting_events e
WHERE {{rows}}

-- name: contacts.touched participants
-- key: a.id
SELECT a.id AS mark, CASE WHEN a.account_id = :account_id THEN a.conversation_id END AS id
FROM conversation_participants a
WHERE {{rows}}

-- What the customer sees: no private notes, no activity lines (type 2), no surveys (content 9).
-- name: messages
-- key: m.conversation_id
-- index: messages(conversation_id)
SELECT
  m.conversation_id AS contact_id,
  m.id AS message_id,
  m.created_at AS sent_at,
  CASE
    WHEN m.message_type = 0 THEN 'customer'
    WHEN b.by_person THEN 'agent'
    WHEN m.sender_type IN ('AgentBot', 'Captain::Assistant') THEN 'bot'
    ELSE 'system'
  END AS sender_role,
  CASE WHEN b.by_person THEN m.sender_id END AS agent_id
FROM messages m
CROSS JOIN LATERAL (
  SELECT CASE
    WHEN m.message_type <> 1 OR m.sender_type IS DISTINCT FROM 'User'
      OR NULLIF(m.additional_attributes ->> 'campaign_id', '') IS NOT NULL THEN false
    WHEN CAST(m.content_attributes AS text) LIKE '%automation_rule_id%' THEN
      NULLIF(CASE jsonb_typeof(to_jsonb(m.content_attributes))
        WHEN 'string' THEN CAST(to_jsonb(m.content_attributes) #>> '{}' AS jsonb)
        ELSE to_jsonb(m.content_attributes)
      END ->> 'automation_rule_id', '') IS NULL
    ELSE true
  END AS by_person
) b
WHERE m.account_id = :account_id AND m.message_type IN (0, 1, 3) AND NOT m.private
  AND m.content_type <> 9 AND {{rows}}

-- The help desk's own record, and its own durations: its reports average `value` by created_at, which
-- a background job sets some time after what the event tells of. Deleting a conversation deletes its
-- events by another job, later. Other names (of newer versions, of plug-ins) are none of these kinds.
-- name: events
-- key: e.id
SELECT
  e.id AS event_id,
  e.conversation_id AS contact_id,
  CASE e.name
    WHEN 'conversation_resolved' THEN 'closed'
    WHEN 'first_response' THEN 'first_response'
    WHEN 'reply_time' THEN 'reply'
    WHEN 'conversation_bot_resolved' THEN 'bot_closed'
    WHEN 'conversation_bot_handoff' THEN 'handed_over'
    WHEN 'conversation_opened' THEN 'opened'
  END AS kind,
  e.created_at AS at,
  e.value AS value_s,
  e.user_id AS agent_id
FROM reporting_events e
WHERE e.account_id = :account_id AND e.name IN ('conversation_resolved', 'first_response',
    'reply_time', 'conversation_bot_resolved', 'conversation_bot_handoff', 'conversation_opened')
  AND EXISTS (SELECT 1 FROM conversations c WHERE c.id = e.conversation_id)
  AND {{rows}}

-- Every survey is a row, answered or not; the id is its message's. A customer may change a rating:
-- same row, later updated_at. An agent who deletes the survey turns it into plain text, and the
-- message may be gone altogether: its answer still counts.
-- The union is of bare tables (hence no WHERE in it, and one type per column) so that a page is read
-- along the primary key. Nothing in the schema finds surveys among messages: a shop that never
-- sends any is spared the search.
-- name: ratings
-- key: s.rating_id
-- index: csat_survey_responses(message_id)
-- warm 60s: s.rating_id = ANY (ARRAY(SELECT z.message_id FROM csat_survey_responses z WHERE z.account_id = :account_id AND z.updated_at > :now_utc - interval '1 day'))
SELECT
  s.rating_id,
  COALESCE(r.conversation_id, m.conversation_id) AS contact_id,
  'csat' AS kind,
  r.rating AS score,
  5 AS scale,
  m.created_at AS asked_at,
  r.created_at AS rated_at
FROM (
  SELECT x.id AS rating_id, x.account_id, x.content_type, true AS asked
  FROM messages x
  UNION ALL
  SELECT CAST(y.message_id AS integer), CAST(y.account_id AS integer), 9, false
  FROM csat_survey_responses y
) s
LEFT JOIN messages m ON m.id = s.rating_id
LEFT JOIN csat_survey_responses r ON r.message_id = s.rating_id
WHERE s.account_id = :account_id AND s.content_type = 9
  AND (s.asked OR m.content_type IS DISTINCT FROM 9)
  AND (
    EXISTS (SELECT 1 FROM inboxes i WHERE i.account_id = :account_id AND i.csat_survey_enabled)
    OR EXISTS (SELECT 1 FROM csat_survey_responses o WHERE o.account_id = :account_id)
  )
  AND {{rows}}

-- name: ratings.touched answers
-- key: r.id
SELECT r.id AS mark, CASE WHEN r.account_id = :account_id THEN r.message_id END AS id
FROM csat_survey_responses r
WHERE {{rows}}

-- Who left keeps the user row and loses the membership; history still names them. Whether somebody
-- is at the desk cannot be known here: availability says "online" for people who went home, so there
-- is no presence. The key is text: agents are few, and need no look for new ones at every poll.
-- name: agents
-- key: CAST(u.id AS text)
-- warm 60s: a.user_id IS NOT NULL
-- warm 3600s: a.user_id IS NULL
SELECT
  CAST(u.id AS text) AS agent_id,
  COALESCE(NULLIF(u.display_name, ''), u.name) AS name,
  (
    SELECT string_agg(t.name, ', ' ORDER BY t.name)
    FROM team_members b
    JOIN teams t ON t.id = b.team_id
    WHERE b.user_id = u.id AND t.account_id = :account_id
  ) AS team,
  a.user_id IS NOT NULL AS active
FROM users u
LEFT JOIN account_users a ON a.user_id = u.id AND a.account_id = :account_id
WHERE (a.user_id IS NOT NULL OR u.id IN (
  SELECT e.user_id
  FROM reporting_events e
  WHERE e.account_id = :account_id AND e.name IN ('first_response', 'conversation_resolved')
)) AND {{rows}}
