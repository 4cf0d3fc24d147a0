-- The tables and columns of a Chatwoot database that the preset reads or that must be filled.
CREATE TABLE inboxes (
  id serial PRIMARY KEY,
  channel_id integer NOT NULL,
  account_id integer NOT NULL,
  name varchar NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  channel_type varchar,
  csat_survey_enabled boolean DEFAULT false
);
CREATE TABLE teams (
  id bigserial PRIMARY KEY,
  name varchar NOT NULL,
  account_id bigint NOT NULL,
  created_at timestamp(6) NOT NULL,
  updated_at timestamp(6) NOT NULL
);
CREATE TABLE team_members (
  id bigserial PRIMARY KEY,
  team_id bigint NOT NULL,
  user_id bigint NOT NULL,
  created_at timestamp(6) NOT NULL,
  updated_at timestamp(6) NOT NULL
);
CREATE TABLE users (
  id serial PRIMARY KEY,
  uid varchar NOT NULL DEFAULT '',
  name varchar NOT NULL,
  display_name varchar,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL
);
CREATE TABLE account_users (
  id bigserial PRIMARY KEY,
  account_id bigint,
  user_id bigint,
  role integer DEFAULT 0,
  created_at timestamp(6) NOT NULL,
  updated_at timestamp(6) NOT NULL,
  availability integer NOT NULL DEFAULT 0,
  auto_offline boolean NOT NULL DEFAULT true
);
CREATE UNIQUE INDEX ON account_users (account_id, user_id);
CREATE TABLE contacts (
  id serial PRIMARY KEY,
  account_id integer NOT NULL,
  identifier varchar,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  blocked boolean NOT NULL DEFAULT false
);
CREATE TABLE conversations (
  id serial PRIMARY KEY,
  account_id integer NOT NULL,
  inbox_id integer NOT NULL,
  status integer NOT NULL DEFAULT 0,
  assignee_id integer,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  contact_id bigint,
  display_id integer NOT NULL,
  last_activity_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  team_id bigint,
  campaign_id bigint,
  snoozed_until timestamp,
  custom_attributes jsonb DEFAULT '{}',
  first_reply_created_at timestamp,
  priority integer,
  waiting_since timestamp(6),
  cached_label_list text
);
CREATE INDEX ON conversations (account_id, id);
CREATE INDEX ON conversations (status, account_id);
CREATE TABLE messages (
  id serial PRIMARY KEY,
  content text,
  account_id integer NOT NULL,
  inbox_id integer NOT NULL,
  conversation_id integer NOT NULL,
  message_type integer NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  private boolean NOT NULL DEFAULT false,
  status integer DEFAULT 0,
  content_type integer NOT NULL DEFAULT 0,
  content_attributes json DEFAULT '{}',
  sender_type varchar,
  sender_id bigint,
  additional_attributes jsonb DEFAULT '{}'
);
CREATE INDEX ON messages (conversation_id);
CREATE INDEX ON messages (conversation_id, account_id, message_type, created_at);
CREATE TABLE conversation_participants (
  id bigserial PRIMARY KEY,
  account_id bigint NOT NULL,
  user_id bigint NOT NULL,
  conversation_id bigint NOT NULL,
  created_at timestamp(6) NOT NULL,
  updated_at timestamp(6) NOT NULL
);
CREATE INDEX ON conversation_participants (conversation_id);
CREATE UNIQUE INDEX ON conversation_participants (user_id, conversation_id);
CREATE TABLE reporting_events (
  id bigserial PRIMARY KEY,
  name varchar,
  value double precision,
  account_id integer,
  inbox_id integer,
  user_id integer,
  conversation_id integer,
  created_at timestamp(6) NOT NULL,
  updated_at timestamp(6) NOT NULL,
  value_in_business_hours double precision,
  event_start_time timestamp,
  event_end_time timestamp
);
CREATE INDEX ON reporting_events (conversation_id);
CREATE INDEX ON reporting_events (user_id);
CREATE TABLE csat_survey_responses (
  id bigserial PRIMARY KEY,
  account_id bigint NOT NULL,
  conversation_id bigint NOT NULL,
  message_id bigint NOT NULL,
  rating integer NOT NULL,
  feedback_message text,
  contact_id bigint NOT NULL,
  assigned_agent_id bigint,
  created_at timestamp(6) NOT NULL,
  updated_at timestamp(6) NOT NULL
);
CREATE INDEX ON csat_survey_responses (account_id);
CREATE UNIQUE INDEX ON csat_survey_responses (message_id);
