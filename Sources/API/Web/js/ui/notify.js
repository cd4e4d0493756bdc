/** Notifications, top right. Those with an id are one notification that changes in place. */
import { safeColor } from '../core/color.js';
import { text } from '../core/format.js';
import { Fragment, h, notifications } from './kit.js';
import { icon } from './icon.js';

/** Milliseconds on screen by colour: what went wrong takes longer to read. */
const LASTS = /** @type {Record<string, number>} */ ({ red: 10_000, orange: 8_000, yellow: 6_000 });
const ICONS = /** @type {Record<string, string>} */ ({
  red: 'circle-alert',
  orange: 'triangle-alert',
  yellow: 'triangle-alert',
  blue: 'info',
});

/** The same words twice within this time are said once: a plugin may announce what its action also returns. Milliseconds. */
const ECHO = 3_000;
let last = { words: '', at: 0 };

/** @param {string} words */
function isEcho(words) {
  const again = words === last.words && Date.now() - last.at < ECHO;
  last = { words, at: Date.now() };
  return again;
}

const shown = new Set();

/** @param {{id?: string, title: string, message?: string | string[] | object, tone?: string, loading?: boolean, lasts?: number | false, icon?: string, urgent?: boolean}} options lines, or an element; `lasts` false: until it is dismissed */
export function notify(
  {
    id = undefined,
    title,
    message = '',
    tone = 'teal',
    loading = false,
    lasts = undefined,
    icon: drawn = undefined,
    urgent = undefined,
  },
) {
  const lines = typeof message === 'string' ? [message] : Array.isArray(message) ? message : undefined;
  if (id === undefined && lines && isEcho([title, ...lines].join('\n'))) return;
  const color = safeColor(tone) ?? 'teal';
  const options = {
    title,
    color,
    loading,
    id: id ?? `note-${Math.random()}`,
    message: lines
      ? h(
        Fragment,
        {},
        ...lines.filter(Boolean).map((line, index) => h('span', { key: index, className: 'note-line' }, line)),
      )
      : message,
    autoClose: loading ? false : lasts ?? LASTS[color] ?? 5_000,
    icon: loading ? undefined : icon(drawn ?? ICONS[color] ?? 'check', 16),
    onClose: () => shown.delete(id),
    withBorder: true,
    role: urgent ?? color === 'red' ? 'alert' : 'status',
    closeButtonProps: { 'aria-label': 'Dismiss' },
  };
  if (id !== undefined && shown.has(id)) notifications().update(options);
  else notifications().show(options);
  if (id !== undefined) shown.add(id);
}

/** @param {string} id */
export const dismiss = (id) => notifications().hide(id);

/** @param {string} title @param {any} error */
export const complain = (title, error) =>
  notify({ title, message: [text(error?.message ?? error), text(error?.body?.hint ?? '')], tone: 'red' });
