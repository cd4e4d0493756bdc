/** A task that goes on after its request was answered: how far it is, and what came of it. */
import { text } from '../core/format.js';
import { isObject } from '../core/path.js';
import { ApiError } from './api.js';
import { connection, onTopic } from './socket.js';
import { onDone, tasks } from './tasks.js';

/** Between two looks at a task of which nothing is told, as without a connection; longer for one that takes long. Milliseconds. */
const [SOON, LATER, LONG] = [1_000, 4_000, 60_000];
/** Between two looks at one that the server tells of: an end that is told to nobody is found all the same. Milliseconds. */
const TOLD = 20_000;
const ENDS = ['SUCCESS', 'FAILURE', 'REVOKED'];

/** @param {any} task @param {string} id */
function resultOf(task, id) {
  if (task.state === 'SUCCESS') return task.result;
  const message = task.state === 'REVOKED' ? 'It was cancelled.' : text(task.error) || 'The task failed.';
  throw new ApiError(message, 200, task.state === 'REVOKED' ? 'task_cancelled' : 'plugin_failed', { task_id: id });
}

/** What is told of a task: `heard` of its progress; `change` resolves when there is something to read. @param {string} id @param {(progress: any) => void} heard */
function listen(id, heard) {
  let isTold = false;
  let wake = () => {};
  /** @param {any} data */
  const hear = (data) => {
    if (text(data.task_id) !== id) return;
    if (data.type !== 'task_report') return wake();
    isTold = true;
    heard(data.progress);
    if (ENDS.includes(data.state)) wake();
  };
  const ready = () => {
    isTold = true;
    wake();
  };
  const lost = () => {
    if (connection.get().state === 'live') return;
    isTold = false;
    wake();
  };
  // What is cancelled here before a worker had it has ended, and no worker says so.
  const done = (/** @type {string[]} */ kinds) => kinds.includes('tasks') && wake();
  // Its topic is granted to administrators. Events that speak of it are everybody's.
  const stops = [onTopic(`task:${id}`, hear, ready), connection.subscribe(lost), onDone(done)];
  return {
    /** @param {number} pause */
    change: (pause) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve(undefined), isTold ? TOLD : pause);
        wake = () => {
          clearTimeout(timer);
          resolve(undefined);
        };
      }),
    stop: () => stops.forEach((stop) => stop()),
  };
}

/**
 * Waits for a task, however long it takes, and gives its result or throws its error.
 * @param {string} id @param {(said: {id: string, percent: number | undefined, message: string}) => void} tell with each change
 */
export async function follow(id, tell) {
  const began = Date.now();
  let last = '';
  const say = (/** @type {any} */ progress) => {
    const said = isObject(progress) ? progress : {};
    const percent = Number.isFinite(Number(said.percent ?? undefined)) ? Number(said.percent) : undefined;
    const words = `${percent} ${text(said.message)}`;
    if (words !== last) tell({ id, percent, message: text(said.message) });
    last = words;
  };
  const told = listen(id, say);
  try {
    for (;;) {
      const change = told.change(Date.now() - began > LONG ? LATER : SOON);
      try {
        const task = await tasks.one(id);
        if (task.ready) return resultOf(task, id);
        say(task.progress);
      } catch (error) {
        // The server was away, not the task.
        if (!(error instanceof ApiError) || error.status !== 0 || error.code === 'task_cancelled') throw error;
      }
      await change;
    }
  } finally {
    told.stop();
  }
}
