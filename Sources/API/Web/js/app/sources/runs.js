/** What became of a source's latest refreshes. */
import { text } from '../../core/format.js';
import { paths } from '../../net/tasks.js';
import { pending } from '../../ui/atoms.js';
import { h } from '../../ui/kit.js';
import { useLive } from '../live.js';
import { When } from '../parts.js';
import { Link } from '../router.js';
import { State, Took } from '../tasks/frame.js';

/** How many are shown, and among how many they are looked for: “guide 1” is found in “guide 12” too. */
const [SHOWN, LOOKED_AT] = [5, 50];

/** @param {{source: any}} props */
export function Runs({ source }) {
  const asked = useLive(paths.tasks({ search: source.about, limit: LOOKED_AT }), ['tasks'], 20);
  const found = (asked.data?.tasks ?? []).filter((/** @type {any} */ task) => task.about === source.about);
  return h(
    'div',
    { className: 'source-runs' },
    pending(asked, { lines: 2, empty: found.length === 0, title: 'Not refreshed yet' }) ?? h(
      'ul',
      { 'aria-label': `Refreshes of ${source.name}` },
      ...found.slice(0, SHOWN).map((/** @type {any} */ task) =>
        h(
          'li',
          { key: task.task_id },
          h(
            Link,
            { to: `/tasks/id/${encodeURIComponent(task.task_id)}`, className: 'link', 'aria-label': 'Look at this task' },
            h(When, { at: task.accepted_at }),
          ),
          h(State, { state: task.state }),
          h(Took, { task }),
          task.error && h('span', { className: 'cell-error', title: text(task.error) }, text(task.error)),
        )
      ),
    ),
    h(
      Link,
      {
        to: `/tasks/history?search=${encodeURIComponent(source.about)}`,
        className: 'link',
        'aria-label': `All tasks of ${source.name}`,
      },
      'All of its tasks',
    ),
  );
}
