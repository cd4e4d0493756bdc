/** Who is signed in. The session lives in a cookie that scripts cannot read; this only knows what the server says about it. */
import { Store } from '../core/store.js';
import { ApiError, forget, onSignedOut, session } from './api.js';
import * as socket from './socket.js';

/** `{state: 'unknown' | 'out' | 'in' | 'unreachable', user, error, isEnded}`; `isEnded`: the session did, and nobody signed out */
export const auth = new Store({ state: 'unknown', user: undefined, error: undefined, isEnded: false });

/** For early.js, when this browser comes again. @param {boolean} isIn */
function remember(isIn) {
  try {
    if (isIn) localStorage.setItem('skirret:signed-in', 'yes');
    else localStorage.removeItem('skirret:signed-in');
  } catch {
    // Storage switched off: the next visit asks first who is signed in.
  }
}

/** @param {any} user */
function enter(user) {
  remember(true);
  auth.set({ state: 'in', user: user ?? {}, error: undefined, isEnded: false });
  socket.start();
}

function leave(isEnded = false) {
  socket.stop();
  forget();
  remember(false);
  auth.set({ state: 'out', user: undefined, error: undefined, isEnded });
}

export async function check() {
  try {
    const answer = await session.get();
    if (answer.authenticated) enter(answer.user);
    else leave(auth.get().state === 'in');
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) leave(auth.get().state === 'in');
    else auth.set({ state: 'unreachable', user: undefined, error, isEnded: false });
  }
}

/** @param {{username?: string, password?: string, token?: string}} proof */
export async function signIn(proof) {
  const answer = await session.signIn(proof);
  enter(answer.user);
}

/** Makes the first administrator and signs them in. @param {{username?: string, password?: string, token?: string}} first */
export async function setUp(first) {
  await session.setUp(first);
  await signIn({ username: first.username, password: first.password });
}

/** What the sign-in page asks before it asks anybody anything: `{superuser_exists, setup_allowed}` */
export const setup = () => session.setup();

export async function signOut() {
  await session.signOut();
  leave();
}

onSignedOut(() => auth.get().state === 'in' && leave(true));
socket.onSessionEnded(() => void check());
