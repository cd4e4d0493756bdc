/** The REST interface of tasks, queues, workers, schedules and dead letters, and who wants to know what was changed by it. */
import { poll, request } from './api.js';

const of = (/** @type {string} */ what, /** @type {string} */ id, verb = '') =>
  `/api/${what}/${encodeURIComponent(id)}/${verb && `${verb}/`}`;

/** A search without what is empty. @param {string} path @param {Record<string, unknown>} query */
export function withQuery(path, query) {
  const asked = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '');
  const words = new URLSearchParams(asked.map(([key, value]) => [key, String(value)]));
  // A space as forms write it, "+", is a plus to servers that are no forms' readers.
  return asked.length ? `${path}?${String(words).replaceAll('+', '%20')}` : path;
}

export const paths = {
  summary: '/api/tasks/summary/',
  queues: '/api/queues/',
  workers: '/api/workers/',
  schedules: '/api/schedules/',
  dead: '/api/dead/',
  /** @param {Record<string, unknown>} query */
  tasks: (query) => withQuery('/api/tasks/', query),
  /** @param {string} id */
  task: (id) => of('tasks', id),
  /** @param {string} id */
  logs: (id) => of('tasks', id, 'logs'),
  /** @param {string} id */
  explain: (id) => of('tasks', id, 'explain'),
  /** @param {string} name */
  queue: (name) => of('queues', name),
  /** @param {string} name */
  worker: (name) => of('workers', name),
  /** @param {number} id @param {number} count */
  firings: (id, count) => `${of('schedules', String(id), 'next')}?count=${count}`,
  /** @param {string} id */
  letter: (id) => of('dead', id),
};

const TASKS = ['tasks', 'queues', 'workers'];
const listeners = /** @type {Set<(changed: any[]) => void>} */ (new Set());

/** Calls back with the kinds of lists that something done here has changed. @param {(changed: any[]) => void} listener */
export function onDone(listener) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** @param {string[]} kinds @param {string} method @param {string} path @param {object} [body] */
async function change(kinds, method, path, body) {
  try {
    return await request(method, path, body);
  } finally {
    // What failed may have been done all the same, by a server whose answer was lost.
    for (const listener of [...listeners]) listener(kinds);
  }
}

export const tasks = {
  /** @param {string} path */
  get: (path) => poll(path),
  /** @param {string} id */
  one: (id) => poll(paths.task(id)),
  /** @param {string} id */
  cancel: (id) => change(TASKS, 'DELETE', of('tasks', id)),
  /** @param {string} id @param {object} changes */
  again: (id, changes) => change(TASKS, 'POST', of('tasks', id, 'replay'), changes),
  /** @param {string} name @param {boolean} on */
  pause: (name, on) => change(['queues'], 'POST', of('queues', name, on ? 'pause' : 'resume'), {}),
  /** @param {string} name */
  purge: (name) => change(TASKS, 'POST', of('queues', name, 'purge'), { confirm: name }),
  /** @param {string} name @param {'quiet' | 'stop'} verb */
  worker: (name, verb) => change(TASKS, 'POST', of('workers', name, verb), {}),
  /** @param {string} name @param {string[]} queues */
  takeAgain: (name, queues) => change(TASKS, 'POST', of('workers', name, 'resume'), { queues }),
  /** @param {number} id @param {object} changes */
  changeSchedule: (id, changes) => change(['schedules'], 'PATCH', of('schedules', String(id)), changes),
  /** @param {object} schedule */
  addSchedule: (schedule) => change(['schedules'], 'POST', paths.schedules, schedule),
  /** @param {number} id */
  dropSchedule: (id) => change(['schedules'], 'DELETE', of('schedules', String(id))),
  /** @param {number} id */
  runSchedule: (id) => change(['schedules', 'tasks'], 'POST', of('schedules', String(id), 'run'), {}),
  /** @param {object} schedule */
  preview: (schedule) => request('POST', '/api/schedules/preview/', { schedule, count: 8 }),
  /** How many it would be, and how long it takes. @param {object} which */
  replayable: (which) => request('POST', '/api/dead/replay/', { ...which, dry_run: true }),
  /** @param {object} which */
  replay: (which) => change(['dead', ...TASKS], 'POST', '/api/dead/replay/', which),
  /** One of them, as it is or mended. @param {string} id @param {{args?: any[], kwargs?: object}} changes */
  replayLetter: (id, changes) => change(['dead', ...TASKS], 'POST', of('dead', id, 'replay'), changes),
  /** @param {object} which */
  discard: (which) => change(['dead'], 'POST', '/api/dead/discard/', which),
};
