/** What happened to a task: its steps, its attempts, and whom it belongs to. */
import { attemptsOf } from '../../core/attempts.js';
import { datetime, duration, number, text, toDate, words } from '../../core/format.js';
import { paths } from '../../net/tasks.js';
import { Empty } from '../../ui/atoms.js';
import { h } from '../../ui/kit.js';
import { Grid, Panel, useApi } from '../parts.js';
import { State, TaskLink } from './frame.js';

/** A moment of the server's as people write it, all else as it is. @param {unknown} value */
const said = (value) => (/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text(value)) ? datetime(value) : text(value));
/** What a step's members are called, where their own name says too little. */
const NAMES = /** @type {Record<string, string>} */ ({ eta: 'Not before' });

/** @param {{task: any}} props */
export function Timeline({ task }) {
  const steps = Array.isArray(task.timeline) ? task.timeline : [];
  if (!steps.length) return h(Empty, { icon: 'clock', title: 'Nothing has been written down' });
  const before = (/** @type {number} */ index) => toDate(steps[index - 1]?.at)?.getTime();
  return h(
    'ol',
    { className: 'timeline' },
    ...steps.map((/** @type {any} */ step, /** @type {number} */ index) => {
      const { at, what, ...more } = step;
      const since = before(index) === undefined
        ? undefined
        : ((toDate(at)?.getTime() ?? 0) - (before(index) ?? 0)) / 1000;
      const tone = {
        success: 'teal',
        failure: 'red',
        retry: 'orange',
        started: 'blue',
        revoked: 'gray',
        cancelled: 'gray',
      }[text(what)] ?? 'indigo';
      return h(
        'li',
        { key: index, className: `tone-${tone}` },
        h('span', { className: 'timeline-mark', 'aria-hidden': true }),
        h('span', { className: 'timeline-title' }, words(what)),
        h('time', { className: 'dim' }, datetime(at), since === undefined ? '' : `, after ${duration(since)}`),
        Object.keys(more).length > 0 &&
          h(
            'p',
            { className: 'dim prose' },
            Object.entries(more).map(([key, value]) => `${NAMES[key] ?? words(key)}: ${said(value)}`).join(' · '),
          ),
      );
    }),
  );
}

/** Each time it was tried. @param {{task: any}} props */
export function Attempts({ task }) {
  const list = attemptsOf(Array.isArray(task.timeline) ? task.timeline : []);
  if (!list.length) return null;
  return h(
    Panel,
    { title: 'Attempts', icon: 'repeat', note: number(list.length), flush: true },
    h(Grid, {
      label: 'Attempts',
      heads: ['Attempt', 'Began', 'Worker', 'Took', 'Ended', 'Error'],
      keys: list.map((one) => text(one.number)),
      rows: list.map((one) => [
        number(one.number),
        datetime(one.at),
        one.worker || '–',
        one.seconds === undefined ? '–' : duration(one.seconds),
        h(State, { state: one.end || (task.ready ? task.state : 'started') }),
        one.error ? h('span', { className: 'cell-error', title: one.error }, one.error) : '',
      ]),
    }),
  );
}

/** Relatives that are looked up by name; of more of them the ids are shown. */
const NAMED = 24;
/** @param {{one: any, isNamed: boolean}} props */
function Relative({ one, isNamed }) {
  const source = useApi(!one.name && isNamed ? paths.task(text(one.task_id)) : undefined, 0);
  const known = { ...one, name: one.name ?? source.data?.name, state: one.state ?? source.data?.state };
  return h(
    'li',
    { className: 'relative' },
    h('span', { className: 'dim' }, text(one.relation)),
    h(TaskLink, { task: known }),
    known.state && h(State, { state: known.state }),
  );
}

/** Who started it and whom it started, as a graph that goes from left to right. @param {{task: any}} props */
export function Family({ task }) {
  const [parents, children] = [task.parents ?? [], task.children ?? []];
  if (!parents.length && !children.length) return null;
  const side = (/** @type {string} */ label, /** @type {any[]} */ list, /** @type {string} */ place) =>
    list.length > 0 && h(
      'ul',
      { 'aria-label': label, className: `kin ${place}` },
      ...list.slice(0, 100).map((one, index) =>
        h(Relative, { key: text(one.task_id) + index, one, isNamed: index < NAMED })
      ),
    );
  return h(
    Panel,
    { title: 'Family', icon: 'git-fork', note: `${parents.length + children.length} relatives` },
    h(
      'div',
      { className: 'family', tabIndex: 0, role: 'group', 'aria-label': 'Family' },
      side('Parents', parents, 'before'),
      h(
        'div',
        { className: 'relative self', 'aria-current': true },
        h('strong', {}, text(task.name ?? 'This task')),
        h(State, { state: task.state }),
      ),
      side('Children', children, 'after'),
    ),
  );
}
