-- Which version of its file each source was refreshed from. Skirret's own: Django has no model for it.
-- "version" is what the server or the disk calls it, "facts" what it held; both JSON objects. "fingerprint" stands for
-- the settings and "state" for the rows that the refresh left: when either has changed, the file is read again.
CREATE TABLE "fetched_file" (
    "kind" text NOT NULL,
    "source_id" integer NOT NULL,
    "fingerprint" text NOT NULL,
    "state" text NOT NULL,
    "version" text NOT NULL,
    "facts" text NOT NULL,
    PRIMARY KEY ("kind", "source_id")
) WITHOUT ROWID;
