/**
 * The components that authors can use: what each is for, the options it takes, an example. The playground shows them,
 * and validation knows from here what exists.
 *
 * @typedef {{about: string, options: string, example: any}} Entry
 */
import { roots } from '../template.js';
import { actions, INPUT_EXAMPLES } from './actions.js';
import { data } from './data.js';
import { layout } from './layout.js';
import { words } from './words.js';

/** Options of every node. */
export const COMMON =
  'type id children title label description icon color source dataSource params path span gap className note ' +
  'visible visibleWhen visible_when when showIf show_if hidden hiddenWhen hidden_when hideIf hide_if';

/** Data that the examples show. */
export const SAMPLES = /** @type {Record<string, any>} */ ({
  rows: {
    type: 'static',
    data: ['Ingest', 'Guide', 'Logos', 'Search', 'Backup', 'Mail'].map((name, index) => ({
      id: index + 1,
      name,
      status: index % 4 === 2 ? 'down' : 'up',
      load: (index * 37 + 20) % 100,
      seen: 1800000000 + index * 600,
      note: `Worker ${index + 1} of 6`,
    })),
  },
  metrics: { type: 'static', data: { up: 5, down: 1, load: 0.42 } },
  shares: {
    type: 'static',
    data: [['News', 40], ['Sport', 25], ['Films', 20], ['Music', 15]].map(([label, value]) => ({ label, value })),
  },
  series: {
    type: 'static',
    data: Array.from(
      { length: 24 },
      (_, hour) => ({
        time: `${String(hour).padStart(2, '0')}:00`,
        up: Math.round(50 + 30 * Math.sin(hour / 3)),
        down: Math.round(20 + 12 * Math.cos(hour / 2)),
        kind: ['a', 'b', 'c'][hour % 3],
      }),
    ),
  },
  lines: {
    type: 'static',
    data: [{ level: 'info', message: 'Started' }, { level: 'warning', message: 'Slow answer' }, {
      level: 'error',
      message: 'Gave up',
    }],
  },
});

export const FAMILIES = [
  { id: 'layout', label: 'Layout', entries: layout },
  { id: 'words', label: 'Words and pictures', entries: words },
  { id: 'data', label: 'Data, charts, live', entries: data },
  {
    id: 'actions',
    label: 'Actions and forms',
    entries: {
      ...actions,
      inputs: {
        about: 'Every type of input.',
        options: '',
        example: { type: 'form', title: 'Inputs', action: 'send', fields: INPUT_EXAMPLES },
      },
    },
  },
];

/** @type {Record<string, Entry>} */
export const LIBRARY = Object.assign({}, ...FAMILIES.map((family) => family.entries));

/** An example as a whole page: with the data sources that it names. @param {any} node */
export function pageOf(node) {
  const named = new Set(roots(node));
  const walk = (/** @type {any} */ at) => {
    if (typeof at !== 'object' || at === null) return;
    if (typeof at.source === 'string') named.add(at.source);
    Object.values(at).forEach(walk);
  };
  walk(node);
  const used = Object.entries(SAMPLES).filter(([id]) => named.has(id));
  return { version: 1, layout: node, ...(used.length ? { dataSources: Object.fromEntries(used) } : {}) };
}
