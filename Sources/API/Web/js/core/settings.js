/** The server's settings as people read them: where they stand, and how what is stored becomes what is shown and back. */
import { text } from './format.js';
import { isObject } from './path.js';
import { fieldsOf } from './schema.js';
import { GROUPS, list } from './settings-groups.js';

/** @typedef {import('./settings-groups.js').Group} Group */

/** What each list of networks opens. */
const DOORS = /** @type {Record<string, [string, string]>} */ ({
  UI: ['These pages and their interface', 'Signing in, plugins, tasks, settings.'],
  STREAMS: ['Streams', 'Kept for a proxy beside this server: there is nothing of the kind here that it would shut.'],
  XC_API: ['Xtream Codes', 'Likewise kept for a proxy: players cannot sign in here.'],
  M3U_EPG: ['Playlists and guides', 'Likewise kept for a proxy: players can download nothing here.'],
});
export const NETWORKS = 'network_access';

/** The places of the page, each with the groups it shows. */
export const PLACES = [
  { id: '', label: 'You', icon: 'circle-user-round', keys: [] },
  {
    id: 'system',
    label: 'System',
    icon: 'server-cog',
    keys: ['system_settings', 'plugin_repo_settings', 'backup_settings'],
  },
  { id: 'streams', label: 'Streams', icon: 'radio-tower', keys: ['stream_settings', 'epg_settings'] },
  { id: 'playing', label: 'Playing', icon: 'cast', keys: ['proxy_settings', 'user_limit_settings', 'dvr_settings'] },
  { id: 'network', label: 'Network', icon: 'shield', keys: [NETWORKS] },
];

/** Lists of networks that the server has beyond ours are shown, too. @param {any} value */
const networks = (value) => ({
  key: NETWORKS,
  title: 'Who may come from where',
  icon: 'shield',
  about: 'Networks such as 192.168.0.0/16 or ::1/128, one after the other. An empty list lets everybody in.',
  fields: [...new Set([...Object.keys(DOORS), ...Object.keys(isObject(value) ? value : {})])].map((id) =>
    list(id, DOORS[id]?.[0] ?? id, DOORS[id]?.[1] ?? '')
  ),
});

/** @param {string} key @param {any} value what is stored @param {{timezones?: string[]}} known @returns {Group | undefined} */
export function groupOf(key, value, known = {}) {
  const group = key === NETWORKS ? networks(value) : GROUPS.find((one) => one.key === key);
  if (!group) return undefined;
  const zones = known.timezones?.length ? known.timezones : [text(value?.time_zone) || 'UTC'];
  const fields = group.fields.map((one) => (one.id === 'time_zone' ? { ...one, options: zones } : one));
  return { ...group, fields: fieldsOf(fields, true) };
}

const split = (/** @type {unknown} */ value) => text(value).split(',').map((one) => one.trim()).filter(Boolean);
/** A list that is stored as words with commas between them. @param {any} field */
const isJoined = (field) => field.id === 'm3u_hash_key';

/** A list that says so lets everybody in; one without any network lets in nobody. */
const EVERYBODY = '0.0.0.0/0,::/0';
/** Who may come while nothing is said: for playlists the household, for the rest everybody. */
const HOUSEHOLD = '127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,::1/128,fc00::/7,fe80::/10';

/** @param {string} id @param {any} stored */
function networksOf(id, stored) {
  const list = split(stored ?? (id === 'M3U_EPG' ? HOUSEHOLD : ''));
  return list.join(',') === EVERYBODY ? [] : list;
}

/** Stored values as the fields hold them. @param {Group} group @param {any} value */
export const shownOf = (group, value) =>
  Object.fromEntries(group.fields.map((field) => {
    const stored = value?.[field.id];
    if (group.key === NETWORKS) return [field.id, networksOf(field.id, stored)];
    return [field.id, isJoined(field) ? split(stored) : stored];
  }));

/** What changed, as it is stored. @param {Group} group @param {any} value @param {Record<string, any>} entered */
export function changesOf(group, value, entered) {
  const shown = shownOf(group, value);
  // Nothing entered where nothing is stored is no change, whatever stands for nothing.
  const judged = (/** @type {any} */ one) => JSON.stringify(one === '' || one === undefined ? null : one);
  const changed = group.fields.filter(({ id }) =>
    Object.hasOwn(entered, id) && judged(entered[id]) !== judged(shown[id])
  );
  return Object.fromEntries(changed.map((field) => {
    const now = entered[field.id];
    if (group.key === NETWORKS) return [field.id, now.join(',') || EVERYBODY];
    if (isJoined(field)) return [field.id, now.join(',')];
    return [field.id, field.input === 'number' && now === '' ? null : now];
  }));
}

/** What the server refused, by field: `group.field: sentence; group.field: sentence`. @param {string} message */
export function faultsOf(message) {
  const found = message.split(/; (?=\w+\.\w+: )/).map((one) => /^\w+\.(\w+): ([^]*)$/.exec(one));
  return Object.fromEntries(
    found.flatMap((one) => (one ? [[one[1], one[2].replace(/^./, (first) => first.toUpperCase())]] : [])),
  );
}
