/**
 * The live connection: one WebSocket on /ws/, opened again with growing, jittered pauses whenever it is lost.
 *
 *     idle ── start ──▶ connecting ── subscribed ──▶ live
 *                           ▲                         │ closed
 *                           └── pause over, retry() ─ waiting
 *
 * Events have places. Whoever comes back says where it was and is told what it missed; only when that is gone does
 * `gaps` count, and pages read their data again.
 */
import { backoff } from '../core/backoff.js';
import { isObject } from '../core/path.js';
import { Place } from '../core/recovery.js';
import { Store } from '../core/store.js';

/** The server's code for a session that has ended; connecting again would not help. */
const UNAUTHORISED = 4401;

/** `{state: 'idle' | 'connecting' | 'live' | 'waiting', until: number, attempt: number, since: number, gaps: number}` */
export const connection = new Store({ state: 'idle', until: 0, attempt: 0, since: 0, gaps: 0 });

/** @param {object} changes */
const move = (changes) => connection.set({ ...connection.get(), since: Date.now(), until: 0, ...changes });

const listeners = new Set();
const closedOut = new Set();
let socket = /** @type {WebSocket | undefined} */ (undefined);
let timer = /** @type {any} */ (undefined);
let attempt = 0;
const place = new Place();

/** Every envelope as it came, `{type, data}`. @param {(envelope: any) => void} listener */
export function onEnvelope(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The `data` of update envelopes. @param {(data: any) => void} listener */
export const onUpdate = (listener) =>
  onEnvelope((envelope) => isObject(envelope.data) && envelope.data.type !== undefined && listener(envelope.data));

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
  move({ state: 'connecting', attempt });
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
    if (code === UNAUTHORISED) {
      move({ state: 'idle', attempt: 0 });
      for (const listener of closedOut) listener();
      return;
    }
    wait();
  };
}

/** @param {any} envelope @param {WebSocket} from */
function hear(envelope, from) {
  if (envelope.type === 'connection_established') {
    from.send(JSON.stringify({ type: 'subscribe', topics: ['updates'], ...place.asked() }));
  }
  const { isNews, isGap } = place.heard(envelope);
  if (envelope.type === 'subscribed' || isGap) {
    attempt = 0;
    move({ state: 'live', attempt, gaps: connection.get().gaps + (isGap ? 1 : 0) });
  }
  if (isNews) { for (const listener of [...listeners]) listener(envelope); }
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
  if (connection.get().state === 'waiting') open();
}

globalThis.addEventListener?.('online', retry);
