/**
 * The live connection: one WebSocket on /ws/, opened again with growing, jittered pauses whenever it is lost.
 *
 *     idle ── start ──▶ connecting ── subscribed ──▶ live
 *                           ▲                         │ closed
 *                           ├── pause over, retry() ─ waiting
 *                           └── retry(), much later ─ refused: who may not listen
 *
 * Events have places. Whoever comes back says where it was and is told what it missed; only when that is gone does
 * `gaps` count, and pages read their data again. Topics beside `updates` have no places: who holds one reads anew
 * whenever the connection is live again.
 */
import { backoff } from '../core/backoff.js';
import { isObject } from '../core/path.js';
import { Place } from '../core/recovery.js';
import { Store } from '../core/store.js';
import { poll } from './api.js';

/** The server's code for a session that has ended; connecting again would not help. */
const UNAUTHORISED = 4401;
/** Its code for an address from which nobody listens any more. */
const NOT_ALLOWED = 4403;
/** What a browser says of an upgrade that was refused, and of a connection that broke. */
const BROKEN = 1006;
/** Between two tries of one who may not listen, and nobody asks for a try. Milliseconds. */
const SELDOM = 300_000;
/** Coming back to the page is such a wish, though not more often than this. Milliseconds. */
const RETURN = 15_000;
/** A session that ended twice within this time is none that signing in mends: from then on there are pauses. Milliseconds. */
const TWICE = 10_000;

/**
 * `{state: 'idle' | 'connecting' | 'live' | 'waiting' | 'refused', until, attempt, since, gaps: number, why: string}`;
 * `why`: the server's code for not letting this page listen, also while it is asked again
 */
export const connection = new Store({ state: 'idle', until: 0, attempt: 0, since: 0, gaps: 0, why: '' });

/** @param {object} changes */
const move = (changes) => connection.set({ ...connection.get(), since: Date.now(), until: 0, why: '', ...changes });

const listeners = new Set();
const closedOut = new Set();
let socket = /** @type {WebSocket | undefined} */ (undefined);
let timer = /** @type {any} */ (undefined);
let attempt = 0;
let endedAt = 0;
const place = new Place();

/** Every envelope as it came, `{type, data}`. @param {(envelope: any) => void} listener */
export function onEnvelope(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The `data` of update envelopes. @param {(data: any) => void} listener */
export const onUpdate = (listener) =>
  onEnvelope((envelope) => isObject(envelope.data) && envelope.data.type !== undefined && listener(envelope.data));

/** Who wants each topic beside `updates`: what to call once the server tells of it. */
const held = /** @type {Map<string, Set<() => void>>} */ (new Map());
/** Changes of topics that the server has not heard of; those of one moment go together. */
const unsaid = /** @type {Map<string, 'subscribe' | 'unsubscribe'>} */ (new Map());
/** The topics of which the server tells now. */
let told = /** @type {Set<string>} */ (new Set());
/** The connection on which it was asked. */
let greeted = /** @type {WebSocket | undefined} */ (undefined);

function say() {
  const changes = [...unsaid];
  unsaid.clear();
  // Whoever is not connected says it all when it is.
  if (!socket || greeted !== socket || socket.readyState !== 1) return;
  for (const type of ['unsubscribe', 'subscribe']) {
    const topics = changes.filter(([, wish]) => wish === type).map(([topic]) => topic);
    if (topics.length) socket.send(JSON.stringify({ type, topics }));
  }
}

/** @param {string} topic @param {'subscribe' | 'unsubscribe'} wish */
function tell(topic, wish) {
  if (unsaid.size === 0) queueMicrotask(say);
  unsaid.set(topic, wish);
}

/** @param {string[]} topics */
function confirmed(topics) {
  const fresh = topics.filter((topic) => !told.has(topic));
  told = new Set(topics);
  for (const topic of fresh) { for (const ready of [...(held.get(topic) ?? [])]) ready(); }
}

/**
 * As `onUpdate`, with a topic that the server tells only to those who ask for it; asked for while anybody listens.
 *
 * `ready` is called once it is told, and again after each lost connection: what happened before then was missed.
 *
 * @param {string} topic @param {(data: any) => void} listener @param {() => void} [ready]
 */
export function onTopic(topic, listener, ready = () => {}) {
  const stop = onUpdate(listener);
  const mine = () => ready();
  const all = held.get(topic) ?? new Set();
  if (all.size === 0) tell(topic, 'subscribe');
  held.set(topic, all.add(mine));
  return () => {
    stop();
    if (!all.delete(mine) || all.size > 0) return;
    held.delete(topic);
    // Nobody answers that; whoever asks for it again is to hear when it is told again.
    told.delete(topic);
    tell(topic, 'unsubscribe');
  };
}

/** Once events are missing that nobody can bring back: what was read may be out of date. @param {() => void} listener */
export function onRecovered(listener) {
  let { gaps } = connection.get();
  return connection.subscribe(() => {
    const now = connection.get().gaps;
    if (now !== gaps) listener();
    gaps = now;
  });
}

/** @param {() => void} listener */
export const onSessionEnded = (listener) => void closedOut.add(listener);

const address = () => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws/`;

function open() {
  clearTimeout(timer);
  move({ state: 'connecting', attempt, why: connection.get().why });
  const mine = new WebSocket(address());
  socket = mine;
  mine.onmessage = ({ data }) => {
    if (socket !== mine) return;
    let envelope;
    try {
      envelope = JSON.parse(data);
    } catch {
      return; // Not JSON, so nobody here can use it; the next frame may be.
    }
    if (isObject(envelope)) hear(envelope, mine);
  };
  mine.onclose = ({ code }) => {
    if (socket !== mine) return;
    socket = undefined;
    if (code === UNAUTHORISED) return end();
    if (code === NOT_ALLOWED) return refuse('network_not_allowed');
    // Once may be a server that starts again. A browser does not tell why an upgrade was refused.
    if (code === BROKEN && greeted !== mine && attempt > 0) return void askWhy();
    wait();
  };
}

function end() {
  const isAgain = Date.now() - endedAt < TWICE;
  endedAt = Date.now();
  if (isAgain) {
    attempt = Math.max(attempt, 5);
    return wait();
  }
  move({ state: 'idle', attempt: 0 });
  for (const listener of closedOut) listener();
}

/** Who may listen may also read the plugins, and to a request for those the server says why it refuses. */
async function askWhy() {
  const now = connection.get();
  // Of a session that has ended api.js tells.
  const refusal = await poll('/api/plugins/plugins/').then(() => undefined, (error) => error);
  if (connection.get() !== now) return;
  if (refusal?.status === 403) refuse(refusal.code || 'not_allowed');
  else wait();
}

/** @param {string} why */
function refuse(why) {
  attempt = 1;
  move({ state: 'refused', attempt, why, until: Date.now() + SELDOM });
  timer = setTimeout(open, SELDOM);
}

/** @param {any} envelope @param {WebSocket} from */
function hear(envelope, from) {
  if (envelope.type === 'connection_established') {
    greeted = from;
    told = new Set();
    from.send(JSON.stringify({ type: 'subscribe', topics: ['updates', ...held.keys()], ...place.asked() }));
  }
  const { isNews, isGap } = place.heard(envelope);
  // More topics on a connection that lives are no new connection.
  if ((envelope.type === 'subscribed' && connection.get().state !== 'live') || isGap) {
    attempt = 0;
    move({ state: 'live', attempt, gaps: connection.get().gaps + (isGap ? 1 : 0) });
  }
  if (isNews) { for (const listener of [...listeners]) listener(envelope); }
  if (envelope.type === 'subscribed' && Array.isArray(envelope.data?.topics)) confirmed(envelope.data.topics);
}

function wait() {
  const pause = backoff(attempt);
  attempt += 1;
  move({ state: 'waiting', until: Date.now() + pause, attempt });
  timer = setTimeout(open, pause);
}

export function start() {
  if (connection.get().state === 'idle') open();
}

export function stop() {
  clearTimeout(timer);
  const old = socket;
  socket = undefined;
  attempt = 0;
  old?.close(1000);
  place.forget();
  move({ state: 'idle', attempt: 0 });
}

/** Connect now instead of at the end of the pause. */
export function retry() {
  if (['waiting', 'refused'].includes(connection.get().state)) open();
}

function comeBack() {
  const { state, since } = connection.get();
  if (state === 'refused' && Date.now() - since >= RETURN) open();
}

globalThis.addEventListener?.('online', retry);
globalThis.addEventListener?.('focus', comeBack);
