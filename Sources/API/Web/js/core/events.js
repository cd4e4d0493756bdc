/** Live events: which of them a subscription wants, and what they do to the data it keeps. */
import { text } from './format.js';
import { get, isObject } from './path.js';
import { rowsOf } from './query.js';

/** Lists kept by an append subscription that names no limit. */
const DEFAULT_LIMIT = 500;

/** @param {unknown} wanted @param {unknown} actual @param {string} self */
function agrees(wanted, actual, self) {
  const any = Array.isArray(wanted) ? wanted : [wanted];
  return any.some((one) => (one === 'self' ? self : text(one)) === text(actual));
}

/**
 * Whether an event (`data` of an update envelope) is one that `spec` subscribes to.
 * A subscription that names no plugin hears its own plugin only, as everywhere in Dispatcharr's prototype.
 * @param {any} spec @param {any} event @param {string} self the subscriber's plugin key
 */
export function matches(spec, event, self) {
  if (!isObject(spec) || !isObject(event)) return false;
  const type = spec.event ?? 'plugin_event';
  if (!agrees(type, event.type, self)) return false;
  const filter = { ...(isObject(spec.filter) ? spec.filter : {}) };
  if (spec.plugin !== undefined) filter.plugin ??= spec.plugin;
  if (event.type === 'plugin_event') filter.plugin ??= 'self';
  return Object.entries(filter).every(([path, wanted]) => agrees(wanted, get(event, path), self));
}

/** What an event carries for a subscription. @param {any} spec @param {any} event */
export function payloadOf(spec, event) {
  const picked = spec?.path ? get(event, spec.path) ?? get(event?.payload, spec.path) : undefined;
  return picked ?? event?.payload;
}

/** Data after an event, for modes `append` and `patch`. Mode `refresh` is a fetch, not a fold. @param {any} data @param {any} spec @param {any} event */
export function fold(data, spec, event) {
  const payload = payloadOf(spec, event);
  if (payload === undefined) return data;
  if (spec.mode === 'patch') return isObject(data) && isObject(payload) ? { ...data, ...payload } : payload;
  const list = rowsOf(data);
  const added = Array.isArray(payload) ? payload : [payload];
  const limit = Math.max(1, Number(spec.limit) || DEFAULT_LIMIT);
  return spec.prepend ? [...added, ...list].slice(0, limit) : [...list, ...added].slice(-limit);
}

/** One line of the event log. @param {any} envelope @param {number} id @param {number} now */
export function entryOf(envelope, id, now) {
  const data = isObject(envelope?.data) ? envelope.data : {};
  const type = text(data.type ?? envelope?.type ?? 'unknown');
  const { type: _, plugin, event, payload, success, ...rest } = data;
  return {
    id,
    at: now,
    type,
    plugin: plugin === undefined ? '' : text(plugin),
    event: event === undefined ? type : text(event),
    success: success !== false && !('error' in rest && rest.error),
    payload: payload === undefined ? rest : Object.keys(rest).length ? { ...rest, payload } : payload,
    data,
  };
}
