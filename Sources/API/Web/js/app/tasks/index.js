/** Which of the tasks' pages an address names. */
import { h } from '../../ui/kit.js';
import { later } from '../later.js';

const Overview = later(() => import('./overview.js'), 'Overview');
const History = later(() => import('./history.js'), 'History');
const Schedules = later(() => import('./schedules.js'), 'Schedules');
const Dead = later(() => import('./dead.js'), 'Dead');
const Task = later(() => import('./task.js'), 'Task');

/** @param {{part?: string, id?: string}} props */
export default function TasksPages({ part, id }) {
  if (part === 'id' && id) return h(Task, { key: id, id });
  if (part === 'history') return h(History);
  if (part === 'schedules') return h(Schedules);
  if (part === 'dead') return h(Dead);
  return h(Overview);
}
