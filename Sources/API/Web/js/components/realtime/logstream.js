/** `logStream`: lines that arrive, newest at the bottom; follows them unless the reader scrolled up or paused. */
import { matches } from '../../core/events.js';
import { text } from '../../core/format.js';
import { entriesOf, linesOf, newLine } from '../../core/log.js';
import { get } from '../../core/path.js';
import { rowsOf } from '../../core/query.js';
import { isLazy } from '../../core/source.js';
import { log } from '../../net/eventlog.js';
import { register } from '../../render/registry.js';
import { useResolved, useRuntime, useSource } from '../../render/runtime.js';
import { pending } from '../../ui/atoms.js';
import { useStore } from '../../ui/hooks.js';
import { h, useMemo, useRef } from '../../ui/kit.js';
import { pixels } from '../layout/options.js';
import { LogView } from './logview.js';

const DEFAULT_LIMIT = 200;
const LARGEST_LIMIT = 5000;

/** The lines a source's data holds, at `path` or where the path ends. @param {any} data @param {string | undefined} path @returns {any[]} */
export function stored(data, path) {
  const last = path?.split('.').pop() ?? '';
  const at = path ? get(data, path) ?? get(data, last) : data;
  if (at !== undefined && at !== data) return entriesOf(at);
  if (path && rowsOf(data).length) {
    const within = rowsOf(data).flatMap((row) => entriesOf(get(row, path) ?? get(row, last)));
    // Rows that an append subscription has collected are the lines themselves.
    return within.length || !Array.isArray(data) ? within : data;
  }
  return path ? [] : rowsOf(data).length ? rowsOf(data) : entriesOf(typeof data === 'string' ? data : undefined);
}

/** Data that has lines, even none yet, is fetched again when an event comes; adding the event's would show them twice. @param {any} data @param {string | undefined} path */
const holdsLines = (data, path) =>
  stored(data, path).length > 0 || (path !== undefined && get(data, path) !== undefined);

/** Lines that events of this source bring, for a source whose own data holds none. @param {any} spec @param {string | undefined} path @param {string} plugin @param {number} limit */
function useArriving(spec, path, plugin, limit) {
  const recent = useStore(log);
  const known = useMemo(() => new WeakMap(), [path]);
  return useMemo(() => {
    if (spec.subscribe?.mode === 'append') return []; // The source itself appends; counting twice would show every line twice.
    const wanted = spec.subscribe ?? { event: 'plugin_event' };
    /** @param {any} event */
    const linesIn = (event) => {
      const { data, at } = event;
      if (!known.has(event)) {
        const entries = entriesOf(path ? get(data, path) ?? get(data.payload, path) : data.payload);
        known.set(event, entries.map((one) => newLine(one, new Date(at))));
      }
      return known.get(event);
    };
    return recent.filter((/** @type {any} */ { data }) => matches(wanted, data, plugin)).flatMap(linesIn).slice(-limit);
  }, [recent, spec, path, plugin, limit, known]);
}

/** @param {{node: any}} props */
function LogStream({ node }) {
  const { plugin } = useRuntime();
  const source = useSource(node);
  const limit = Math.min(LARGEST_LIMIT, Math.max(1, Number(node.limit) || DEFAULT_LIMIT));
  const path = typeof node.path === 'string' ? node.path : undefined;
  const arriving = useArriving(source.spec, path, plugin.key, limit);
  const title = text(useResolved(node.title ?? node.label ?? 'Log'));
  const own = useResolved(node.lines ?? node.value);
  // Words instead of lines are what is said until there are some.
  const until = typeof source.data === 'string' && source.data === source.spec.default ? source.data : undefined;
  const before = useRef(/** @type {import('../../core/log.js').Lines} */ ({ entries: [], lines: [] }));
  const lines = useMemo(() => {
    const entries = own !== undefined
      ? entriesOf(own)
      : until === undefined && holdsLines(source.data, path)
      ? stored(source.data, path)
      : undefined;
    if (!entries) return arriving;
    before.current = linesOf(entries.slice(-limit), before.current);
    return before.current.lines;
  }, [own, source.data, until, path, arriving, limit]);
  const blank = pending(source, {
    lines: 4,
    empty: isLazy(source.spec) && !source.updated && !lines.length,
    title: until ?? 'Not read yet',
  }) ?? text(until ?? node.emptyText ?? node.defaultText ?? 'Waiting for lines…');
  return h(LogView, {
    title,
    icon: node.icon,
    lines,
    blank,
    height: pixels(node.height, 340, 100, 1000),
    name: `${plugin.key}.log`,
  });
}
register(['logStream', 'log', 'logs'], LogStream);
