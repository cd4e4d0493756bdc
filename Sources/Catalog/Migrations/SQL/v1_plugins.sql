-- Plugins and their repositories; integrations; HDHomeRun devices.
--
-- What Django makes of the models for SQLite: defaults live in Python, so an INSERT names every NOT NULL column;
-- no ON DELETE, so whoever deletes a row looks after those that point at it.

CREATE TABLE "plugins_pluginrepo" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" varchar(255) NOT NULL,
    "url" varchar(200) NOT NULL UNIQUE,
    "is_official" bool NOT NULL,
    "enabled" bool NOT NULL,
    "cached_manifest" text NOT NULL CHECK ((JSON_VALID("cached_manifest") OR "cached_manifest" IS NULL)),
    "public_key" text NOT NULL,
    "signature_verified" bool NULL,
    "last_fetched" datetime NULL,
    "last_fetch_status" varchar(255) NOT NULL,
    "created_at" datetime NOT NULL,
    "updated_at" datetime NOT NULL
);

CREATE TABLE "plugins_pluginconfig" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "key" varchar(128) NOT NULL UNIQUE,
    "name" varchar(255) NOT NULL,
    "version" varchar(64) NOT NULL,
    "description" text NOT NULL,
    "enabled" bool NOT NULL,
    "ever_enabled" bool NOT NULL,
    "settings" text NOT NULL CHECK ((JSON_VALID("settings") OR "settings" IS NULL)),
    "source_repo_id" bigint NULL REFERENCES "plugins_pluginrepo" ("id") DEFERRABLE INITIALLY DEFERRED,
    "slug" varchar(128) NOT NULL,
    "installed_version_is_prerelease" bool NOT NULL,
    "deprecated" bool NOT NULL,
    "created_at" datetime NOT NULL,
    "updated_at" datetime NOT NULL
);
CREATE INDEX "plugins_pluginconfig_source_repo_id_308dcbde" ON "plugins_pluginconfig" ("source_repo_id");

CREATE TABLE "dispatcharr_connect_integration" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" varchar(255) NOT NULL,
    "type" varchar(50) NOT NULL,
    "config" text NOT NULL CHECK ((JSON_VALID("config") OR "config" IS NULL)),
    "enabled" bool NOT NULL,
    "created_at" datetime NOT NULL
);

CREATE TABLE "dispatcharr_connect_eventsubscription" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "event" varchar(100) NOT NULL,
    "integration_id" bigint NOT NULL REFERENCES "dispatcharr_connect_integration" ("id") DEFERRABLE INITIALLY DEFERRED,
    "enabled" bool NOT NULL,
    "payload_template" text NULL
);
CREATE INDEX "dispatcharr_connect_eventsubscription_integration_id_53f86354"
    ON "dispatcharr_connect_eventsubscription" ("integration_id");

CREATE TABLE "dispatcharr_connect_deliverylog" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "subscription_id" bigint NOT NULL REFERENCES "dispatcharr_connect_eventsubscription" ("id") DEFERRABLE INITIALLY DEFERRED,
    "status" varchar(50) NOT NULL,
    "request_payload" text NOT NULL CHECK ((JSON_VALID("request_payload") OR "request_payload" IS NULL)),
    "response_payload" text NOT NULL CHECK ((JSON_VALID("response_payload") OR "response_payload" IS NULL)),
    "error_message" text NULL,
    "created_at" datetime NOT NULL
);
CREATE INDEX "dispatcharr_connect_deliverylog_subscription_id_6df61176"
    ON "dispatcharr_connect_deliverylog" ("subscription_id");

CREATE TABLE "hdhr_hdhrdevice" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "friendly_name" varchar(100) NOT NULL,
    "device_id" varchar(32) NOT NULL UNIQUE,
    "tuner_count" integer unsigned NOT NULL CHECK ("tuner_count" >= 0)
);
