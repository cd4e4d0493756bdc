/** One task: what it was asked, where it stands and why, what it said, what came of it, and what belongs to it. */
import { duration, json, text, toDate, words } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { paths, tasks } from '../../net/tasks.js';
import { pending, Problem } from '../../ui/atoms.js';
import { h, SimpleGrid, Stack, useEffect } from '../../ui/kit.js';
import { CodeBlock } from '../../components/content/code.js';
import { useLive } from '../live.js';
import { Bar, Do, Panel, When } from '../parts.js';
import { Again } from './again.js';
import { Frame, shareOf, State } from './frame.js';
import { TaskLog } from './log.js';
import { useReport } from './reports.js';
import { Attempts, Family, Timeline } from './story.js';

/** @param {{rows: [string, any][]}} props */
const Facts = ({ rows }) =>
  h(
    'dl',
    { className: 'details' },
    ...rows.filter(([, value]) => value !== undefined && value !== null && value !== '').flatMap((
      [name, value],
    ) => [h('dt', { key: `t${name}` }, name), h('dd', { key: name }, value)]),
  );

/** Why it does not run yet, in words. @param {{id: string}} props */
function Explain({ id }) {
  const source = useLive(paths.explain(id), ['tasks', 'queues', 'workers']);
  const said = source.data;
  if (!said?.summary) return null;
  return h(
    Panel,
    { title: 'Where it stands', icon: 'circle-help', note: text(said.place) },
    h('p', {}, text(said.summary)),
    said.advice && h('p', { className: 'dim' }, text(said.advice)),
    isObject(said.facts) && Object.keys(said.facts).length > 0 &&
      h(
        'div',
        { className: 'facts' },
        h(Facts, { rows: Object.entries(said.facts).map(([key, value]) => [words(key), text(value)]) }),
      ),
  );
}

/** @param {{id: string}} props */
export function Task({ id }) {
  const source = useLive(paths.task(id), ['tasks']);
  const isOpen = Boolean(source.data && !source.data.ready);
  const said = useReport(id, isOpen, () => source.refresh());
  const task = said && isOpen ? { ...source.data, progress: said.progress } : source.data;
  const isChanged = Boolean(said?.state && said.state !== source.data?.state);
  useEffect(() => {
    if (isChanged) source.refresh();
  }, [isChanged, said?.state]);
  if (!task) return h(Frame, { at: '', title: 'Task', crumb: id }, h('div', { className: 'panel' }, pending(source)));
  const took = task.started_at && task.finished_at
    ? ((toDate(task.finished_at)?.getTime() ?? 0) - (toDate(task.started_at)?.getTime() ?? 0)) / 1000
    : undefined;
  const share = shareOf(task.progress);
  return h(
    Frame,
    {
      at: '',
      title: text(task.name ?? 'Task'),
      crumb: id,
      about: h(
        'span',
        { className: 'task-head' },
        h(State, { state: task.state }),
        text(task.about),
        task.cancelled_at && !task.ready && h('span', {}, 'cancellation asked for'),
      ),
      tools: h(
        'div',
        { className: 'page-tools' },
        h(Again, { task }),
        !task.ready && h(Do, {
          label: 'Cancel',
          icon: 'ban',
          tone: 'red',
          question: {
            title: 'Cancel this task?',
            message: 'It does not start any more; if it runs, it is told to stop.',
            confirmLabel: 'Cancel it',
            cancelLabel: 'Let it be',
            color: 'red',
          },
          run: () => tasks.cancel(id),
          done: 'Cancelled',
          after: () => source.refresh(),
        }),
      ),
    },
    Stack(
      { gap: 'md' },
      task.error && h(Problem, { title: text(task.exception ?? 'It failed'), message: text(task.error) }),
      task.traceback &&
        h(
          Panel,
          { title: 'Traceback', icon: 'bug' },
          h(CodeBlock, { words: text(task.traceback), node: { wrap: false } }),
        ),
      share !== undefined && !task.ready &&
        h(
          Panel,
          { title: 'Progress', icon: 'loader', note: text(task.progress?.message) },
          h(Bar, { percent: share, label: 'Progress' }),
        ),
      !task.ready && h(Explain, { id }),
      SimpleGrid(
        { cols: { base: 1, md: 2 }, spacing: 'md' },
        h(
          Panel,
          { title: 'Facts', icon: 'info' },
          h(Facts, {
            rows: [
              ['Id', h('code', {}, id)],
              ['Queue', text(task.queue)],
              ['Priority', text(task.priority)],
              ['Plugin', text(task.plugin)],
              ['Schedule', text(task.schedule)],
              ['Sent by', text(task.origin)],
              ['Retries', text(task.retries)],
              ['Not before', task.eta && h(When, { at: task.eta })],
              ['Accepted', task.accepted_at && h(When, { at: task.accepted_at })],
              ['Ran for', took === undefined ? undefined : duration(took)],
            ],
          }),
        ),
        h(Panel, { title: 'Timeline', icon: 'clock' }, h(Timeline, { task })),
      ),
      h(Attempts, { task }),
      h(Family, { task }),
      h(TaskLog, { id, ready: Boolean(task.ready) }),
      SimpleGrid(
        { cols: { base: 1, md: task.args !== undefined && task.result !== undefined ? 2 : 1 }, spacing: 'md' },
        task.args !== undefined &&
          h(
            Panel,
            { title: 'Arguments', icon: 'braces' },
            h(CodeBlock, { words: json({ args: task.args, kwargs: task.kwargs }, 2), node: {} }),
          ),
        task.result !== undefined &&
          h(
            Panel,
            { title: 'Result', icon: 'package-check' },
            h(CodeBlock, { words: typeof task.result === 'string' ? task.result : json(task.result, 2), node: {} }),
          ),
      ),
    ),
  );
}
