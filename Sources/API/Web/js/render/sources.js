/** A page's data sources: each declared one once, and one for each override that components make of them. */
import { isObject } from '../core/path.js';
import { json } from '../core/format.js';
import { fieldsOf } from '../core/schema.js';
import { isLazy, Source } from '../core/source.js';
import { Store } from '../core/store.js';
import { resolve, roots } from '../core/template.js';
import { valuesOf } from '../core/values.js';
import { onUpdate } from '../net/socket.js';
import { visible } from '../ui/hooks.js';
import { checked, loadSource, questionOf } from './load.js';

/** Overrides kept for components that may come back. */
const KEPT = 100;

/** Settings as the plugin's code sees them: what was saved, over the fields' defaults. @param {any} plugin */
export const settingsOf = (plugin) =>
  valuesOf(fieldsOf(plugin.fields, true), isObject(plugin.settings) ? plugin.settings : {});

/** What of a source's description is filled in with data. @param {any} spec */
const asked = ({ params, url, headers, action, resource }) => ({ params, url, headers, action, resource });

/** @param {any} plugin @param {() => {plugin: any, page: any, host: import('./host.js').Host}} latest */
export function createRuntime(plugin, latest) {
  const declared = isObject(plugin.ui_schema?.dataSources) ? plugin.ui_schema.dataSources : {};
  const sources = new Map();
  const overrides = new Map();
  const settings = new Store(plugin.settings);
  const troubles = new Store(0);
  const names = (/** @type {any} */ spec) =>
    [...roots(asked(spec))].filter((name) => Object.hasOwn(declared, name) && declared[name] !== spec);

  /** Waits for the first data of the sources that this one's parameters name. @param {any} spec */
  const ready = (spec) =>
    Promise.all(
      names(spec).map(source).filter((one) => !isLazy(one.spec)).map((one) =>
        new Promise((done) => {
          const settled = () => one.state.data !== undefined || one.state.error;
          if (settled()) return done(undefined);
          const stop = one.subscribe(() => {
            if (!settled()) return;
            queueMicrotask(stop);
            done(undefined);
          });
        })
      ),
    );

  /** @param {any} spec @param {any} [params] */
  const filled = (spec, params) => ({
    ...spec,
    ...resolve({ ...asked(spec), params: { ...spec.params, ...params } }, base()),
  });

  const world = {
    plugin: plugin.key,
    events: onUpdate,
    visible,
    failing: () => void queueMicrotask(() => troubles.set((/** @type {number} */ now) => now + 1)),
    load: async (/** @type {any} */ spec, /** @type {any} */ params) => {
      await ready(spec);
      const now = latest();
      return loadSource(now.plugin, filled(spec, params), now.host);
    },
    watch: (/** @type {any} */ spec, /** @type {number} */ seconds, /** @type {any} */ heard) => {
      if (!latest().host.watch) return undefined;
      let watched = /** @type {{stop: () => void, ask: () => void} | undefined} */ (undefined);
      let isOver = false;
      ready(spec).then(() => {
        if (isOver) return;
        const { plugin: now, host } = latest();
        const question = questionOf(now, filled(spec));
        if (!question || !host.watch) return heard.refused();
        watched = host.watch(question, Math.min(seconds, 86_400), { ...heard, answer });
      });
      const answer = (/** @type {any} */ result) => {
        try {
          heard.answer(checked(result));
        } catch (error) {
          heard.error(error);
        }
      };
      const stop = () => {
        isOver = true;
        watched?.stop();
      };
      return { stop, ask: () => watched?.ask() };
    },
    depends: (/** @type {any} */ spec, /** @type {() => void} */ changed) => {
      const wanted = names(spec).map(source);
      const stops = /** @type {(() => void)[]} */ ([]);
      const read = () => json(resolve(asked(spec), base()));
      let before = read();
      const check = () => {
        const now = read();
        if (now !== before) changed();
        before = now;
      };
      for (const one of wanted) stops.push(one.subscribe(check));
      if (roots(asked(spec)).has('settings') || roots(asked(spec)).has('context')) {
        stops.push(settings.subscribe(check));
      }
      return () => stops.forEach((stop) => stop());
    },
  };

  /** @param {string} id @returns {any} */
  function source(id) {
    if (!sources.has(id) && Object.hasOwn(declared, id)) sources.set(id, new Source(declared[id], world));
    return sources.get(id);
  }

  /** Everything a template may name; each source's data is read only when asked for. */
  function base() {
    const { plugin: now, page } = latest();
    const settled = settingsOf(now);
    const context = {
      plugin: { ...now, settings: settled },
      page,
      location: { pathname: location.pathname, search: location.search },
    };
    const scope = { settings: settled, context };
    for (const id of Object.keys(declared)) {
      Object.defineProperty(scope, id, { enumerable: true, get: () => source(id).state.data });
    }
    return scope;
  }

  /** The same override of two components is one source. @param {any} spec */
  function create(spec) {
    const key = json(spec);
    if (!overrides.has(key)) {
      if (overrides.size >= KEPT) { for (const [old, one] of overrides) if (!one.active) overrides.delete(old); }
      overrides.set(key, new Source(spec, world));
    }
    return overrides.get(key);
  }

  const all = () => [...sources.values(), ...overrides.values()];
  /** Sources on screen whose data is older than it should be, because reading them again failed. */
  const stale = () =>
    all().filter((one) => one.active && one.state.error && one.state.data !== undefined && one.state.updated > 0);
  const refreshAll = () => all().forEach((one) => one.active && one.refresh());
  /** Reads these again, or all that are on screen. @param {unknown} which */
  const refresh = (which) => {
    if (which === true || which === 'all') return refreshAll();
    for (const id of [which].flat()) if (typeof id === 'string') source(id)?.refresh();
  };
  return { declared, source, create, base, refresh, refreshAll, stale, troubles, world, settings };
}
