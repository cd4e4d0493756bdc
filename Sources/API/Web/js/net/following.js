/** A task that goes on after its request was answered: how far it is, and what came of it. */
import { text } from '../core/format.js';
import { isObject } from '../core/path.js';
import { ApiError } from './api.js';
import { onUpdate } from './socket.js';
import { tasks } from './tasks.js';

/** Between two looks at a task of which nothing is heard; longer for one that takes long. Milliseconds. */
const [SOON, LATER, LONG] = [1_000, 4_000, 60_000];

/** Until the time is up, or an event speaks of this task. @param {string} id @param {number} pause */
const heardOrLate = (id, pause) =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stop();
      resolve(undefined);
    };
    const stop = onUpdate((data) => text(data.task_id) === id && done());
    const timer = setTimeout(done, pause);
  });

/** @param {any} task @param {string} id */
function resultOf(task, id) {
  if (task.state === 'SUCCESS') return task.result;
  const message = task.state === 'REVOKED' ? 'It was cancelled.' : text(task.error) || 'The task failed.';
  throw new ApiError(message, 200, task.state === 'REVOKED' ? 'task_cancelled' : 'plugin_failed', { task_id: id });
}

/**
 * Waits for a task, however long it takes, and gives its result or throws its error.
 * @param {string} id @param {(said: {id: string, percent: number | undefined, message: string}) => void} tell with each change
 */
export async function follow(id, tell) {
  const began = Date.now();
  let last = '';
  for (;;) {
    try {
      const task = await tasks.one(id);
      if (task.ready) return resultOf(task, id);
      const said = isObject(task.progress) ? task.progress : {};
      const percent = Number.isFinite(Number(said.percent ?? undefined)) ? Number(said.percent) : undefined;
      const words = `${percent} ${text(said.message)}`;
      if (words !== last) tell({ id, percent, message: text(said.message) });
      last = words;
    } catch (error) {
      // The server was away, not the task.
      if (!(error instanceof ApiError) || error.status !== 0 || error.code === 'task_cancelled') throw error;
    }
    await heardOrLate(id, Date.now() - began > LONG ? LATER : SOON);
  }
}
