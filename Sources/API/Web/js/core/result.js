/** What an action's result says to the person who clicked: a tone, a title, lines, and what to download. */
import { cut, number, text, words } from './format.js';
import { isObject } from './path.js';
import { safeFilename, safeUrl } from './url.js';

const TONES = /** @type {Record<string, string>} */ ({
  error: 'red',
  failed: 'red',
  failure: 'red',
  queued: 'blue',
  started: 'blue',
  running: 'blue',
  skipped: 'yellow',
  warning: 'yellow',
});
const SPOKEN = new Set([
  'status',
  'message',
  'title',
  'label',
  'successMessage',
  'success',
  'file',
  'error',
  'download',
  'file_download',
  'toast',
  'undo',
  'notification',
]);
/** Lines and characters that fit a notification. */
const MOST_LINES = 6;
const LONGEST = 400;

/** The remaining plain values of a result, as `processed 5 · mode safe`. @param {Record<string, unknown>} result */
function rest(result) {
  const parts = Object.entries(result).filter(([key, value]) =>
    !SPOKEN.has(key) && ['string', 'number', 'boolean'].includes(typeof value) && value !== ''
  );
  return parts.slice(0, MOST_LINES).map(([key, value]) =>
    `${words(key)}: ${typeof value === 'number' ? number(value) : cut(value, 80)}`
  ).join(' · ');
}

/**
 * @param {any} result what `run` returned
 * @param {{action?: any, name: string}} about the action's own words, templates filled in
 */
export function outcomeOf(result, { action = {}, name }) {
  const data = isObject(result) ? result : { message: text(result) };
  const status = text(data.status).toLowerCase();
  const failed = TONES[status] === 'red' || data.success === false;
  const spoken = data.message ?? data.successMessage ??
    (failed ? undefined : action.success_message ?? action.successMessage);
  const fallback = failed
    ? action.error_message ?? action.errorMessage ?? 'The plugin reported an error.'
    : 'Plugin action completed';
  const details = rest(data);
  const lines = [spoken === undefined && details && !failed ? undefined : text(spoken ?? fallback), details].filter(
    Boolean,
  );
  const toast = toastOf(data.toast ?? data.notification);
  if (toast && !failed && spoken === undefined) lines.splice(0, lines.length, toast.message);
  if (data.file) lines.push(`Output: ${text(data.file)}`);
  if (data.error) lines.push(`Error: ${text(data.error)}`);
  return {
    failed,
    tone: failed
      ? text(action.error_color || 'red')
      : toast?.tone ?? TONES[status] ?? text(action.success_color || 'teal'),
    title: text(
      data.title ?? toast?.title ?? data.label ?? (failed ? action.error_title : action.success_title) ?? name,
    ),
    lines: lines.filter(Boolean).map((line) => cut(line, LONGEST)),
    output: data.file ? text(data.file) : undefined,
    error: failed ? text(data.error ?? data.message ?? fallback) : data.error ? text(data.error) : undefined,
    download: failed ? undefined : downloadOf(downloadIn(data, action.download)),
    undo: undoOf(data.undo),
    refresh: data.refresh,
    result,
  };
}

/** What a result says in a notification of its own: words, or `{title, message, color}`. @param {any} toast */
function toastOf(toast) {
  if (toast === undefined || toast === null || toast === '') return undefined;
  if (!isObject(toast)) return { message: text(toast), title: undefined, tone: undefined };
  return { message: text(toast.message), title: toast.title, tone: toast.color ? text(toast.color) : undefined };
}

/** The file in a result; the action may say beforehand what it is called and of which type it is. @param {any} data @param {any} declared */
function downloadIn(data, declared) {
  const given = data.download ?? data.file_download;
  const known = isObject(declared) ? declared : {};
  if (isObject(given)) return { ...known, ...given };
  if (typeof given === 'string') return { ...known, data: given };
  return known.url === undefined ? undefined : known;
}

/** What an action that could not be run is to say: its own words, the reason, and what helps. @param {any} error @param {{action?: any, name: string}} about */
export function failureOf(error, about) {
  const { name } = about;
  const action = about.action ?? {};
  const message = text(error?.message ?? error);
  const own = action.error_message ?? action.errorMessage;
  const lines = [own, message, error?.body?.hint].filter(Boolean).map((line) => cut(line, LONGEST));
  return {
    failed: true,
    tone: text(action.error_color || 'red'),
    title: text(action.error_title ?? `${name} error`),
    lines,
    error: message,
    output: undefined,
    download: undefined,
    undo: undefined,
    refresh: undefined,
    result: undefined,
  };
}

/** What takes an action back: `{action, params, label, message}`, or the action's name alone. @param {any} undo */
export function undoOf(undo) {
  const own = isObject(undo) ? undo : { action: undo };
  const action = own.action ?? own.id;
  if (typeof action !== 'string' || !action) return undefined;
  return {
    action,
    params: isObject(own.params) ? own.params : {},
    label: cut(own.label ?? 'Undo', 40),
    seconds: Math.min(60, Math.max(3, Number(own.seconds ?? own.timeout) || 8)),
  };
}

/** @param {any} download @returns {{filename: string, url?: string, data?: string, type: string, refused?: string} | undefined} */
export function downloadOf(download) {
  if (!isObject(download)) return undefined;
  const filename = safeFilename(download.filename);
  const type = /^[\w.+-]+\/[\w.+-]+$/.test(text(download.content_type))
    ? download.content_type
    : 'application/octet-stream';
  if (typeof download.data === 'string') return { filename, data: download.data, type };
  if (download.url === undefined) return undefined;
  const url = safeUrl(download.url);
  return url ? { filename, url, type } : { filename, type, refused: 'its address is not http or https' };
}

/** The question before an action, or undefined when none is asked. @param {any} action @param {{name: string, fields?: any[], settings?: Record<string, any>}} plugin */
export function questionOf(action, { name, fields = [], settings }) {
  const { confirm } = action;
  const setting = fields.find((field) => field.id === 'confirm' && field.input === 'switch');
  const bySetting = confirm === undefined && setting !== undefined && Boolean(settings?.confirm ?? setting.default);
  const asked = isObject(confirm) ? confirm.required !== false : Boolean(confirm);
  if (!asked && !bySetting) return undefined;
  const own = isObject(confirm) ? confirm : {};
  return {
    title: text(own.title ?? `Run ${action.label}?`),
    message: text(own.message ?? `You’re about to run “${action.label}” from “${name}”.`),
    confirmLabel: text(own.confirmLabel ?? own.confirm_label ?? 'Confirm'),
    cancelLabel: text(own.cancelLabel ?? own.cancel_label ?? 'Cancel'),
  };
}
