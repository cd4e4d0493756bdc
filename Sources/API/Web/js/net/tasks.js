/** The REST interface of tasks, queues, workers, schedules and dead letters. */
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

export const tasks = {
  /** @param {string} path */
  get: (path) => poll(path),
  /** @param {string} id */
  one: (id) => poll(paths.task(id)),
  /** @param {string} id */
  cancel: (id) => request('DELETE', of('tasks', id)),
  /** @param {string} id @param {object} changes */
  again: (id, changes) => request('POST', of('tasks', id, 'replay'), changes),
  /** @param {string} name @param {boolean} on */
  pause: (name, on) => request('POST', of('queues', name, on ? 'pause' : 'resume'), {}),
  /** @param {string} name */
  purge: (name) => request('POST', of('queues', name, 'purge'), { confirm: name }),
  /** @param {string} name @param {'quiet' | 'stop'} verb */
  worker: (name, verb) => request('POST', of('workers', name, verb), {}),
  /** @param {string} name @param {string[]} queues */
  takeAgain: (name, queues) => request('POST', of('workers', name, 'resume'), { queues }),
  /** @param {number} id @param {object} changes */
  changeSchedule: (id, changes) => request('PATCH', of('schedules', String(id)), changes),
  /** @param {object} schedule */
  addSchedule: (schedule) => request('POST', paths.schedules, schedule),
  /** @param {number} id */
  dropSchedule: (id) => request('DELETE', of('schedules', String(id))),
  /** @param {number} id */
  runSchedule: (id) => request('POST', of('schedules', String(id), 'run'), {}),
  /** @param {object} schedule */
  preview: (schedule) => request('POST', '/api/schedules/preview/', { schedule, count: 8 }),
  /** @param {object} which */
  replay: (which) => request('POST', '/api/dead/replay/', which),
  /** One of them, as it is or mended. @param {string} id @param {{args?: any[], kwargs?: object}} changes */
  replayLetter: (id, changes) => request('POST', of('dead', id, 'replay'), changes),
  /** @param {object} which */
  discard: (which) => request('POST', '/api/dead/discard/', which),
};
