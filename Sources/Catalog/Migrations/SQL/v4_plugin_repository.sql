-- The official plugin repository has moved; an address that somebody else has put there is theirs.
UPDATE "plugins_pluginrepo"
SET "url" = 'https://dispatcharr.github.io/Plugins/manifest.json'
WHERE "is_official" AND "url" = 'https://raw.githubusercontent.com/Dispatcharr/Plugins/releases/manifest.json'
    AND NOT EXISTS (
        SELECT 1 FROM "plugins_pluginrepo" WHERE "url" = 'https://dispatcharr.github.io/Plugins/manifest.json'
    );
