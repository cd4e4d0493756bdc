/** Which of the tasks' pages an address names. */
import { h } from '../../ui/kit.js';
import { Dead } from './dead.js';
import { History } from './history.js';
import { Overview } from './overview.js';
import { Schedules } from './schedules.js';
import { Task } from './task.js';

/** @param {{part?: string, id?: string}} props */
export default function TasksPages({ part, id }) {
  if (part === 'id' && id) return h(Task, { key: id, id });
  if (part === 'history') return h(History);
  if (part === 'schedules') return h(Schedules);
  if (part === 'dead') return h(Dead);
  return h(Overview);
}
