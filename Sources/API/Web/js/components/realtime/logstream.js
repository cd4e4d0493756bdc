/** `logStream`: lines that arrive, newest at the bottom; follows them unless the reader scrolled up or paused. */
import { matches } from '../../core/events.js';
import { text, time } from '../../core/format.js';
import { entriesOf, lineOf } from '../../core/log.js';
import { get } from '../../core/path.js';
import { rowsOf } from '../../core/query.js';
import { log } from '../../net/eventlog.js';
import { register } from '../../render/registry.js';
import { useResolved, useRuntime, useSource } from '../../render/runtime.js';
import { Heading, IconButton, pending } from '../../ui/atoms.js';
import { useStore } from '../../ui/hooks.js';
import { icon } from '../../ui/icon.js';
import { h, TextInput, useEffect, useMemo, useRef, useState } from '../../ui/kit.js';

const DEFAULT_LIMIT = 200;
const LARGEST_LIMIT = 5000;

/** The lines a source's data holds, at `path` or where the path ends. @param {any} data @param {string | undefined} path */
function stored(data, path) {
  const at = path ? get(data, path) ?? get(data, path.split('.').pop()) : data;
  if (at !== undefined && at !== data) return entriesOf(at);
  if (path && rowsOf(data).length) {
    return rowsOf(data).flatMap((row) => entriesOf(get(row, path) ?? get(row, path.split('.').pop())));
  }
  return path ? [] : rowsOf(data).length ? rowsOf(data) : entriesOf(typeof data === 'string' ? data : undefined);
}

/** Data that has lines, even none yet, is fetched again when an event comes; adding the event's would show them twice. @param {any} data @param {string | undefined} path */
const holdsLines = (data, path) =>
  stored(data, path).length > 0 || (path !== undefined && get(data, path) !== undefined);

/** Lines that events of this source bring, for a source whose own data holds none. @param {any} spec @param {string | undefined} path @param {string} plugin @param {number} limit */
function useArriving(spec, path, plugin, limit) {
  const recent = useStore(log);
  return useMemo(() => {
    if (spec.subscribe?.mode === 'append') return []; // The source itself appends; counting twice would show every line twice.
    const wanted = spec.subscribe ?? { event: 'plugin_event' };
    const lines = recent.filter((/** @type {any} */ { data }) => matches(wanted, data, plugin)).flatMap((
      /** @type {any} */ { data, at },
    ) =>
      entriesOf(path ? get(data, path) ?? get(data.payload, path) : data.payload).map((one) => ({
        ...lineOf(one),
        at: lineOf(one).at ?? new Date(at),
      }))
    );
    return lines.slice(-limit);
  }, [recent, spec, path, plugin, limit]);
}

function LogStream(/** @type {{node: any}} */ { node }) {
  const { plugin } = useRuntime();
  const source = useSource(node);
  const limit = Math.min(LARGEST_LIMIT, Math.max(1, Number(node.limit) || DEFAULT_LIMIT));
  const path = typeof node.path === 'string' ? node.path : undefined;
  const arriving = useArriving(source.spec, path, plugin.key, limit);
  const [query, setQuery] = useState('');
  const [frozen, freeze] = useState(/** @type {any[] | undefined} */ (undefined));
  const title = text(useResolved(node.title ?? node.label ?? 'Log'));
  const all = useMemo(
    () => (holdsLines(source.data, path) ? stored(source.data, path).map(lineOf) : arriving).slice(-limit),
    [source.data, path, arriving, limit],
  );
  const lines = (frozen ?? all).filter(({ words }) => words.toLowerCase().includes(query.trim().toLowerCase()));

  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const following = useRef(true);
  useEffect(() => {
    if (following.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines.length, all]);
  const scrolled = () =>
    void (box.current &&
      (following.current = box.current.scrollHeight - box.current.scrollTop - box.current.clientHeight < 40));

  return h(
    'section',
    { className: 'panel flush' },
    h(
      'header',
      { className: 'panel-head table-head' },
      icon(node.icon ?? 'scroll-text', 18),
      h(Heading, {}, title),
      h('span', { className: 'dim' }, lines.length === 1 ? '1 line' : `${lines.length} lines`),
      TextInput({
        'aria-label': 'Filter lines',
        placeholder: 'Filter…',
        size: 'xs',
        value: query,
        onChange: setQuery,
        leftSection: icon('search', 14),
        className: 'table-filter',
      }),
      h(IconButton, {
        label: frozen ? 'Resume' : 'Pause',
        icon: frozen ? 'play' : 'pause',
        'aria-pressed': Boolean(frozen),
        onClick: () => freeze(frozen ? undefined : all),
      }),
    ),
    h(
      'div',
      { className: 'log', role: 'log', 'aria-label': title, tabIndex: 0, ref: box, onScroll: scrolled },
      ...(lines.length
        ? lines.map((line, index) =>
          h(
            'div',
            { key: index, className: `log-line level-${line.level}` },
            h('time', {}, line.at ? time(line.at) : ''),
            h('span', { className: 'log-level' }, line.level),
            h('span', { className: 'log-words' }, line.words),
          )
        )
        : [
          pending(source, { lines: 4 }) ??
            h('p', { key: 'none', className: 'dim log-none' }, text(node.emptyText ?? 'Waiting for lines…')),
        ]),
    ),
  );
}
register(['logStream', 'log'], LogStream);
