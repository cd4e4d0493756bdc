/** Colours from a schema: names of the palette or plain hex. Anything else is dropped, so none can smuggle in other CSS. */

const PALETTE = new Set(
  [
    'dark',
    'gray',
    'red',
    'pink',
    'grape',
    'violet',
    'indigo',
    'blue',
    'cyan',
    'teal',
    'green',
    'lime',
    'yellow',
    'orange',
  ],
);
const ALIASES = /** @type {Record<string, string>} */ ({
  grey: 'gray',
  black: 'dark',
  success: 'teal',
  ok: 'teal',
  error: 'red',
  danger: 'red',
  warning: 'orange',
  info: 'blue',
  purple: 'grape',
  primary: 'indigo',
  default: 'gray',
});
const STATES = /** @type {Record<string, string>} */ ({
  up: 'teal',
  ok: 'teal',
  success: 'teal',
  online: 'teal',
  active: 'teal',
  running: 'teal',
  ready: 'teal',
  healthy: 'teal',
  done: 'teal',
  down: 'red',
  error: 'red',
  failed: 'red',
  failure: 'red',
  offline: 'red',
  dead: 'red',
  critical: 'red',
  warning: 'orange',
  warn: 'orange',
  degraded: 'orange',
  restarting: 'orange',
  retry: 'orange',
  paused: 'yellow',
  queued: 'blue',
  pending: 'blue',
  info: 'blue',
  starting: 'blue',
  idle: 'gray',
  unknown: 'gray',
  skipped: 'gray',
});

/** @param {unknown} value @returns {string | undefined} */
export function safeColor(value) {
  if (typeof value !== 'string') return undefined;
  const color = value.trim().toLowerCase();
  const [name, shade] = color.split('.');
  const known = PALETTE.has(name) ? name : Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined;
  if (known) return /^\d$/.test(shade ?? '') ? `${known}.${shade}` : known;
  return /^#(?:[\da-f]{3}|[\da-f]{6}|[\da-f]{8})$/.test(color) ? color : undefined;
}

/** The palette's name alone, for our own class names. @param {unknown} value @param {string} [fallback] */
export function toneOf(value, fallback = 'gray') {
  const name = safeColor(value)?.split('.')[0];
  return name && PALETTE.has(name) ? name : fallback;
}

/** A colour for a status word nobody gave a colour. @param {unknown} value @param {string} [fallback] */
export function stateTone(value, fallback = 'gray') {
  const word = String(value ?? '').toLowerCase();
  return Object.hasOwn(STATES, word) ? STATES[word] : fallback;
}

/** As CSS: a variable of the theme or the hex itself. @param {unknown} value @param {number} [shade] */
export function cssColor(value, shade = 5) {
  const color = safeColor(value);
  if (!color) return undefined;
  const [name, own] = color.split('.');
  return color.startsWith('#') ? color : `var(--mantine-color-${name}-${own ?? shade})`;
}
