/**
 * One data source of a plugin's page: its data, how it is fetched, and the events that change it.
 *
 * Starts with its first listener and stops with its last, so nothing polls for a page nobody looks at. It knows no
 * network: `load`, `watch`, `events` and `visible` are given. A burst of events becomes one change per 100 ms.
 *
 * One with an interval is watched: the server asks it for all who look, and only where it does not is it asked from here.
 * What events append to or patch is changed here until the server answers again, and a lazy one is watched once somebody
 * asked for it.
 */
import { fold, matches } from './events.js';
import { get, isObject } from './path.js';

const FOLD_EVERY = 100;
/** Seconds. A schema that asks for more is slowed to this. */
const FASTEST_POLL = 1;

/** @param {any} row @param {any[]} keys */
const picked = (row, keys) =>
  isObject(row)
    ? Object.fromEntries(keys.map(String).filter((key) => Object.hasOwn(row, key)).map((key) => [key, row[key]]))
    : row;

/** @param {any} spec @param {any} result */
export function extract(spec, result) {
  const path = spec.extract ?? spec.responsePath ?? spec.path;
  const data = path ? get(result, path) : result;
  if (!Array.isArray(spec.pick)) return data;
  return Array.isArray(data) ? data.map((row) => picked(row, spec.pick)) : picked(data, spec.pick);
}

/** Seconds between two fetches; 0 for none. @param {any} spec */
export const intervalOf = (spec) => {
  const seconds = Number(isObject(spec.refresh) ? spec.refresh.interval : spec.refresh ?? spec.interval);
  return Number.isFinite(seconds) && seconds > 0 ? Math.max(FASTEST_POLL, seconds) : 0;
};

/** Fetched only when somebody asks. @param {any} spec */
export const isLazy = (spec) => (isObject(spec.refresh) ? spec.refresh.lazy : spec.lazy) === true;

/** Members of a source's description that a component may change one by one. */
const WITHIN = ['params', 'refresh', 'subscribe', 'headers'];

/** A declared source as one component wants it. @param {any} declared @param {any} changed */
export function overridden(declared, changed) {
  const inner = WITHIN.filter((key) => isObject(declared?.[key]) && isObject(changed?.[key]));
  return {
    ...declared,
    ...changed,
    ...Object.fromEntries(inner.map((key) => [key, { ...declared[key], ...changed[key] }])),
    params: { ...declared?.params, ...changed?.params },
  };
}

/** @param {any} spec */
const literal = (spec) => spec.data ?? spec.value ?? spec.payload ?? spec.items ?? spec.default;

export class Source {
  #listeners = new Set();
  #stops = /** @type {(() => void)[]} */ ([]);
  #queue = /** @type {any[]} */ ([]);
  #folding = /** @type {any} */ (undefined);
  #timer = /** @type {any} */ (undefined);
  #turn = 0;
  #busy = false;
  #again = false;
  #watched = /** @type {{stop: () => void, ask: () => void} | undefined} */ (undefined);
  #poll = () => {};
  /** Somebody asked for it, be it lazy. */
  #isAsked = false;
  /** What events changed since the server answered; `asked` is when it had been asked last by then. */
  #folded = /** @type {{from: any, asked: string | undefined} | undefined} */ (undefined);

  /**
   * @param {any} spec
   * @param {{plugin: string, load: (spec: any, params?: object) => Promise<any>, events: (listener: (event: any) => void) => () => void,
   *   visible: {get: () => boolean, subscribe: (listener: () => void) => () => void},
   *   watch?: (spec: any, seconds: number, heard: {answer: (result: any) => void, error: (error: any) => void,
   *     same: (asked: string) => void, refused: () => void}) => {stop: () => void, ask: () => void} | undefined,
   *   depends?: (spec: any, changed: () => void) => () => void, failing?: () => void}} world
   *   `depends` calls back when what the spec's templates name changes; `failing` hears of each error that comes or goes
   */
  constructor(spec, world) {
    this.spec = isObject(spec) ? spec : {};
    this.world = world;
    this.version = 0;
    this.state = {
      data: this.#isStatic ? extract(this.spec, literal(this.spec)) : this.spec.default,
      error: undefined,
      loading: false,
      updated: 0,
    };
    this.snapshot = () => this.state;
    this.refresh = (/** @type {object | undefined} */ params) => this.#fetch(params);
    this.subscribe = (/** @type {() => void} */ listener) => {
      this.#listeners.add(listener);
      if (this.#listeners.size === 1) this.#start();
      return () => {
        this.#listeners.delete(listener);
        if (this.#listeners.size === 0) this.#stop();
      };
    };
  }

  get #isStatic() {
    return this.spec.type === 'static';
  }

  get active() {
    return this.#listeners.size > 0;
  }

  #start() {
    const { events, visible, depends } = this.world;
    if (isObject(this.spec.subscribe)) this.#stops.push(events((event) => this.#hear(event)));
    if (this.#isStatic) return;
    const seconds = intervalOf(this.spec);
    const ask = () => {
      this.#timer = setInterval(() => this.#busy || this.#fetch(undefined, true), seconds * 1000);
    };
    const poll = () => {
      rest();
      if (!seconds || !visible.get()) return;
      if (!this.#watch(seconds, () => (ask(), this.#fetch(undefined, this.state.data !== undefined)))) ask();
    };
    const rest = () => {
      clearInterval(this.#timer);
      this.#watched?.stop();
      this.#watched = undefined;
    };
    // What is seen again after a while is read at once, not an interval later.
    const seen = () => {
      poll();
      if (!seconds || this.#watched || !visible.get()) return;
      if (Date.now() - this.state.updated >= seconds * 1000) this.#fetch(undefined, true);
    };
    this.#stops.push(visible.subscribe(seen), rest);
    this.#poll = poll;
    poll();
    // With other parameters it is another question.
    if (depends) this.#stops.push(depends(this.spec, () => void (this.#watched ? poll() : this.#fetch())));
    if (!isLazy(this.spec) && !this.#watched) this.#fetch();
  }

  /** Whether the server asks for us. @param {number} seconds @param {() => void} refused */
  #watch(seconds, refused) {
    // To watch is to ask, and nobody did yet.
    if (isLazy(this.spec) && !this.#isAsked) return false;
    let isOn = true;
    const set = (/** @type {object} */ change) => isOn && this.#set({ ...change, loading: false });
    const watched = this.world.watch?.(this.spec, seconds, {
      answer: (result) => {
        if (isOn) this.#folded = undefined;
        set({ data: extract(this.spec, result) ?? this.spec.default, error: undefined, updated: Date.now() });
      },
      same: (asked) => isOn && this.#confirm(asked),
      error: (error) => set({ error }),
      refused: () => {
        if (!isOn) return;
        isOn = false;
        this.#watched = undefined;
        refused();
      },
    });
    const stop = () => {
      isOn = false;
      watched?.stop();
    };
    this.#watched = watched && { ask: watched.ask, stop };
    if (this.#watched && this.state.data === undefined) this.#set({ loading: true });
    return this.#watched !== undefined;
  }

  /**
   * The server asked and heard the same again. When it asked after the events, they changed nothing that lasts.
   * Its own clock tells: what it says first after them may be older than they are, what differs from that is not.
   * @param {string} asked
   */
  #confirm(asked) {
    if (!this.#folded) return;
    const before = this.#folded.asked ??= asked;
    if (before === asked) return;
    const { from } = this.#folded;
    this.#folded = undefined;
    this.#set({ data: from, updated: Date.now() });
  }

  #stop() {
    this.#folded = undefined;
    for (const stop of this.#stops.splice(0)) stop();
    clearTimeout(this.#folding);
    this.#folding = undefined;
    this.#queue = [];
    this.#turn += 1;
    this.#busy = false;
    if (this.state.error) this.world.failing?.();
  }

  /** @param {any} event */
  #hear(event) {
    if (!matches(this.spec.subscribe, event, this.world.plugin)) return;
    this.#queue.push(event);
    this.#folding ??= setTimeout(() => this.#drain(), FOLD_EVERY);
  }

  #drain() {
    this.#folding = undefined;
    const events = this.#queue.splice(0);
    const spec = this.spec.subscribe;
    if (spec.mode !== 'append' && spec.mode !== 'patch') {
      // The server asks once, however many pages have heard the same.
      return void (this.#watched ? this.#watched.ask() : this.#fetch());
    }
    if (this.#watched) this.#folded = { from: this.#folded ? this.#folded.from : this.state.data, asked: undefined };
    this.#set({ data: events.reduce((data, event) => fold(data, spec, event), this.state.data), updated: Date.now() });
  }

  /** @param {object} [params] @param {boolean} [isQuiet] nobody asked for it, so nothing says that it goes on */
  async #fetch(params, isQuiet = false) {
    if (this.#isStatic) return;
    if (this.#busy && !params) return void (this.#again = true);
    const turn = ++this.#turn;
    this.#busy = true;
    if (!isQuiet || this.state.data === undefined) this.#set({ loading: true });
    let change;
    try {
      change = {
        data: extract(this.spec, await this.world.load(this.spec, params)) ?? this.spec.default,
        error: undefined,
        updated: Date.now(),
      };
    } catch (error) {
      change = { error };
    }
    // A later fetch, or a stop, has taken over: this answer is stale.
    if (turn !== this.#turn) return;
    this.#busy = false;
    this.#folded = undefined;
    this.#set({ ...change, loading: false });
    if (isLazy(this.spec) && !params && !this.#isAsked) {
      this.#isAsked = true;
      this.#poll();
    }
    if (this.#again) {
      this.#again = false;
      if (this.active) this.#fetch();
    }
  }

  /** @param {object} change */
  #set(change) {
    const before = this.state.error;
    this.state = { ...this.state, ...change };
    this.version += 1;
    if (before !== this.state.error) this.world.failing?.();
    for (const listener of [...this.#listeners]) listener();
  }
}
