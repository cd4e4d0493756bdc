-- Schedules: the tables of django_celery_beat 2.9.
--
-- What Django makes of the models for SQLite: defaults live in Python, so an INSERT names every NOT NULL column;
-- no ON DELETE, so whoever deletes a row looks after those that point at it.

CREATE TABLE "django_celery_beat_solarschedule" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "event" varchar(24) NOT NULL,
    "latitude" decimal NOT NULL,
    "longitude" decimal NOT NULL
);
CREATE UNIQUE INDEX "django_celery_beat_solarschedule_event_latitude_longitude_ba64999a_uniq"
    ON "django_celery_beat_solarschedule" ("event", "latitude", "longitude");

CREATE TABLE "django_celery_beat_intervalschedule" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "every" integer NOT NULL,
    "period" varchar(24) NOT NULL
);

CREATE TABLE "django_celery_beat_clockedschedule" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "clocked_time" datetime NOT NULL
);

CREATE TABLE "django_celery_beat_crontabschedule" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "minute" varchar(240) NOT NULL,
    "hour" varchar(96) NOT NULL,
    "day_of_month" varchar(124) NOT NULL,
    "month_of_year" varchar(64) NOT NULL,
    "day_of_week" varchar(64) NOT NULL,
    "timezone" varchar(63) NOT NULL
);

CREATE TABLE "django_celery_beat_periodictasks" (
    "ident" smallint NOT NULL PRIMARY KEY,
    "last_update" datetime NOT NULL
);

CREATE TABLE "django_celery_beat_periodictask" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" varchar(200) NOT NULL UNIQUE,
    "task" varchar(200) NOT NULL,
    "interval_id" integer NULL REFERENCES "django_celery_beat_intervalschedule" ("id") DEFERRABLE INITIALLY DEFERRED,
    "crontab_id" integer NULL REFERENCES "django_celery_beat_crontabschedule" ("id") DEFERRABLE INITIALLY DEFERRED,
    "solar_id" integer NULL REFERENCES "django_celery_beat_solarschedule" ("id") DEFERRABLE INITIALLY DEFERRED,
    "clocked_id" integer NULL REFERENCES "django_celery_beat_clockedschedule" ("id") DEFERRABLE INITIALLY DEFERRED,
    "args" text NOT NULL,
    "kwargs" text NOT NULL,
    "queue" varchar(200) NULL,
    "exchange" varchar(200) NULL,
    "routing_key" varchar(200) NULL,
    "headers" text NOT NULL,
    "priority" integer unsigned NULL CHECK ("priority" >= 0),
    "expires" datetime NULL,
    "expire_seconds" integer unsigned NULL CHECK ("expire_seconds" >= 0),
    "one_off" bool NOT NULL,
    "start_time" datetime NULL,
    "enabled" bool NOT NULL,
    "last_run_at" datetime NULL,
    "total_run_count" integer unsigned NOT NULL CHECK ("total_run_count" >= 0),
    "date_changed" datetime NOT NULL,
    "description" text NOT NULL
);
CREATE INDEX "django_celery_beat_periodictask_interval_id_a8ca27da"
    ON "django_celery_beat_periodictask" ("interval_id");
CREATE INDEX "django_celery_beat_periodictask_crontab_id_d3cba168" ON "django_celery_beat_periodictask" ("crontab_id");
CREATE INDEX "django_celery_beat_periodictask_solar_id_a87ce72c" ON "django_celery_beat_periodictask" ("solar_id");
CREATE INDEX "django_celery_beat_periodictask_clocked_id_47a69f82" ON "django_celery_beat_periodictask" ("clocked_id");
