-- The tables and columns of a Zammad database that the preset reads or that must be filled.
CREATE TABLE ticket_state_types (id serial PRIMARY KEY, name varchar(250) NOT NULL);
CREATE TABLE ticket_states (
  id serial PRIMARY KEY,
  state_type_id integer NOT NULL,
  name varchar(250) NOT NULL
);
CREATE TABLE ticket_priorities (id serial PRIMARY KEY, name varchar(250) NOT NULL);
CREATE TABLE groups (id serial PRIMARY KEY, name varchar(160) NOT NULL);
CREATE TABLE users (
  id serial PRIMARY KEY,
  login varchar(255) NOT NULL,
  firstname varchar(100) DEFAULT '',
  lastname varchar(100) DEFAULT '',
  active boolean NOT NULL DEFAULT true,
  out_of_office boolean NOT NULL DEFAULT false
);
CREATE TABLE roles (id serial PRIMARY KEY, name varchar(100) NOT NULL);
CREATE TABLE roles_users (user_id integer NOT NULL, role_id integer NOT NULL);
CREATE INDEX ON roles_users (user_id);
CREATE TABLE tickets (
  id serial PRIMARY KEY,
  group_id integer NOT NULL,
  priority_id integer NOT NULL,
  state_id integer NOT NULL,
  number varchar(60) NOT NULL,
  title varchar(250) NOT NULL,
  owner_id integer NOT NULL,
  customer_id integer NOT NULL,
  first_response_at timestamp(3),
  first_response_in_min integer,
  close_at timestamp(3),
  last_close_at timestamp(3),
  last_contact_at timestamp(3),
  last_contact_agent_at timestamp(3),
  last_contact_customer_at timestamp(3),
  last_owner_update_at timestamp(3),
  create_article_type_id integer,
  create_article_sender_id integer,
  article_count integer,
  escalation_at timestamp(3),
  pending_time timestamp(3),
  updated_by_id integer NOT NULL,
  created_by_id integer NOT NULL,
  created_at timestamp(3) NOT NULL,
  updated_at timestamp(3) NOT NULL,
  order_no varchar(60)
);
CREATE INDEX ON tickets (state_id);
CREATE INDEX ON tickets (owner_id);
CREATE INDEX ON tickets (updated_at);
CREATE TABLE ticket_article_types (
  id serial PRIMARY KEY,
  name varchar(250) NOT NULL,
  communication boolean NOT NULL
);
CREATE TABLE ticket_article_senders (id serial PRIMARY KEY, name varchar(250) NOT NULL);
CREATE TABLE ticket_articles (
  id serial PRIMARY KEY,
  ticket_id integer NOT NULL,
  type_id integer NOT NULL,
  sender_id integer NOT NULL,
  content_type varchar(20) NOT NULL DEFAULT 'text/plain',
  body text NOT NULL,
  internal boolean NOT NULL DEFAULT false,
  origin_by_id integer,
  updated_by_id integer NOT NULL,
  created_by_id integer NOT NULL,
  created_at timestamp(3) NOT NULL,
  updated_at timestamp(3) NOT NULL
);
CREATE INDEX ON ticket_articles (ticket_id);
CREATE INDEX ON ticket_articles (created_at);
CREATE TABLE history_objects (id serial PRIMARY KEY, name varchar(250) NOT NULL);
CREATE TABLE history_attributes (id serial PRIMARY KEY, name varchar(250) NOT NULL);
CREATE TABLE histories (
  id serial PRIMARY KEY,
  history_type_id integer NOT NULL,
  history_object_id integer NOT NULL,
  history_attribute_id integer,
  o_id integer NOT NULL,
  id_to integer,
  id_from integer,
  created_by_id integer NOT NULL,
  created_at timestamp(3) NOT NULL,
  updated_at timestamp(3) NOT NULL
);
CREATE INDEX ON histories (o_id);
CREATE INDEX ON histories (created_at);
