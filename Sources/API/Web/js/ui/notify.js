/** Notifications, top right. Those with an id are one notification that changes in place. */
import { safeColor } from '../core/color.js';
import { text } from '../core/format.js';
import { Fragment, h, notifications } from './kit.js';
import { icon } from './icon.js';

const LASTS = /** @type {Record<string, number>} */ ({ red: 10_000, orange: 8_000, yellow: 6_000 });
const ICONS = /** @type {Record<string, string>} */ ({ red: 'circle-alert', orange: 'triangle-alert', yellow: 'triangle-alert', blue: 'info' });

const shown = new Set();

/** @param {{id?: string, title: string, message?: any, tone?: string, loading?: boolean, keep?: boolean, lasts?: number}} options */
export function notify({ id = undefined, title, message = '', tone = 'teal', loading = false, keep = loading, lasts = undefined }) {
  const color = safeColor(tone) ?? 'teal';
  const autoClose = keep ? false : lasts ?? LASTS[color] ?? 5_000;
  const options = {
    title, message, color, loading, autoClose,
    id: id ?? `note-${crypto.randomUUID?.() ?? Math.random()}`,
    icon: loading ? undefined : icon(ICONS[color] ?? 'check', 16),
    onClose: () => shown.delete(id),
    withBorder: true,
    role: color === 'red' ? 'alert' : 'status',
    closeButtonProps: { 'aria-label': 'Dismiss' },
  };
  if (id !== undefined && shown.has(id)) notifications().update(options);
  else notifications().show(options);
  if (id !== undefined) shown.add(id);
}

/** @param {string} title @param {any} error */
export const complain = (title, error) => notify({ title, message: text(error?.message ?? error), tone: 'red' });

/** @param {string[]} list */
export const lines = (list) => h(Fragment, {}, ...list.map((line, index) => h('span', { key: index, className: 'note-line' }, line)));
