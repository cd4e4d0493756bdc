/** Installations of plugins' own packages, as the server tells of them: `{key: {state, percent, message, task}}`. */
import { text } from '../core/format.js';
import { Store } from '../core/store.js';
import { plugins } from './api.js';
import { load } from './catalogue.js';
import { follow } from './following.js';
import { onUpdate } from './socket.js';

/** @typedef {{state: 'installing' | 'failed', percent: number, message: string, task: string}} Install */
export const installs = new Store(/** @type {Record<string, Install>} */ ({}));

/** @param {string} key @param {Install} [said] nothing: it is over */
const note = (key, said) =>
  installs.set((/** @type {any} */ { [key]: _, ...others }) => (said ? { ...others, [key]: said } : others));

/** @param {any} data */
function hear(data) {
  if (data.type !== 'plugin_requirements') return;
  const key = text(data.plugin);
  const said = { percent: Number(data.percent) || 0, message: text(data.message), task: text(data.task_id) };
  if (data.state === 'installing') return note(key, { state: 'installing', ...said });
  note(key, data.state === 'failed' ? { state: 'failed', ...said } : undefined);
  load();
}

// From the first page on that shows a plugin.
onUpdate(hear);

/** Starts one and waits for its end; throws what it failed with. @param {string} key */
export async function install(key) {
  const { task_id: task } = await plugins.requirements(key);
  note(key, { state: 'installing', percent: 0, message: 'Waiting for a worker', task: text(task) });
  try {
    await follow(text(task), ({ percent, message }) => {
      // A task that says nothing yet must not wipe out what an event said while its answer was on the way.
      if (percent !== undefined) note(key, { state: 'installing', percent, message, task: text(task) });
    });
    note(key);
  } catch (error) {
    const message = text(/** @type {any} */ (error)?.message ?? error);
    note(key, { state: 'failed', percent: 100, message, task: text(task) });
    throw error;
  } finally {
    await load();
  }
}
