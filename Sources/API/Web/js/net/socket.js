/**
 * The live connection: one WebSocket on /ws/, opened again with growing, jittered pauses whenever it is lost.
 *
 *     idle ── start ──▶ connecting ── first frame ──▶ live
 *                           ▲                          │ closed
 *                           └── pause over, retry() ── waiting
 */
import { backoff } from '../core/backoff.js';
import { isObject } from '../core/path.js';
import { Store } from '../core/store.js';

/** The server's code for a session that has ended; connecting again would not help. */
const UNAUTHORISED = 4401;

/** `{state: 'idle' | 'connecting' | 'live' | 'waiting', until: number, attempt: number, since: number}` */
export const connection = new Store({ state: 'idle', until: 0, attempt: 0, since: 0 });

const listeners = new Set();
const closedOut = new Set();
let socket = /** @type {WebSocket | undefined} */ (undefined);
let timer = /** @type {any} */ (undefined);
let attempt = 0;

/** Every envelope as it came, `{type, data}`. @param {(envelope: any) => void} listener */
export function onEnvelope(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The `data` of update envelopes. @param {(data: any) => void} listener */
export const onUpdate = (listener) =>
  onEnvelope((envelope) => isObject(envelope.data) && envelope.data.type !== undefined && listener(envelope.data));

/** Once the connection is back after it was lost: what happened meanwhile was not heard. @param {() => void} listener */
export function onRecovered(listener) {
  let last = connection.get();
  return connection.subscribe(() => {
    const now = connection.get();
    if (now.state === 'live' && last.state !== 'live' && last.attempt > 0) listener();
    last = now;
  });
}

/** @param {() => void} listener */
export const onSessionEnded = (listener) => void closedOut.add(listener);

const address = () => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws/`;

function open() {
  clearTimeout(timer);
  connection.set({ state: 'connecting', until: 0, attempt, since: Date.now() });
  const mine = new WebSocket(address());
  socket = mine;
  mine.onmessage = ({ data }) => {
    if (socket !== mine) return;
    if (connection.get().state !== 'live') {
      attempt = 0;
      connection.set({ state: 'live', until: 0, attempt, since: Date.now() });
    }
    let envelope;
    try {
      envelope = JSON.parse(data);
    } catch {
      return; // Not JSON, so nobody here can use it; the next frame may be.
    }
    if (isObject(envelope)) { for (const listener of [...listeners]) listener(envelope); }
  };
  mine.onclose = ({ code }) => {
    if (socket !== mine) return;
    socket = undefined;
    if (code === UNAUTHORISED) {
      connection.set({ state: 'idle', until: 0, attempt: 0, since: Date.now() });
      for (const listener of closedOut) listener();
      return;
    }
    wait();
  };
}

function wait() {
  const pause = backoff(attempt);
  attempt += 1;
  connection.set({ state: 'waiting', until: Date.now() + pause, attempt, since: Date.now() });
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
  connection.set({ state: 'idle', until: 0, attempt: 0, since: Date.now() });
}

/** Connect now instead of at the end of the pause. */
export function retry() {
  if (connection.get().state === 'waiting') open();
}

globalThis.addEventListener?.('online', retry);
