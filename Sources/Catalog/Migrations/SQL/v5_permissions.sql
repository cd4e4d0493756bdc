-- What Django's `migrate` writes for its own permissions: a content type for each model, and four permissions for it.
--
-- Rows that a Django on the same file has made are left alone.

CREATE TEMPORARY TABLE "new_model" ("app_label" text NOT NULL, "model" text NOT NULL, "title" text NOT NULL);
INSERT INTO "new_model" VALUES
    ('contenttypes', 'contenttype', 'content type'),
    ('auth', 'permission', 'permission'),
    ('auth', 'group', 'group'),
    ('django_celery_beat', 'solarschedule', 'solar event'),
    ('django_celery_beat', 'intervalschedule', 'interval'),
    ('django_celery_beat', 'clockedschedule', 'clocked'),
    ('django_celery_beat', 'crontabschedule', 'crontab'),
    ('django_celery_beat', 'periodictasks', 'periodic task track'),
    ('django_celery_beat', 'periodictask', 'periodic task'),
    ('core', 'systemevent', 'system event'),
    ('core', 'systemnotification', 'system notification'),
    ('core', 'notificationdismissal', 'notification dismissal'),
    ('core', 'useragent', 'user agent'),
    ('core', 'streamprofile', 'stream profile'),
    ('core', 'outputprofile', 'output profile'),
    ('core', 'coresettings', 'core settings'),
    ('accounts', 'user', 'user'),
    ('dispatcharr_channels', 'channelgroup', 'channel group'),
    ('dispatcharr_channels', 'channelgroupm3uaccount', 'channel group m3u account'),
    ('dispatcharr_channels', 'logo', 'logo'),
    ('dispatcharr_channels', 'stream', 'stream'),
    ('dispatcharr_channels', 'channel', 'channel'),
    ('dispatcharr_channels', 'channeloverride', 'channel override'),
    ('dispatcharr_channels', 'channelstream', 'channel stream'),
    ('dispatcharr_channels', 'channelprofile', 'channel profile'),
    ('dispatcharr_channels', 'channelprofilemembership', 'channel profile membership'),
    ('dispatcharr_channels', 'recording', 'recording'),
    ('dispatcharr_channels', 'recurringrecordingrule', 'recurring recording rule'),
    ('m3u', 'servergroup', 'server group'),
    ('m3u', 'm3uaccount', 'm3u account'),
    ('m3u', 'm3ufilter', 'm3u filter'),
    ('m3u', 'm3uaccountprofile', 'm3u account profile'),
    ('epg', 'epgsource', 'epg source'),
    ('epg', 'epgsourceindex', 'epg source index'),
    ('epg', 'epgdata', 'epg data'),
    ('epg', 'programdata', 'program data'),
    ('epg', 'sdschedulemd5', 'sd schedule m d5'),
    ('epg', 'sdprogrammd5', 'sd program m d5'),
    ('vod', 'vodlogo', 'vod logo'),
    ('vod', 'vodcategory', 'vod category'),
    ('vod', 'series', 'series'),
    ('vod', 'movie', 'movie'),
    ('vod', 'episode', 'episode'),
    ('vod', 'm3useriesrelation', 'm3u series relation'),
    ('vod', 'm3umovierelation', 'm3u movie relation'),
    ('vod', 'm3uepisoderelation', 'm3u episode relation'),
    ('vod', 'm3uvodcategoryrelation', 'm3uvod category relation'),
    ('plugins', 'pluginrepo', 'plugin repo'),
    ('plugins', 'pluginconfig', 'plugin config'),
    ('dispatcharr_connect', 'integration', 'integration'),
    ('dispatcharr_connect', 'eventsubscription', 'event subscription'),
    ('dispatcharr_connect', 'deliverylog', 'delivery log'),
    ('hdhr', 'hdhrdevice', 'hdhr device');

INSERT INTO "django_content_type" ("app_label", "model")
SELECT "app_label", "model" FROM "new_model" ORDER BY rowid
ON CONFLICT DO NOTHING;

INSERT INTO "auth_permission" ("name", "content_type_id", "codename")
SELECT 'Can ' || verb."word" || ' ' || new."title", type."id", verb."word" || '_' || new."model"
FROM "new_model" AS new
JOIN "django_content_type" AS type ON (type."app_label", type."model") = (new."app_label", new."model")
JOIN (
    SELECT 1 AS "place", 'add' AS "word" UNION ALL SELECT 2, 'change' UNION ALL SELECT 3, 'delete'
    UNION ALL SELECT 4, 'view'
) AS verb
ORDER BY type."id", verb."place"
ON CONFLICT DO NOTHING;

DROP TABLE "new_model";
