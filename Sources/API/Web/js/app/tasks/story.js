/** What happened to a task, whom it belongs to, and how it is started again. */
import { datetime, duration, json, text, toDate, words } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { tasks } from '../../net/tasks.js';
import { Empty } from '../../ui/atoms.js';
import { Icon, icon } from '../../ui/icon.js';
import { Button, Group, h, JsonInput, Modal, Stack, useState } from '../../ui/kit.js';
import { complain, notify } from '../../ui/notify.js';
import { go } from '../router.js';
import { Panel } from '../parts.js';
import { State, TaskLink } from './frame.js';

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
            Object.entries(more).map(([key, value]) => `${words(key)}: ${text(value)}`).join(' · '),
          ),
      );
    }),
  );
}

/** Who started it and whom it started, as a line of cards. @param {{task: any}} props */
export function Family({ task }) {
  const [parents, children] = [task.parents ?? [], task.children ?? []];
  if (!parents.length && !children.length) return null;
  const card = (/** @type {any} */ one, /** @type {number} */ key) =>
    h(
      'li',
      { key, className: 'relative' },
      h('span', { className: 'dim' }, text(one.relation)),
      h(TaskLink, { task: one }),
      one.state && h(State, { state: one.state }),
    );
  return h(
    Panel,
    { title: 'Family', icon: 'git-fork' },
    h(
      'div',
      { className: 'family' },
      parents.length > 0 && h('ul', { 'aria-label': 'Parents' }, ...parents.slice(0, 50).map(card)),
      parents.length > 0 && h(Icon, { name: 'arrow-right', size: 20 }),
      h(
        'div',
        { className: 'relative self', 'aria-current': true },
        h('strong', {}, text(task.name ?? 'This task')),
        h(State, { state: task.state }),
      ),
      children.length > 0 && h(Icon, { name: 'arrow-right', size: 20 }),
      children.length > 0 && h('ul', { 'aria-label': 'Children' }, ...children.slice(0, 100).map(card)),
    ),
  );
}

/** Starts it again, with other arguments if wanted. @param {{task: any}} props */
export function Again({ task }) {
  const [opened, setOpened] = useState(false);
  const [args, setArgs] = useState('');
  const [kwargs, setKwargs] = useState('');
  const open = () => {
    setArgs(json(task.args ?? [], 2));
    setKwargs(json(task.kwargs ?? {}, 2));
    setOpened(true);
  };
  const send = async () => {
    try {
      const changes = { args: JSON.parse(args), kwargs: JSON.parse(kwargs) };
      if (!Array.isArray(changes.args) || !isObject(changes.kwargs)) {
        throw new Error('Arguments are a list, named arguments an object.');
      }
      const answer = await tasks.again(task.task_id, changes);
      setOpened(false);
      notify({ title: 'Started again' });
      if (answer.task_id) go(`/tasks/id/${encodeURIComponent(answer.task_id)}`);
    } catch (error) {
      complain('Not started', error);
    }
  };
  return h(
    'span',
    {},
    Button({ variant: 'default', leftSection: icon('rotate-ccw', 16), onClick: open }, 'Run again'),
    Modal(
      { opened, onChange: setOpened, title: 'Run it again', size: 'lg' },
      Stack(
        { gap: 'md' },
        h('p', { className: 'dim' }, 'A new task with a new id. This one stays as it is.'),
        JsonInput({
          label: 'Arguments',
          value: args,
          onChange: setArgs,
          autosize: true,
          minRows: 3,
          maxRows: 14,
          formatOnBlur: true,
        }),
        JsonInput({
          label: 'Named arguments',
          value: kwargs,
          onChange: setKwargs,
          autosize: true,
          minRows: 3,
          maxRows: 14,
          formatOnBlur: true,
        }),
        Group(
          { justify: 'flex-end' },
          Button({ variant: 'default', onClick: () => setOpened(false) }, 'Cancel'),
          Button({ onClick: send }, 'Start'),
        ),
      ),
    ),
  );
}
