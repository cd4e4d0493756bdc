-- Settings, profiles, user agents, system events and notifications.
--
-- What Django makes of the models for SQLite: defaults live in Python, so an INSERT names every NOT NULL column;
-- no ON DELETE, so whoever deletes a row looks after those that point at it.

CREATE TABLE "core_useragent" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" varchar(512) NOT NULL UNIQUE,
    "user_agent" varchar(512) NOT NULL UNIQUE,
    "description" varchar(255) NOT NULL,
    "is_active" bool NOT NULL,
    "created_at" datetime NOT NULL,
    "updated_at" datetime NOT NULL
);

CREATE TABLE "core_streamprofile" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" varchar(255) NOT NULL,
    "command" varchar(255) NOT NULL,
    "parameters" text NOT NULL,
    "locked" bool NOT NULL,
    "is_active" bool NOT NULL,
    "user_agent_id" bigint NULL REFERENCES "core_useragent" ("id") DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX "core_streamprofile_user_agent_id_1ea2e018" ON "core_streamprofile" ("user_agent_id");

CREATE TABLE "core_outputprofile" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" varchar(255) NOT NULL UNIQUE,
    "command" varchar(255) NOT NULL,
    "parameters" text NOT NULL,
    "locked" bool NOT NULL,
    "is_active" bool NOT NULL
);

CREATE TABLE "core_coresettings" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "key" varchar(255) NOT NULL UNIQUE,
    "name" varchar(255) NOT NULL,
    "value" text NOT NULL CHECK ((JSON_VALID("value") OR "value" IS NULL))
);

CREATE TABLE "core_systemevent" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "event_type" varchar(50) NOT NULL,
    "timestamp" datetime NOT NULL,
    "channel_id" char(32) NULL,
    "channel_name" varchar(255) NULL,
    "details" text NOT NULL CHECK ((JSON_VALID("details") OR "details" IS NULL))
);
CREATE INDEX "core_systemevent_event_type_4b96dbbc" ON "core_systemevent" ("event_type");
CREATE INDEX "core_systemevent_timestamp_42015ffa" ON "core_systemevent" ("timestamp");
CREATE INDEX "core_systemevent_channel_id_d4beb5ea" ON "core_systemevent" ("channel_id");
CREATE INDEX "core_system_timesta_c6c3d1_idx" ON "core_systemevent" ("timestamp" DESC);
CREATE INDEX "core_system_event_t_4267d9_idx" ON "core_systemevent" ("event_type", "timestamp" DESC);

CREATE TABLE "core_systemnotification" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "notification_key" varchar(255) NOT NULL UNIQUE,
    "notification_type" varchar(50) NOT NULL,
    "priority" varchar(20) NOT NULL,
    "source" varchar(20) NOT NULL,
    "title" varchar(255) NOT NULL,
    "message" text NOT NULL,
    "action_data" text NOT NULL CHECK ((JSON_VALID("action_data") OR "action_data" IS NULL)),
    "is_active" bool NOT NULL,
    "admin_only" bool NOT NULL,
    "expires_at" datetime NULL,
    "created_at" datetime NOT NULL,
    "updated_at" datetime NOT NULL
);
CREATE INDEX "core_systemnotification_notification_type_15d8a684" ON "core_systemnotification" ("notification_type");
CREATE INDEX "core_systemnotification_source_679a564f" ON "core_systemnotification" ("source");
CREATE INDEX "core_systemnotification_is_active_46d192ca" ON "core_systemnotification" ("is_active");
CREATE INDEX "core_systemnotification_expires_at_16f24d62" ON "core_systemnotification" ("expires_at");
CREATE INDEX "core_system_is_acti_afab03_idx" ON "core_systemnotification" ("is_active", "created_at" DESC);
CREATE INDEX "core_system_notific_2179e3_idx" ON "core_systemnotification" ("notification_type", "is_active");
CREATE INDEX "core_system_source_a35829_idx" ON "core_systemnotification" ("source", "is_active");

CREATE TABLE "core_notificationdismissal" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED,
    "notification_id" bigint NOT NULL REFERENCES "core_systemnotification" ("id") DEFERRABLE INITIALLY DEFERRED,
    "dismissed_at" datetime NOT NULL,
    "action_taken" varchar(50) NULL
);
CREATE UNIQUE INDEX "core_notificationdismissal_user_id_notification_id_c50b872d_uniq"
    ON "core_notificationdismissal" ("user_id", "notification_id");
CREATE INDEX "core_notificationdismissal_user_id_cec67307" ON "core_notificationdismissal" ("user_id");
CREATE INDEX "core_notificationdismissal_notification_id_6cce0b6b" ON "core_notificationdismissal" ("notification_id");
CREATE INDEX "core_notifi_user_id_93e02e_idx" ON "core_notificationdismissal" ("user_id", "notification_id");
