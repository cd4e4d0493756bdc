/** Clicking an action: the question, the call, the notification, the download. Cards and page schemas share it. */
import { failureOf, outcomeOf, questionOf } from '../core/result.js';
import { fieldsOf } from '../core/schema.js';
import { safeColor } from '../core/color.js';
import { text } from '../core/format.js';
import { isObject } from '../core/path.js';
import { Store } from '../core/store.js';
import { tasks } from '../net/tasks.js';
import { ask } from '../ui/confirm.js';
import { useEvent } from '../ui/hooks.js';
import { h, useRef, useState } from '../ui/kit.js';
import { complain, dismiss, notify } from '../ui/notify.js';
import { serverHost } from './host.js';
import { useResolver, useRuntime } from './runtime.js';

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

/** A notification with a button that takes the action back. @param {any} undo @param {string} title @param {() => Promise<any>} run */
function offerUndo(undo, title, run) {
  const id = `undo-${++undos}`;
  const click = async () => {
    dismiss(id);
    await run();
  };
  const button = h('button', { type: 'button', className: 'mini-button tone-indigo', onClick: click }, undo.label);
  notify({
    id,
    title,
    tone: 'indigo',
    icon: 'undo-2',
    lasts: undo.seconds * 1000,
    message: h('span', { className: 'toast-undo' }, h('span', {}, 'Not what you wanted?'), button),
  });
}
let undos = 0;

/** An action that goes on: how far it is, wherever the person goes meanwhile. @param {import('./host.js').Going} task @param {string} title */
function showGoing({ id, percent, message }, title) {
  const stop = () => tasks.cancel(id).catch((error) => complain('Not cancelled', error));
  const bar = h(
    'span',
    { className: 'toast-progress' },
    h('span', { className: 'note-line' }, message || 'It goes on as a task; you can leave this page.'),
    h(
      'span',
      { className: 'toast-track' },
      h('span', { className: 'toast-bar tone-blue', style: { width: `${percent ?? 0}%` } }),
    ),
    h('span', { className: 'toast-percent' }, percent === undefined ? '' : `${Math.round(percent)} %`),
    h(
      'span',
      { className: 'toast-foot' },
      h('a', { className: 'link', href: `/tasks/${encodeURIComponent(id)}` }, 'Its task'),
      h('button', { type: 'button', className: 'mini-button tone-gray', onClick: stop }, 'Cancel'),
    ),
  );
  notify({ id: `task-${id}`, title, tone: 'blue', loading: true, message: bar });
}

/** What is said of an action that could not be run, with the way to its log when there is one. @param {ReturnType<typeof failureOf>} failure @param {any} error */
function sayFailure({ title, lines, tone }, error) {
  const task = error?.body?.task_id;
  const words = lines.filter((line) => !line.includes('/api/'));
  const message = typeof task !== 'string' ? words : h(
    'span',
    {},
    ...words.map((line, index) => h('span', { key: index, className: 'note-line' }, line)),
    h('a', { className: 'link', href: `/tasks/${encodeURIComponent(task)}` }, 'What its task said'),
  );
  notify({ title, message, tone, urgent: true });
}

/**
 * Runs one action and tells the person how it went. Resolves to the outcome, or undefined when they declined.
 * @param {{plugin: any, action: any, params?: object, files?: Record<string, File[]>, before?: () => Promise<void>, started?: () => void,
 *   host?: import('./host.js').Host, resolve?: (value: any, add?: object) => any, progress?: (share: number) => void,
 *   going?: (task: import('./host.js').Going | undefined) => void, refresh?: (which: unknown) => void}} call
 *   `resolve` fills in the templates of what is said afterwards, which may name `result`; `going` hears of a task, and of its end
 */
export async function runAction(call) {
  const { plugin, action, params = {}, files, before, started = () => {}, host = serverHost(plugin.key) } = call;
  const { resolve = (/** @type {any} */ value) => value, progress, refresh = () => {} } = call;
  let task = '';
  const going = (/** @type {import('./host.js').Going} */ one) => {
    task = one.id;
    showGoing(one, text(action.label ?? plugin.name));
    call.going?.(one);
  };
  const over = () => {
    if (task) dismiss(`task-${task}`);
    call.going?.(undefined);
  };
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
    const result = await host.run(action.action ?? action.id, { ...own, ...params }, { files, sent: progress, going });
    over();
    const { success_message, successMessage, error_message, errorMessage } = action;
    const said = resolve({ success_message, successMessage, error_message, errorMessage }, { result });
    const outcome = outcomeOf(result, { action: { ...action, ...said }, name: plugin.name });
    notify({ title: outcome.title, message: outcome.lines, tone: outcome.tone, urgent: outcome.failed });
    deliver(outcome);
    if (outcome.undo && !outcome.failed) {
      const { undo } = outcome;
      const back = () =>
        runAction({
          ...call,
          action: { id: undo.action, label: undo.label, params: undo.params },
          params: {},
          files: undefined,
          before: undefined,
        });
      offerUndo(undo, outcome.title, back);
    }
    const again = outcome.refresh ?? action.refresh;
    if (again && !outcome.failed) refresh(again);
    return outcome;
  } catch (error) {
    over();
    const { error_message, errorMessage } = action;
    const said = resolve({ error_message, errorMessage });
    const failure = failureOf(error, { action: { ...action, ...said }, name: text(plugin.name) });
    sayFailure(failure, error);
    if (/** @type {any} */ (error)?.code === 'safe_mode') safeMode.set(failure.lines);
    return failure;
  }
}

/** What the server said when it refused to run any plugin; nothing while it runs them. */
export const safeMode = new Store(/** @type {string[] | undefined} */ (undefined));

/** `[running, outcome, run, task]`; a second click while it runs does nothing. */
export function useAction() {
  const [running, setRunning] = useState(false);
  const [task, setTask] = useState(/** @type {import('./host.js').Going | undefined} */ (undefined));
  const [outcome, setOutcome] = useState(undefined);
  const busy = useRef(false);
  const run = useEvent(async (/** @type {Parameters<typeof runAction>[0]} */ call) => {
    if (busy.current) return undefined;
    busy.current = true;
    try {
      const done = await runAction({ going: setTask, ...call, started: () => setRunning(true) });
      if (done) setOutcome(done);
      return done;
    } finally {
      busy.current = false;
      setRunning(false);
    }
  });
  return /** @type {[boolean, any, typeof run, typeof task]} */ ([running, outcome, run, task]);
}

/** As `useAction`, for a node on a plugin's page: who answers, what templates see and what to read again are the page's. */
export function usePageAction() {
  const runtime = useRuntime();
  const resolve = useResolver();
  const [running, outcome, run] = useAction();
  const go = useEvent((/** @type {Omit<Parameters<typeof runAction>[0], 'plugin'>} */ call) =>
    run({ plugin: runtime.plugin, host: runtime.host, refresh: runtime.refresh, resolve, ...call })
  );
  return /** @type {[boolean, any, typeof go]} */ ([running, outcome, go]);
}
