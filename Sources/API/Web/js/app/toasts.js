/** Live events that a person should notice whatever page is open: refresh progress, plugins' own notifications. */
import { cut, text } from '../core/format.js';
import { isObject } from '../core/path.js';
import { progressOf } from '../core/progress.js';
import { onUpdate } from '../net/socket.js';
import { h } from '../ui/kit.js';
import { dismiss, notify } from '../ui/notify.js';
import { byKey, load } from '../net/catalogue.js';
import { path } from './router.js';

const LONGEST = 300;

const Bar = (/** @type {{percent: number, tone: string, message: string}} */ { percent, tone, message }) =>
  h(
    'span',
    { className: 'toast-progress' },
    message && h('span', { className: 'note-line' }, message),
    h(
      'span',
      { className: 'toast-track' },
      h('span', { className: `toast-bar tone-${tone}`, style: { width: `${percent}%` } }),
    ),
    h('span', { className: 'toast-percent' }, `${Math.round(percent)} %`),
  );

/** A refresh that says nothing for this long has probably died with its worker. Milliseconds. */
const SILENCE = 90_000;
const waiting = new Map();

/** @param {any} data */
function progress(data) {
  const shown = progressOf(data);
  if (!shown) return false;
  // The page of the sources shows it where it belongs.
  if (path.get() === '/sources') {
    clearTimeout(waiting.get(shown.id));
    waiting.delete(shown.id);
    dismiss(shown.id);
    return true;
  }
  const { id, title, message, tone, done, percent } = shown;
  const body = tone === 'red' ? message : h(Bar, { percent, tone, message });
  notify({ id, title, tone, loading: !done, lasts: 5_000, message: body });
  clearTimeout(waiting.get(id));
  waiting.delete(id);
  const silent = () =>
    notify({ id, title, tone: 'yellow', message: 'Nothing has been heard of this refresh for a while.' });
  if (!done) waiting.set(id, setTimeout(silent, SILENCE));
  return true;
}

/** How long it stays: `autoClose` in milliseconds, or false until it is dismissed. @param {any} note */
function lastsOf({ autoClose, auto_close: other }) {
  const given = autoClose ?? other;
  if (given === false) return false;
  return Number(given) > 0 ? Math.min(120_000, Math.max(1_000, Number(given))) : undefined;
}

/** @param {any} data */
function announcement(data) {
  const name = byKey(data.plugin)?.name ?? text(data.plugin);
  const note = data.notification;
  if (isObject(note)) {
    return notify({
      // One that the plugin names is one notification that it may change.
      id: note.id === undefined ? undefined : `of-${text(data.plugin)}-${text(note.id)}`,
      title: cut(note.title ?? name, 120),
      message: cut(note.message, LONGEST),
      tone: text(note.color || 'blue'),
      loading: note.loading === true,
      lasts: lastsOf(note),
    });
  }
  return notify({ title: name, message: cut(note ?? data.message, LONGEST), tone: 'blue' });
}

/** @param {any} data */
function hear(data) {
  if (progress(data)) return;
  if (data.type === 'plugin_event' && data.notification) announcement(data);
  if (data.type === 'plugin' && data.message) announcement(data);
  if (data.type === 'epg_fetch_error' && path.get() !== '/sources') {
    notify({ title: text(data.source_name ?? 'Guide'), message: cut(data.message, LONGEST), tone: 'red' });
  }
  if (data.type === 'plugin_suspended' || data.type === 'plugins_changed' || data.type === 'plugins_reloaded') load();
}

export const startToasts = () => onUpdate(hear);
