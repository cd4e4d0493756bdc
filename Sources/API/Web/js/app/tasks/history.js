/** All tasks that were accepted, newest first: searched, filtered, page after page. */
import { compact, number, text, words as asWords } from '../../core/format.js';
import { optionsOf } from '../../core/schema.js';
import { paths, tasks } from '../../net/tasks.js';
import { Empty, pending, Problem } from '../../ui/atoms.js';
import { icon } from '../../ui/icon.js';
import { Button, h, Select, TextInput, useEffect, useMemo, useState } from '../../ui/kit.js';
import { go, search } from '../router.js';
import { useStore } from '../../ui/hooks.js';
import { useLive } from '../live.js';
import { Moment } from '../moment.js';
import { Grid, Panel, When } from '../parts.js';
import { Frame, State, TaskName, toneOf, Took } from './frame.js';

const STATES = ['PENDING', 'STARTED', 'RETRY', 'SUCCESS', 'FAILURE', 'REVOKED'];
const FILTERS = ['state', 'name', 'queue', 'plugin', 'schedule', 'search', 'since', 'until'];
/** The server searches for three letters or more. */
const SHORTEST = 3;

/** @param {{label: string, values: string[], value: string | null, onChange: (value: string | null) => void}} props */
function Choice({ label, values, value, onChange }) {
  const data = useMemo(() => optionsOf([...new Set([...values, ...(value ? [value] : [])])]), [
    values.join('\n'),
    value,
  ]);
  return Select({
    data,
    value,
    onChange,
    placeholder: label,
    'aria-label': label,
    size: 'sm',
    clearable: true,
    searchable: data.length > 8,
    className: 'history-choice',
    clearButtonProps: { 'aria-label': `Any ${label.toLowerCase()}` },
  });
}

/** How many there are in each state, and which are listed. @param {{counts: Record<string, number>, value: string | null, onChange: (state: string | null) => void}} props */
const States = ({ counts, value, onChange }) =>
  h(
    'div',
    { className: 'state-chips', role: 'group', 'aria-label': 'State' },
    ...[null, ...STATES].map((state) => {
      const count = state ? counts[state] ?? 0 : Object.values(counts).reduce((sum, one) => sum + Number(one), 0);
      return h(
        'button',
        {
          key: text(state),
          type: 'button',
          className: `state-chip tone-${state ? toneOf(state) : 'indigo'}`,
          'aria-pressed': value === state,
          onClick: () => onChange(value === state ? null : state),
        },
        state && h('span', { className: 'dot', 'aria-hidden': true }),
        state ? asWords(state) : 'All',
        h('span', { className: 'state-count', title: number(count) }, compact(count)),
      );
    }),
  );

/** Pages after the first one. @param {string} first the first page's address @param {Record<string, string>} query */
function useMore(first, query) {
  const [more, setMore] = useState(/** @type {{tasks: any[], next: any, error?: any} | undefined} */ (undefined));
  useEffect(() => setMore(undefined), [first]);
  const load = async (/** @type {any} */ cursor) => {
    try {
      const page = await tasks.get(paths.tasks({ ...query, limit: 50, cursor }));
      setMore((/** @type {any} */ now) => ({ tasks: [...(now?.tasks ?? []), ...(page.tasks ?? [])], next: page.next }));
    } catch (error) {
      setMore((/** @type {any} */ now) => ({ tasks: now?.tasks ?? [], next: cursor, error }));
    }
  };
  return { more, load };
}

export function History() {
  const asked = new URLSearchParams(useStore(search));
  const query = /** @type {Record<string, string>} */ (Object.fromEntries(
    FILTERS.map((key) => [key, asked.get(key) ?? '']).filter(([, value]) => value),
  ));
  const [words, setWords] = useState(query.search ?? '');
  const address = paths.tasks({ ...query, limit: 50 });
  const source = useLive(address, ['tasks']);
  const facets = useLive(paths.summary, ['tasks'], 10);
  const { more, load } = useMore(address, query);
  const filter = (/** @type {string} */ key, /** @type {string | null} */ value) => {
    const next = new URLSearchParams({ ...query, [key]: value ?? '' });
    for (const name of FILTERS) if (!next.get(name)) next.delete(name);
    go(`/tasks/history${String(next) ? `?${next}` : ''}`);
  };
  useEffect(() => {
    const wanted = words.trim();
    if (wanted === (query.search ?? '') || (wanted && wanted.length < SHORTEST)) return undefined;
    const timer = setTimeout(() => filter('search', wanted), 350);
    return () => clearTimeout(timer);
  }, [words]);
  // The live first page, then what was asked for; a task that moved on is shown once.
  const first = source.data?.tasks ?? [];
  const seen = new Set(first.map((/** @type {any} */ one) => one.task_id));
  const list = [...first, ...(more?.tasks ?? []).filter((one) => !seen.has(one.task_id))];
  const next = more ? more.next : source.data?.next;
  const choices = facets.data ?? {};
  return h(
    Frame,
    { at: '/tasks/history', title: 'History', about: 'Tasks that were accepted here, newest first.' },
    h(
      Panel,
      {
        title: 'Tasks',
        icon: 'history',
        flush: true,
        tools: h(
          'div',
          { className: 'history-filters' },
          TextInput({
            value: words,
            onChange: setWords,
            size: 'sm',
            'aria-label': 'Search tasks',
            placeholder: 'Name, subject, arguments',
            leftSection: icon('search', 15),
            error: words.trim() && words.trim().length < SHORTEST ? 'Three letters or more' : undefined,
          }),
          h(Choice, {
            label: 'Name',
            values: (choices.names ?? []).map(text),
            value: query.name ?? null,
            onChange: (value) => filter('name', value),
          }),
          h(Choice, {
            label: 'Queue',
            values: (choices.queues ?? []).map(text),
            value: query.queue ?? null,
            onChange: (value) => filter('queue', value),
          }),
          (choices.plugins ?? []).length > 0 &&
            h(Choice, {
              label: 'Plugin',
              values: choices.plugins.map(text),
              value: query.plugin ?? null,
              onChange: (value) => filter('plugin', value),
            }),
          ((choices.schedules ?? []).length > 0 || query.schedule) &&
            h(Choice, {
              label: 'Schedule',
              values: (choices.schedules ?? []).map(text),
              value: query.schedule ?? null,
              onChange: (value) => filter('schedule', value),
            }),
          h(Moment, { label: 'Accepted since', value: query.since, onChange: (value) => filter('since', value) }),
          h(Moment, { label: 'Accepted before', value: query.until, onChange: (value) => filter('until', value) }),
        ),
      },
      h(States, {
        counts: choices.states ?? {},
        value: query.state ?? null,
        onChange: (value) => filter('state', value),
      }),
      pending(source) ?? (list.length
        ? h(Grid, {
          label: 'Tasks',
          heads: ['Task', 'State', 'Queue', 'Accepted', 'Took', 'Error'],
          keys: list.map((one) => one.task_id),
          rows: list.map((one) => [
            h(TaskName, { task: one }),
            h(State, { state: one.state }),
            text(one.queue),
            h(When, { at: one.accepted_at ?? one.at }),
            h(Took, { task: one }),
            one.error ? h('span', { className: 'cell-error', title: text(one.error) }, text(one.error)) : '',
          ]),
        })
        : h(Empty, {
          icon: 'search-x',
          title: Object.keys(query).length ? 'No task matches' : 'No task has been accepted yet',
        }, Object.keys(query).length ? 'Change the search or choose another state to see others.' : '')),
      more?.error && h(Problem, { message: text(more.error.message) }),
      next &&
        h(
          'div',
          { className: 'more' },
          Button({ variant: 'default', size: 'xs', onClick: () => load(next) }, 'Older tasks'),
        ),
    ),
  );
}
