/**
 * One plugin's page at work: its data sources, its actions, its settings, and what templates resolve to.
 * A component that resolves a template is redrawn by exactly the sources that the template names.
 */
import { isObject } from '../core/path.js';
import { Source } from '../core/source.js';
import { resolve, roots } from '../core/template.js';
import { connection, onUpdate } from '../net/socket.js';
import { createContext, h, useCallback, useContext, useEffect, useMemo, useSyncExternalStore } from '../ui/kit.js';
import { useEvent, useStable, visible } from '../ui/hooks.js';
import { loadSource } from './load.js';
import { useScope } from './scope.js';

const Runtime = createContext(/** @type {any} */ (undefined));
export const useRuntime = () => useContext(Runtime);

/** @param {any} plugin @param {() => any} latest */
function createRuntime(plugin, latest) {
  const declared = isObject(plugin.ui_schema?.dataSources) ? plugin.ui_schema.dataSources : {};
  const sources = new Map();
  const world = {
    plugin: plugin.key,
    events: onUpdate,
    visible,
    load: (/** @type {any} */ spec, /** @type {any} */ params) =>
      loadSource(latest().plugin, resolve({ ...spec, params: { ...spec.params, ...params } }, base())),
  };
  const source = (/** @type {string} */ id) => {
    if (!sources.has(id) && Object.hasOwn(declared, id)) sources.set(id, new Source(declared[id], world));
    return sources.get(id);
  };
  /** Everything a template may name; each source's data is read only when asked for. */
  function base() {
    const { plugin: now, page } = latest();
    const context = { plugin: now, page, location: { pathname: location.pathname, search: location.search } };
    const scope = { settings: now.settings ?? {}, context };
    for (const id of Object.keys(declared)) {
      Object.defineProperty(scope, id, {
        enumerable: true,
        get: () => source(id).state.data,
      });
    }
    return scope;
  }
  const create = (/** @type {any} */ spec) => new Source(spec, world);
  const refreshAll = () => sources.forEach((one) => one.active && one.refresh());
  return { declared, source, create, base, refreshAll, world };
}

/** @param {{plugin: any, page?: any, children?: any}} props */
export function RuntimeProvider({ plugin, page, children }) {
  const schema = useStable(plugin.ui_schema?.dataSources);
  const latest = useEvent(() => ({ plugin, page }));
  const core = useMemo(() => createRuntime(plugin, latest), [plugin.key, plugin.enabled, schema]);
  const value = useMemo(() => ({ ...core, plugin, page }), [core, plugin, page]);
  useEffect(() => {
    // Events of the time without a connection are lost to the page, so it reads its data again.
    let before = connection.get().state;
    return connection.subscribe(() => {
      const now = connection.get();
      if (now.state === 'live' && before !== 'live') core.refreshAll();
      before = now.state;
    });
  }, [core]);
  return h(Runtime.Provider, { value }, children);
}

const nothing = new Source({ type: 'static' }, /** @type {any} */ ({}));

/** A node's own data: its `source`, changed by its `dataSource`, or a `dataSource` of its own. @param {any} node */
export function useSource(node) {
  const runtime = useRuntime();
  const override = useStable(isObject(node.dataSource) ? node.dataSource : undefined);
  const id = typeof node.source === 'string'
    ? node.source
    : typeof node.dataSource === 'string'
    ? node.dataSource
    : undefined;
  const params = useStable(isObject(node.params) && id ? node.params : undefined);
  const source = useMemo(() => {
    const declared = id !== undefined && Object.hasOwn(runtime.declared, id) ? runtime.declared[id] : undefined;
    if (override || params) {
      return runtime.create({
        ...declared,
        ...override,
        params: { ...declared?.params, ...params, ...override?.params },
      });
    }
    return (id !== undefined && runtime.source(id)) || nothing;
  }, [runtime.source, id, override, params]);
  const state = useSyncExternalStore(source.subscribe, source.snapshot);
  return { ...state, refresh: source.refresh, spec: source.spec, known: source !== nothing };
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
  const needed = useMemo(() => [...roots(value)].filter((root) => Object.hasOwn(runtime.declared, root)), [
    value,
    runtime.declared,
  ]);
  useSources(needed);
  return resolve(value, { ...runtime.base(), ...scope, ...add });
}

/** Fills templates in at the moment of a click. @returns {(value: any, add?: object) => any} */
export function useResolver() {
  const runtime = useRuntime();
  const scope = useScope();
  return useEvent((/** @type {any} */ value, /** @type {object | undefined} */ add) =>
    resolve(value, { ...runtime.base(), ...scope, ...add })
  );
}
