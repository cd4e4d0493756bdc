-- The log-in at Schedules Direct that each source has, good for a day. Skirret's own: Django has no model for it.
-- "credentials" stands for the address, the account and the password; with others the log-in is not used. "expires_at" is
-- in Django's spelling.
CREATE TABLE "direct_token" (
    "source_id" integer NOT NULL PRIMARY KEY REFERENCES "epg_epgsource" ("id") ON DELETE CASCADE,
    "token" text NOT NULL,
    "credentials" text NOT NULL,
    "expires_at" datetime NOT NULL
);
