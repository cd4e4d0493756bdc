/** Clicking an action: the question, the call, the notification, the download. Cards and page schemas share it. */
import { outcomeOf, questionOf } from '../core/result.js';
import { fieldsOf } from '../core/schema.js';
import { safeColor } from '../core/color.js';
import { isObject } from '../core/path.js';
import { plugins } from '../net/api.js';
import { ask } from '../ui/confirm.js';
import { useEvent } from '../ui/hooks.js';
import { useRef, useState } from '../ui/kit.js';
import { complain, notify } from '../ui/notify.js';

/** @param {{filename: string, url?: string, data?: string, type: string}} download */
function save({ filename, url, data, type }) {
  const link = document.createElement('a');
  const made = data === undefined
    ? undefined
    : URL.createObjectURL(new Blob([Uint8Array.from(atob(data), (one) => one.charCodeAt(0))], { type }));
  link.href = made ?? url ?? '';
  link.download = filename;
  link.rel = 'noopener';
  link.click();
  if (made) setTimeout(() => URL.revokeObjectURL(made), 10_000);
}

/** @param {any} outcome */
function deliver({ download, title }) {
  if (!download) return;
  try {
    if (download.refused) throw new Error(`“${download.filename}” was not downloaded: ${download.refused}.`);
    save(download);
  } catch (error) {
    complain(title, error);
  }
}

/**
 * Runs one action and tells the person how it went. Resolves to the outcome, or undefined when they declined.
 * @param {{plugin: any, action: any, params?: object, files?: Record<string, File[]>, before?: () => Promise<void>, started?: () => void}} call
 */
export async function runAction(
  { plugin, action, params = {}, files = undefined, before = undefined, started = () => {} },
) {
  const question = questionOf(action, {
    name: plugin.name,
    fields: fieldsOf(plugin.fields, true),
    settings: plugin.settings,
  });
  const color = safeColor(action.color ?? action.button_color);
  if (question && !(await ask({ ...question, color }))) return undefined;
  started();
  try {
    await before?.();
    const own = isObject(action.params) ? action.params : {};
    const result = await plugins.run(plugin.key, action.action ?? action.id, { ...own, ...params }, files);
    const outcome = outcomeOf(result, { action, name: plugin.name });
    notify({ title: outcome.title, message: outcome.lines, tone: outcome.tone });
    deliver(outcome);
    return outcome;
  } catch (error) {
    const message = String(/** @type {any} */ (error)?.message ?? error);
    complain(String(action.error_title ?? `${plugin.name} error`), message);
    return {
      failed: true,
      tone: 'red',
      title: plugin.name,
      lines: [message],
      error: message,
      output: undefined,
      download: undefined,
    };
  }
}

/** `[running, outcome, run]`; a second click while it runs does nothing. */
export function useAction() {
  const [running, setRunning] = useState(false);
  const [outcome, setOutcome] = useState(undefined);
  const busy = useRef(false);
  const run = useEvent(async (/** @type {Parameters<typeof runAction>[0]} */ call) => {
    if (busy.current) return undefined;
    busy.current = true;
    try {
      const done = await runAction({ ...call, started: () => setRunning(true) });
      if (done) setOutcome(done);
      return done;
    } finally {
      busy.current = false;
      setRunning(false);
    }
  });
  return /** @type {[boolean, any, typeof run]} */ ([running, outcome, run]);
}
