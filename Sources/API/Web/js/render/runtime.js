/**
 * One plugin's page at work: its data sources, its actions, its settings, and what templates resolve to.
 * A component that resolves a template is redrawn by exactly the sources that the template names.
 */
import { isObject } from '../core/path.js';
import { overridden, Source } from '../core/source.js';
import { hasTemplate, resolve, roots } from '../core/template.js';
import { onRecovered } from '../net/socket.js';
import { createContext, h, useCallback, useContext, useEffect, useMemo, useSyncExternalStore } from '../ui/kit.js';
import { useEvent, useStable, useStore } from '../ui/hooks.js';
import { icon } from '../ui/icon.js';
import { serverHost } from './host.js';
import { useScope } from './scope.js';
import { createRuntime } from './sources.js';

const Runtime = createContext(/** @type {any} */ (undefined));
export const useRuntime = () => useContext(Runtime);

/** The source that a node above has opened already, so that nothing is fetched twice. */
export const Bound = createContext(/** @type {{node: any, source: any}} */ ({ node: undefined, source: undefined }));

/** @param {{plugin: any, page?: any, host?: import('./host.js').Host, children?: any}} props */
export function RuntimeProvider({ plugin, page, host, children }) {
  const schema = useStable(plugin.ui_schema?.dataSources);
  const server = useMemo(() => serverHost(plugin.key), [plugin.key]);
  const answering = host ?? server;
  const latest = useEvent(() => ({ plugin, page, host: answering }));
  const core = useMemo(() => createRuntime(plugin, latest), [plugin.key, plugin.enabled, schema]);
  const value = useMemo(() => ({ ...core, plugin, page, host: answering }), [core, plugin, page, answering]);
  useEffect(() => core.settings.set(plugin.settings), [core, plugin.settings]);
  // Events of the time without a connection are lost to the page, so it reads its data again.
  useEffect(() => onRecovered(core.refreshAll), [core]);
  return h(Runtime.Provider, { value }, h(Stale, {}), children);
}

/** Says once, for all that show it, what could not be read again: what is drawn of it is older than it looks. */
function Stale() {
  const { stale, troubles } = useRuntime();
  useStore(troubles);
  const list = stale();
  if (!list.length) return null;
  const reasons = [
    ...new Set(list.map((/** @type {any} */ one) => String(one.state.error.message ?? one.state.error))),
  ];
  return h(
    'p',
    { className: 'stale', role: 'status' },
    icon('cloud-off', 16),
    h('span', {}, `Not up to date: ${reasons.slice(0, 3).join(' · ')}`),
    h('button', {
      type: 'button',
      className: 'link-button',
      onClick: () => list.forEach((/** @type {any} */ one) => one.refresh()),
    }, 'Try again'),
  );
}

const nothing = new Source({ type: 'static' }, /** @type {any} */ ({ events: () => () => {} }));

/** @param {any} node */
export const isBound = (node) =>
  typeof node.source === 'string' || typeof node.dataSource === 'string' || isObject(node.dataSource) ||
  isObject(node.source);

/** A node's own source: its `source`, changed by its `dataSource`, or a `dataSource` of its own. @param {any} node */
export function useSourceOf(node) {
  const runtime = useRuntime();
  const bound = useContext(Bound);
  const mine = bound.node === node;
  const given = [node.source, node.dataSource];
  const id = mine ? undefined : given.find((one) => typeof one === 'string');
  const override = given.find(isObject);
  const changed = useResolvedStable(
    mine ? undefined : {
      ...override,
      params: id && isObject(node.params) ? { ...node.params, ...override?.params } : override?.params,
    },
  );
  const isChanged = !mine && (override !== undefined || (id !== undefined && isObject(node.params)));
  return useMemo(() => {
    if (mine) return bound.source;
    const declared = id !== undefined && Object.hasOwn(runtime.declared, id) ? runtime.declared[id] : undefined;
    if (!isChanged) return (id !== undefined && runtime.source(id)) || nothing;
    return runtime.create(overridden(declared, changed));
  }, [runtime.source, id, changed, isChanged, mine, bound.source]);
}

/** Its data as it is now, and `refresh`. @param {any} node */
export function useSource(node) {
  const runtime = useRuntime();
  const source = useSourceOf(node);
  const state = useSyncExternalStore(source.subscribe, source.snapshot);
  const named = [node.source, node.dataSource].find((one) => typeof one === 'string');
  const missing = source === nothing && named !== undefined;
  const error = missing
    ? new Error(
      `There is no data source “${named}”. Declared are: ${Object.keys(runtime.declared).join(', ') || 'none'}.`,
    )
    : state.error;
  return { ...state, error, refresh: source.refresh, spec: source.spec, known: source !== nothing, source };
}

/** Redraws when one of these sources changes. @param {string[]} ids */
function useSources(ids) {
  const { source } = useRuntime();
  const names = ids.join('\n');
  const list = useMemo(() => (names ? names.split('\n').map(source).filter(Boolean) : []), [names, source]);
  const subscribe = useCallback((/** @type {() => void} */ listener) => {
    const stops = list.map((one) => one.subscribe(listener));
    return () => stops.forEach((stop) => stop());
  }, [list]);
  useSyncExternalStore(subscribe, () => list.map((one) => one.version).join());
}

/** `value` with its templates filled in; `add` extends what they see. @param {any} value @param {Record<string, unknown>} [add] */
export function useResolved(value, add) {
  const runtime = useRuntime();
  const scope = useScope();
  const isPlain = useMemo(() => !hasTemplate(value), [value]);
  const needed = useMemo(() => [...roots(value)].filter((root) => Object.hasOwn(runtime.declared, root)), [
    value,
    runtime.declared,
  ]);
  useSources(needed);
  // Literal data keeps its identity, so that what is drawn from it is not drawn anew.
  return isPlain ? value : resolve(value, { ...runtime.base(), ...scope, ...add });
}

/** The same, of one identity for as long as its JSON stays the same. @param {any} value @param {Record<string, unknown>} [add] */
export const useResolvedStable = (value, add) => useStable(useResolved(useStable(value), add));

/** How the sources that `value` names are doing: the first error among them, and whether one of them still loads. @param {any} value */
export function useNamed(value) {
  const runtime = useRuntime();
  const needed = useMemo(() => [...roots(value)].filter((root) => Object.hasOwn(runtime.declared, root)), [
    value,
    runtime.declared,
  ]);
  useSources(needed);
  const states = needed.map((id) => runtime.source(id).state);
  return {
    error: states.find((one) => one.error)?.error,
    loading: states.some((one) => one.loading && one.data === undefined),
  };
}

/** What a condition sees; redraws like `useResolved`. @param {any} conditions @param {string[]} paths */
export function useSight(conditions, paths) {
  const runtime = useRuntime();
  const scope = useScope();
  useSources(
    [...roots(conditions), ...paths.map((path) => path.split(/[.[]/)[0])].filter((root) =>
      Object.hasOwn(runtime.declared, root)
    ),
  );
  return { ...runtime.base(), ...scope };
}

/** Fills templates in at the moment of a click. @returns {(value: any, add?: object) => any} */
export function useResolver() {
  const runtime = useRuntime();
  const scope = useScope();
  return useEvent((/** @type {any} */ value, /** @type {object | undefined} */ add) =>
    resolve(value, { ...runtime.base(), ...scope, ...add })
  );
}
