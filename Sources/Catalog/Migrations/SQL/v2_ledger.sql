-- What the API and beat accepted, before Redis heard of it. Skirret's own: Django has no model for these.
-- Times are Unix milliseconds; "seq" grows with every task, and pages go by it.
CREATE TABLE "ledger" (
    "seq" integer NOT NULL PRIMARY KEY,
    "task_id" text NOT NULL UNIQUE,
    "name" text NOT NULL,
    "queue" text NOT NULL,
    "priority" integer NULL,
    "plugin" text NULL,
    "about" text NOT NULL,
    "origin" text NOT NULL,
    "schedule" text NULL,
    "parent_id" text NULL,
    "state" integer NOT NULL,
    "accepted_at" integer NOT NULL,
    "due_at" integer NULL,
    "started_at" integer NULL,
    "finished_at" integer NULL,
    "cancelled_at" integer NULL,
    "retries" integer NOT NULL DEFAULT 0,
    "args" text NOT NULL,
    "kwargs" text NOT NULL,
    "message" blob NULL,
    "outcome" text NULL,
    "error" text NULL,
    "steps" text NOT NULL DEFAULT '[]',
    "words" text NOT NULL,
    "bytes" integer NOT NULL
);
-- One index for each thing people filter by; the state in the middle lets a page with and without it go by seq.
CREATE INDEX "ledger_state" ON "ledger" ("state", "seq");
CREATE INDEX "ledger_name" ON "ledger" ("name", "state", "seq");
CREATE INDEX "ledger_queue" ON "ledger" ("queue", "state", "seq");
CREATE INDEX "ledger_plugin" ON "ledger" ("plugin", "state", "seq") WHERE "plugin" IS NOT NULL;
CREATE INDEX "ledger_schedule" ON "ledger" ("schedule", "state", "seq") WHERE "schedule" IS NOT NULL;
CREATE INDEX "ledger_parent" ON "ledger" ("parent_id") WHERE "parent_id" IS NOT NULL;
CREATE INDEX "ledger_accepted_at" ON "ledger" ("accepted_at");

-- Any three letters in a row are found without reading every row.
CREATE VIRTUAL TABLE "ledger_words" USING fts5(
    "words", content='ledger', content_rowid='seq', tokenize='trigram', detail='none', columnsize=0
);
-- How many tasks and bytes there are in each state, so that nobody counts a million rows.
CREATE TABLE "ledger_total" ("state" integer NOT NULL PRIMARY KEY, "tasks" integer NOT NULL, "bytes" integer NOT NULL);
CREATE TRIGGER "ledger_inserted" AFTER INSERT ON "ledger" BEGIN
    INSERT INTO "ledger_words" ("rowid", "words") VALUES (new."seq", new."words");
    INSERT INTO "ledger_total" VALUES (new."state", 1, new."bytes")
        ON CONFLICT DO UPDATE SET "tasks" = "tasks" + 1, "bytes" = "bytes" + excluded."bytes";
END;
CREATE TRIGGER "ledger_deleted" AFTER DELETE ON "ledger" BEGIN
    INSERT INTO "ledger_words" ("ledger_words", "rowid", "words") VALUES ('delete', old."seq", old."words");
    UPDATE "ledger_total" SET "tasks" = "tasks" - 1, "bytes" = "bytes" - old."bytes" WHERE "state" = old."state";
END;
CREATE TRIGGER "ledger_moved" AFTER UPDATE OF "state", "bytes" ON "ledger" BEGIN
    UPDATE "ledger_total" SET "tasks" = "tasks" - 1, "bytes" = "bytes" - old."bytes" WHERE "state" = old."state";
    INSERT INTO "ledger_total" VALUES (new."state", 1, new."bytes")
        ON CONFLICT DO UPDATE SET "tasks" = "tasks" + 1, "bytes" = "bytes" + excluded."bytes";
END;

-- The request that an Idempotency-Key came with first, and the task it started.
CREATE TABLE "ledger_key" (
    "key" text NOT NULL PRIMARY KEY,
    "call" text NOT NULL,
    "task_id" text NOT NULL,
    "accepted_at" integer NOT NULL
) WITHOUT ROWID;
CREATE INDEX "ledger_key_accepted_at" ON "ledger_key" ("accepted_at");
