/** Values as people read them. Nothing here throws: what cannot be formatted is shown as it came. */

const two = (/** @type {number} */ n) => String(n).padStart(2, '0');

/** Milliseconds, seconds, ISO text or a Date; undefined when it is no time. @param {unknown} value */
export function toDate(value) {
  if (value === null || value === undefined || value === '' || typeof value === 'boolean') return undefined;
  const numeric = typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value.trim()));
  // Below 1e11 a number can only sensibly be seconds: as milliseconds it would still be 1973.
  const time = numeric ? Number(value) * (Math.abs(Number(value)) < 1e11 ? 1000 : 1) : value;
  const date = new Date(/** @type {any} */ (time));
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** @param {unknown} value */
export const date = (value) => {
  const d = toDate(value);
  return d ? `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}` : text(value);
};
/** @param {unknown} value */
export const time = (value) => {
  const d = toDate(value);
  return d ? `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}` : text(value);
};
/** @param {unknown} value */
export const datetime = (value) => (toDate(value) ? `${date(value)} ${time(value)}` : text(value));

/** Any value as one piece of text; objects as JSON. @param {unknown} value @returns {string} */
export function text(value) {
  if (value === null || value === undefined) return '';
  if (typeof value === 'object') return json(value);
  return String(value);
}

/** @param {unknown} value @param {number} [indent] */
export function json(value, indent = 0) {
  try {
    return JSON.stringify(value, null, indent) ?? '';
  } catch {
    return '[cannot be shown: it contains itself]';
  }
}

/** By decimals: to make one takes far longer than to write a number with it. @type {Intl.NumberFormat[]} */
const formats = [];

/** Digits grouped, at most `places` decimals. @param {unknown} value @param {unknown} [places] */
export function number(value, places = 2) {
  const n = Number(value);
  if (value === null || value === '' || !Number.isFinite(n)) return text(value);
  const most = Math.trunc(Math.min(20, Math.max(0, Number(places) || 0)));
  formats[most] ??= new Intl.NumberFormat('en-US', { maximumFractionDigits: most });
  return formats[most].format(n);
}

/** @param {unknown} value */
export function bytes(value) {
  const n = Number(value);
  if (!Number.isFinite(n)) return text(value);
  const step = n === 0 ? 0 : Math.min(4, Math.floor(Math.log2(Math.abs(n)) / 10));
  return `${number(n / 1024 ** step, step ? 1 : 0)} ${['B', 'KB', 'MB', 'GB', 'TB'][step]}`;
}

/** Seconds as `1 h 02 min`, `3 min 05 s` or `4.2 s`. @param {unknown} value */
export function duration(value) {
  const s = Number(value);
  if (!Number.isFinite(s)) return text(value);
  if (s < 60) return `${number(s, 1)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${two(Math.floor(s % 60))} s`;
  return `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))} min`;
}

/** A span of time in one unit. @param {number} s seconds */
const span = (s) => (s < 60 ? `${s} s` : s < 3600 ? `${Math.floor(s / 60)} min` : `${Math.floor(s / 3600)} h`);

const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
/** A count that has to fit: `981.2K`. Whoever wants all of it shows `number` as well. @param {unknown} value */
export const compact = (value) => (Number(value) < 10_000 ? number(value) : short.format(Number(value)));

/** How long before or after `now` a time is. @param {unknown} value @param {number} [now] milliseconds */
export function ago(value, now = Date.now()) {
  const d = toDate(value);
  if (!d) return text(value);
  const s = Math.round((now - d.getTime()) / 1000);
  if (Math.abs(s) >= 86400) return datetime(d);
  if (s <= -5) return `in ${span(-s)}`;
  return s < 5 ? 'just now' : `${span(s)} ago`;
}

/** `do_work` or `queueDepth` as `Do work`, `Queue depth`. @param {unknown} value */
export function words(value) {
  const spaced = text(value).replace(/([a-z\d])([A-Z])/g, '$1 $2').replace(/[_\-.]+/g, ' ').trim().toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** Cut at `limit` characters with an ellipsis. @param {unknown} value @param {number} limit */
export const cut = (value, limit) => {
  const whole = text(value);
  return whole.length > limit ? `${whole.slice(0, limit - 1)}…` : whole;
};

/** What another server said, without its markup and on one line. @param {unknown} value @param {number} limit */
export const plain = (value, limit) =>
  cut(
    text(value).replace(/<(style|script|head)[\s\S]*?<\/\1>/gi, ' ').replace(/<[^<>]*>/g, ' ').replace(/\s+/g, ' ')
      .trim(),
    limit,
  );

/** The filters of `{{ path | filter:argument }}`. @type {Record<string, (value: any, argument?: string) => unknown>} */
export const filters = {
  date,
  time,
  datetime,
  number,
  bytes,
  duration,
  ago: (value) => ago(value),
  json: (value) => json(value, 2),
  upper: (value) => text(value).toUpperCase(),
  lower: (value) => text(value).toLowerCase(),
  words,
  default: (value, argument) => (value === undefined || value === null || value === '' ? argument : value),
  length: (value) => (Array.isArray(value) || typeof value === 'string' ? value.length : 0),
  percent: (value, argument) => `${number(Number(value) * 100, argument ?? 0)}%`,
};
