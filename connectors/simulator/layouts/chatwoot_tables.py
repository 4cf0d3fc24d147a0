"""The help desk's tables and indexes that the simulator needs, as its own database has them.

Left out: columns that only carry secrets or looks, and the indexes for full-text search, which need
an extension. conversations.display_id is numbered by the writer, as a trigger does there.
"""

from __future__ import annotations

import sqlalchemy as sa

_TABLES = """
CREATE TABLE IF NOT EXISTS accounts (
  id serial PRIMARY KEY, name varchar NOT NULL, created_at timestamp NOT NULL, updated_at
  timestamp NOT NULL, locale integer DEFAULT 0, domain varchar(100), support_email
  varchar(100), custom_attributes jsonb DEFAULT '{}', status integer DEFAULT 0, settings jsonb
  DEFAULT '{}'
);
CREATE TABLE IF NOT EXISTS users (
  id serial PRIMARY KEY, provider varchar DEFAULT 'email' NOT NULL, uid varchar DEFAULT '' NOT
  NULL, name varchar NOT NULL, display_name varchar, email varchar, created_at timestamp NOT
  NULL, updated_at timestamp NOT NULL, pubsub_token varchar, availability integer DEFAULT 0,
  type varchar
);
CREATE TABLE IF NOT EXISTS account_users (
  id bigserial PRIMARY KEY, account_id bigint, user_id bigint, role integer DEFAULT 0,
  inviter_id bigint, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL,
  active_at timestamp, availability integer DEFAULT 0 NOT NULL, auto_offline boolean DEFAULT
  true NOT NULL, custom_role_id bigint
);
CREATE TABLE IF NOT EXISTS teams (
  id bigserial PRIMARY KEY, name varchar NOT NULL, description text, allow_auto_assign boolean
  DEFAULT true, account_id bigint NOT NULL, created_at timestamp(6) NOT NULL, updated_at
  timestamp(6) NOT NULL
);
CREATE TABLE IF NOT EXISTS team_members (
  id bigserial PRIMARY KEY, team_id bigint NOT NULL, user_id bigint NOT NULL, created_at
  timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL
);
CREATE TABLE IF NOT EXISTS inboxes (
  id serial PRIMARY KEY, channel_id integer NOT NULL, account_id integer NOT NULL, name
  varchar NOT NULL, created_at timestamp NOT NULL, updated_at timestamp NOT NULL, channel_type
  varchar, enable_auto_assignment boolean DEFAULT true, greeting_enabled boolean DEFAULT
  false, greeting_message varchar, email_address varchar, working_hours_enabled boolean
  DEFAULT false, out_of_office_message varchar, timezone varchar DEFAULT 'UTC',
  enable_email_collect boolean DEFAULT true, csat_survey_enabled boolean DEFAULT false,
  allow_messages_after_resolved boolean DEFAULT true, auto_assignment_config jsonb DEFAULT
  '{}', lock_to_single_conversation boolean DEFAULT false NOT NULL, portal_id bigint,
  sender_name_type integer DEFAULT 0 NOT NULL, business_name varchar, csat_config jsonb
  DEFAULT '{}' NOT NULL
);
CREATE TABLE IF NOT EXISTS inbox_members (
  id serial PRIMARY KEY, user_id integer NOT NULL, inbox_id integer NOT NULL, created_at
  timestamp NOT NULL, updated_at timestamp NOT NULL
);
CREATE TABLE IF NOT EXISTS channel_api (
  id bigserial PRIMARY KEY, account_id integer NOT NULL, webhook_url varchar, created_at
  timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, identifier varchar, hmac_token
  varchar, hmac_mandatory boolean DEFAULT false, additional_attributes jsonb DEFAULT '{}'
);
CREATE TABLE IF NOT EXISTS channel_web_widgets (
  id serial PRIMARY KEY, website_url varchar, account_id integer, created_at timestamp NOT
  NULL, updated_at timestamp NOT NULL, website_token varchar, welcome_title varchar,
  welcome_tagline varchar, feature_flags integer DEFAULT 7 NOT NULL, reply_time integer
  DEFAULT 0
);
CREATE TABLE IF NOT EXISTS channel_email (
  id bigserial PRIMARY KEY, account_id integer NOT NULL, email varchar NOT NULL,
  forward_to_email varchar NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6)
  NOT NULL, provider varchar
);
CREATE TABLE IF NOT EXISTS agent_bots (
  id bigserial PRIMARY KEY, name varchar, description varchar, outgoing_url varchar,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, account_id bigint,
  bot_type integer DEFAULT 0, bot_config jsonb DEFAULT '{}'
);
CREATE TABLE IF NOT EXISTS agent_bot_inboxes (
  id bigserial PRIMARY KEY, inbox_id integer, agent_bot_id integer, status integer DEFAULT 0,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, account_id integer
);
CREATE TABLE IF NOT EXISTS working_hours (
  id bigserial PRIMARY KEY, inbox_id bigint, account_id bigint, day_of_week integer NOT NULL,
  closed_all_day boolean DEFAULT false, open_hour integer, open_minutes integer, close_hour
  integer, close_minutes integer, created_at timestamp(6) NOT NULL, updated_at timestamp(6)
  NOT NULL, open_all_day boolean DEFAULT false
);
CREATE TABLE IF NOT EXISTS sla_policies (
  id bigserial PRIMARY KEY, name varchar NOT NULL, first_response_time_threshold double
  precision, next_response_time_threshold double precision, only_during_business_hours boolean
  DEFAULT false, account_id bigint NOT NULL, created_at timestamp(6) NOT NULL, updated_at
  timestamp(6) NOT NULL, description varchar, resolution_time_threshold double precision
);
CREATE TABLE IF NOT EXISTS campaigns (
  id bigserial PRIMARY KEY, display_id integer NOT NULL, title varchar NOT NULL, description
  text, message text NOT NULL, sender_id integer, enabled boolean DEFAULT true, account_id
  bigint NOT NULL, inbox_id bigint NOT NULL, trigger_rules jsonb DEFAULT '{}', created_at
  timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, campaign_type integer DEFAULT 0 NOT
  NULL, campaign_status integer DEFAULT 0 NOT NULL, audience jsonb DEFAULT '[]', scheduled_at
  timestamp, trigger_only_during_business_hours boolean DEFAULT false
);
CREATE TABLE IF NOT EXISTS contacts (
  id serial PRIMARY KEY, name varchar DEFAULT '', email varchar, phone_number varchar,
  account_id integer NOT NULL, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  additional_attributes jsonb DEFAULT '{}', identifier varchar, custom_attributes jsonb
  DEFAULT '{}', last_activity_at timestamp, contact_type integer DEFAULT 0, middle_name
  varchar DEFAULT '', last_name varchar DEFAULT '', location varchar DEFAULT '', country_code
  varchar DEFAULT '', blocked boolean DEFAULT false NOT NULL
);
CREATE TABLE IF NOT EXISTS contact_inboxes (
  id bigserial PRIMARY KEY, contact_id bigint, inbox_id bigint, source_id varchar NOT NULL,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, hmac_verified boolean
  DEFAULT false, pubsub_token varchar
);
CREATE TABLE IF NOT EXISTS conversations (
  id serial PRIMARY KEY, account_id integer NOT NULL, inbox_id integer NOT NULL, status
  integer DEFAULT 0 NOT NULL, assignee_id integer, created_at timestamp NOT NULL, updated_at
  timestamp NOT NULL, contact_id bigint, display_id integer NOT NULL, contact_last_seen_at
  timestamp, agent_last_seen_at timestamp, additional_attributes jsonb DEFAULT '{}',
  contact_inbox_id bigint, uuid uuid DEFAULT gen_random_uuid() NOT NULL, identifier varchar,
  last_activity_at timestamp DEFAULT CURRENT_TIMESTAMP NOT NULL, team_id bigint, campaign_id
  bigint, snoozed_until timestamp, custom_attributes jsonb DEFAULT '{}', assignee_last_seen_at
  timestamp, first_reply_created_at timestamp, priority integer, sla_policy_id bigint,
  waiting_since timestamp(6), cached_label_list text
);
CREATE TABLE IF NOT EXISTS messages (
  id serial PRIMARY KEY, content text, account_id integer NOT NULL, inbox_id integer NOT NULL,
  conversation_id integer NOT NULL, message_type integer NOT NULL, created_at timestamp NOT
  NULL, updated_at timestamp NOT NULL, private boolean DEFAULT false NOT NULL, status integer
  DEFAULT 0, source_id varchar, content_type integer DEFAULT 0 NOT NULL, content_attributes
  json DEFAULT '{}', sender_type varchar, sender_id bigint, external_source_ids jsonb DEFAULT
  '{}', additional_attributes jsonb DEFAULT '{}', processed_message_content text, sentiment
  jsonb DEFAULT '{}'
);
CREATE TABLE IF NOT EXISTS conversation_participants (
  id bigserial PRIMARY KEY, account_id bigint NOT NULL, user_id bigint NOT NULL,
  conversation_id bigint NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6)
  NOT NULL
);
CREATE TABLE IF NOT EXISTS reporting_events (
  id bigserial PRIMARY KEY, name varchar, value double precision, account_id integer, inbox_id
  integer, user_id integer, conversation_id integer, created_at timestamp(6) NOT NULL,
  updated_at timestamp(6) NOT NULL, value_in_business_hours double precision, event_start_time
  timestamp, event_end_time timestamp
);
CREATE TABLE IF NOT EXISTS csat_survey_responses (
  id bigserial PRIMARY KEY, account_id bigint NOT NULL, conversation_id bigint NOT NULL,
  message_id bigint NOT NULL, rating integer NOT NULL, feedback_message text, contact_id
  bigint NOT NULL, assigned_agent_id bigint, created_at timestamp(6) NOT NULL, updated_at
  timestamp(6) NOT NULL
);
"""
# Columns of one index are joined by +; * marks a unique one.
_INDEXES = """
accounts: status
users: email *pubsub_token *uid+provider
account_users: *account_id+user_id account_id custom_role_id user_id
teams: account_id *name+account_id
team_members: *team_id+user_id team_id user_id
inboxes: account_id channel_id+channel_type portal_id
inbox_members: *inbox_id+user_id inbox_id
channel_api: *hmac_token *identifier
channel_web_widgets: *website_token
channel_email: *email *forward_to_email
agent_bots: account_id
working_hours: account_id inbox_id
sla_policies: account_id
campaigns: account_id campaign_status campaign_type inbox_id scheduled_at
contacts: account_id+last_activity_at account_id blocked *email+account_id
  *identifier+account_id phone_number+account_id
contact_inboxes: contact_id *inbox_id+source_id inbox_id *pubsub_token source_id
conversations: *account_id+display_id account_id+inbox_id+status+assignee_id account_id
  assignee_id+account_id campaign_id contact_id contact_inbox_id first_reply_created_at
  inbox_id priority status+account_id status+priority team_id *uuid waiting_since
messages: account_id+created_at+message_type account_id+inbox_id account_id
  conversation_id+account_id+message_type+created_at conversation_id created_at inbox_id
  sender_type+sender_id source_id
conversation_participants: account_id conversation_id *user_id+conversation_id user_id
reporting_events: account_id+name+created_at account_id conversation_id created_at inbox_id
  name user_id
csat_survey_responses: account_id assigned_agent_id contact_id conversation_id *message_id
"""


def create_tables(conn: sa.Connection) -> None:
    """Every table that is absent."""
    conn.exec_driver_sql(_TABLES)


def create_indexes(conn: sa.Connection) -> None:
    """Every index that is absent."""
    table = ""
    for word in _INDEXES.split():
        if word.endswith(":"):
            table = word[:-1]
            continue
        columns = word.lstrip("*").split("+")
        name = f"index_{table}_on_{'_and_'.join(columns)}"[:63]
        unique = "UNIQUE " if word.startswith("*") else ""
        conn.exec_driver_sql(
            f"CREATE {unique}INDEX IF NOT EXISTS {name} ON {table} ({', '.join(columns)})"
        )
