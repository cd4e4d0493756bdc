-- Channels, streams, groups, profiles, logos and recordings.
--
-- What Django makes of the models for SQLite: defaults live in Python, so an INSERT names every NOT NULL column;
-- no ON DELETE, so whoever deletes a row looks after those that point at it.

CREATE TABLE "dispatcharr_channels_channelgroup" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" text NOT NULL UNIQUE
);

CREATE TABLE "dispatcharr_channels_logo" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" varchar(255) NOT NULL,
    "url" text NOT NULL UNIQUE
);

CREATE TABLE "dispatcharr_channels_stream" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" varchar(512) NOT NULL,
    "url" varchar(4096) NULL,
    "m3u_account_id" bigint NULL REFERENCES "m3u_m3uaccount" ("id") DEFERRABLE INITIALLY DEFERRED,
    "logo_url" text NULL,
    "tvg_id" varchar(255) NULL,
    "local_file" varchar(100) NULL,
    "current_viewers" integer unsigned NOT NULL CHECK ("current_viewers" >= 0),
    "updated_at" datetime NOT NULL,
    "channel_group_id" bigint NULL REFERENCES "dispatcharr_channels_channelgroup" ("id") DEFERRABLE INITIALLY DEFERRED,
    "stream_profile_id" bigint NULL REFERENCES "core_streamprofile" ("id") DEFERRABLE INITIALLY DEFERRED,
    "is_custom" bool NOT NULL,
    "stream_hash" varchar(255) NULL UNIQUE,
    "last_seen" datetime NOT NULL,
    "is_stale" bool NOT NULL,
    "is_adult" bool NOT NULL,
    "custom_properties" text NULL CHECK ((JSON_VALID("custom_properties") OR "custom_properties" IS NULL)),
    "stream_id" integer NULL,
    "stream_chno" real NULL,
    "stream_stats" text NULL CHECK ((JSON_VALID("stream_stats") OR "stream_stats" IS NULL)),
    "stream_stats_updated_at" datetime NULL,
    "is_catchup" bool NOT NULL,
    "catchup_days" integer unsigned NOT NULL CHECK ("catchup_days" >= 0)
);
CREATE INDEX "dispatcharr_channels_stream_name_c6335d42" ON "dispatcharr_channels_stream" ("name");
CREATE INDEX "dispatcharr_channels_stream_m3u_account_id_b0c37034" ON "dispatcharr_channels_stream" ("m3u_account_id");
CREATE INDEX "dispatcharr_channels_stream_channel_group_id_39fcd44a"
    ON "dispatcharr_channels_stream" ("channel_group_id");
CREATE INDEX "dispatcharr_channels_stream_stream_profile_id_13d2c875"
    ON "dispatcharr_channels_stream" ("stream_profile_id");
CREATE INDEX "dispatcharr_channels_stream_last_seen_b639eb7c" ON "dispatcharr_channels_stream" ("last_seen");
CREATE INDEX "dispatcharr_channels_stream_is_stale_ae9a7e34" ON "dispatcharr_channels_stream" ("is_stale");
CREATE INDEX "dispatcharr_channels_stream_is_adult_ff2db7cc" ON "dispatcharr_channels_stream" ("is_adult");
CREATE INDEX "dispatcharr_channels_stream_stream_id_8a140224" ON "dispatcharr_channels_stream" ("stream_id");
CREATE INDEX "dispatcharr_channels_stream_stream_chno_46791b42" ON "dispatcharr_channels_stream" ("stream_chno");
CREATE INDEX "dispatcharr_channels_stream_stream_stats_updated_at_a98122b5"
    ON "dispatcharr_channels_stream" ("stream_stats_updated_at");
CREATE INDEX "dispatcharr_channels_stream_is_catchup_8db1a145" ON "dispatcharr_channels_stream" ("is_catchup");

CREATE TABLE "dispatcharr_channels_channel" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "channel_number" real NULL,
    "name" varchar(512) NOT NULL,
    "logo_id" bigint NULL REFERENCES "dispatcharr_channels_logo" ("id") DEFERRABLE INITIALLY DEFERRED,
    "channel_group_id" bigint NULL REFERENCES "dispatcharr_channels_channelgroup" ("id") DEFERRABLE INITIALLY DEFERRED,
    "tvg_id" varchar(255) NULL,
    "tvc_guide_stationid" varchar(255) NULL,
    "epg_data_id" bigint NULL REFERENCES "epg_epgdata" ("id") DEFERRABLE INITIALLY DEFERRED,
    "stream_profile_id" bigint NULL REFERENCES "core_streamprofile" ("id") DEFERRABLE INITIALLY DEFERRED,
    "uuid" char(32) NOT NULL UNIQUE,
    "user_level" integer NOT NULL,
    "is_adult" bool NOT NULL,
    "auto_created" bool NOT NULL,
    "auto_created_by_id" bigint NULL REFERENCES "m3u_m3uaccount" ("id") DEFERRABLE INITIALLY DEFERRED,
    "is_catchup" bool NOT NULL,
    "catchup_days" integer unsigned NOT NULL CHECK ("catchup_days" >= 0),
    "hidden_from_output" bool NOT NULL,
    "created_at" datetime NOT NULL,
    "updated_at" datetime NOT NULL
);
CREATE INDEX "dispatcharr_channels_channel_channel_number_4f2bc3a9"
    ON "dispatcharr_channels_channel" ("channel_number");
CREATE INDEX "dispatcharr_channels_channel_logo_id_3f8eca21" ON "dispatcharr_channels_channel" ("logo_id");
CREATE INDEX "dispatcharr_channels_channel_channel_group_id_d0fffbce"
    ON "dispatcharr_channels_channel" ("channel_group_id");
CREATE INDEX "dispatcharr_channels_channel_epg_data_id_f313c37a" ON "dispatcharr_channels_channel" ("epg_data_id");
CREATE INDEX "dispatcharr_channels_channel_stream_profile_id_298925ef"
    ON "dispatcharr_channels_channel" ("stream_profile_id");
CREATE INDEX "dispatcharr_channels_channel_is_adult_f94fb5b3" ON "dispatcharr_channels_channel" ("is_adult");
CREATE INDEX "dispatcharr_channels_channel_auto_created_by_id_a6b916de"
    ON "dispatcharr_channels_channel" ("auto_created_by_id");
CREATE INDEX "dispatcharr_channels_channel_is_catchup_483e3554" ON "dispatcharr_channels_channel" ("is_catchup");
CREATE INDEX "dispatcharr_channels_channel_hidden_from_output_4dbadc0b"
    ON "dispatcharr_channels_channel" ("hidden_from_output");

CREATE TABLE "dispatcharr_channels_channeloverride" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "channel_id" bigint NOT NULL UNIQUE REFERENCES "dispatcharr_channels_channel" ("id") DEFERRABLE INITIALLY DEFERRED,
    "name" varchar(512) NULL,
    "channel_number" real NULL,
    "channel_group_id" bigint NULL REFERENCES "dispatcharr_channels_channelgroup" ("id") DEFERRABLE INITIALLY DEFERRED,
    "logo_id" bigint NULL REFERENCES "dispatcharr_channels_logo" ("id") DEFERRABLE INITIALLY DEFERRED,
    "tvg_id" varchar(255) NULL,
    "tvc_guide_stationid" varchar(255) NULL,
    "epg_data_id" bigint NULL REFERENCES "epg_epgdata" ("id") DEFERRABLE INITIALLY DEFERRED,
    "stream_profile_id" bigint NULL REFERENCES "core_streamprofile" ("id") DEFERRABLE INITIALLY DEFERRED,
    "created_at" datetime NOT NULL,
    "updated_at" datetime NOT NULL
);
CREATE INDEX "dispatcharr_channels_channeloverride_channel_group_id_a6b48160"
    ON "dispatcharr_channels_channeloverride" ("channel_group_id");
CREATE INDEX "dispatcharr_channels_channeloverride_logo_id_ed488b3a"
    ON "dispatcharr_channels_channeloverride" ("logo_id");
CREATE INDEX "dispatcharr_channels_channeloverride_epg_data_id_55e75048"
    ON "dispatcharr_channels_channeloverride" ("epg_data_id");
CREATE INDEX "dispatcharr_channels_channeloverride_stream_profile_id_1bef13c4"
    ON "dispatcharr_channels_channeloverride" ("stream_profile_id");

CREATE TABLE "dispatcharr_channels_channelprofile" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" varchar(100) NOT NULL UNIQUE
);

CREATE TABLE "dispatcharr_channels_channelprofilemembership" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "channel_profile_id" bigint NOT NULL REFERENCES "dispatcharr_channels_channelprofile" ("id") DEFERRABLE INITIALLY DEFERRED,
    "channel_id" bigint NOT NULL REFERENCES "dispatcharr_channels_channel" ("id") DEFERRABLE INITIALLY DEFERRED,
    "enabled" bool NOT NULL
);
CREATE UNIQUE INDEX "dispatcharr_channels_channelprofilemembership_channel_profile_id_channel_id_9df6078d_uniq"
    ON "dispatcharr_channels_channelprofilemembership" ("channel_profile_id", "channel_id");
CREATE INDEX "dispatcharr_channels_channelprofilemembership_channel_profile_id_42ddbfb9"
    ON "dispatcharr_channels_channelprofilemembership" ("channel_profile_id");
CREATE INDEX "dispatcharr_channels_channelprofilemembership_channel_id_5e80f725"
    ON "dispatcharr_channels_channelprofilemembership" ("channel_id");

CREATE TABLE "dispatcharr_channels_channelstream" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "channel_id" bigint NOT NULL REFERENCES "dispatcharr_channels_channel" ("id") DEFERRABLE INITIALLY DEFERRED,
    "stream_id" bigint NOT NULL REFERENCES "dispatcharr_channels_stream" ("id") DEFERRABLE INITIALLY DEFERRED,
    "order" integer unsigned NOT NULL CHECK ("order" >= 0),
    CONSTRAINT "unique_channel_stream" UNIQUE ("channel_id", "stream_id")
);
CREATE INDEX "dispatcharr_channels_channelstream_channel_id_55646015"
    ON "dispatcharr_channels_channelstream" ("channel_id");
CREATE INDEX "dispatcharr_channels_channelstream_stream_id_e116b43d"
    ON "dispatcharr_channels_channelstream" ("stream_id");

CREATE TABLE "dispatcharr_channels_channelgroupm3uaccount" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "channel_group_id" bigint NOT NULL REFERENCES "dispatcharr_channels_channelgroup" ("id") DEFERRABLE INITIALLY DEFERRED,
    "m3u_account_id" bigint NOT NULL REFERENCES "m3u_m3uaccount" ("id") DEFERRABLE INITIALLY DEFERRED,
    "custom_properties" text NULL CHECK ((JSON_VALID("custom_properties") OR "custom_properties" IS NULL)),
    "enabled" bool NOT NULL,
    "auto_channel_sync" bool NOT NULL,
    "auto_sync_channel_start" real NULL,
    "auto_sync_channel_end" real NULL,
    "last_seen" datetime NOT NULL,
    "is_stale" bool NOT NULL
);
CREATE UNIQUE INDEX "dispatcharr_channels_channelgroupm3uaccount_channel_group_id_m3u_account_id_cf87bca4_uniq"
    ON "dispatcharr_channels_channelgroupm3uaccount" ("channel_group_id", "m3u_account_id");
CREATE INDEX "dispatcharr_channels_channelgroupm3uaccount_channel_group_id_349e35c9"
    ON "dispatcharr_channels_channelgroupm3uaccount" ("channel_group_id");
CREATE INDEX "dispatcharr_channels_channelgroupm3uaccount_m3u_account_id_a771580d"
    ON "dispatcharr_channels_channelgroupm3uaccount" ("m3u_account_id");
CREATE INDEX "dispatcharr_channels_channelgroupm3uaccount_last_seen_95fe9986"
    ON "dispatcharr_channels_channelgroupm3uaccount" ("last_seen");
CREATE INDEX "dispatcharr_channels_channelgroupm3uaccount_is_stale_b63df151"
    ON "dispatcharr_channels_channelgroupm3uaccount" ("is_stale");

CREATE TABLE "dispatcharr_channels_recording" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "channel_id" bigint NOT NULL REFERENCES "dispatcharr_channels_channel" ("id") DEFERRABLE INITIALLY DEFERRED,
    "start_time" datetime NOT NULL,
    "end_time" datetime NOT NULL,
    "task_id" varchar(255) NULL,
    "custom_properties" text NULL CHECK ((JSON_VALID("custom_properties") OR "custom_properties" IS NULL))
);
CREATE INDEX "dispatcharr_channels_recording_channel_id_e2d5b75c" ON "dispatcharr_channels_recording" ("channel_id");

CREATE TABLE "dispatcharr_channels_recurringrecordingrule" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "channel_id" bigint NOT NULL REFERENCES "dispatcharr_channels_channel" ("id") DEFERRABLE INITIALLY DEFERRED,
    "days_of_week" text NOT NULL CHECK ((JSON_VALID("days_of_week") OR "days_of_week" IS NULL)),
    "start_time" time NOT NULL,
    "end_time" time NOT NULL,
    "enabled" bool NOT NULL,
    "name" varchar(255) NOT NULL,
    "start_date" date NULL,
    "end_date" date NULL,
    "created_at" datetime NOT NULL,
    "updated_at" datetime NOT NULL
);
CREATE INDEX "dispatcharr_channels_recurringrecordingrule_channel_id_f50ad02e"
    ON "dispatcharr_channels_recurringrecordingrule" ("channel_id");
