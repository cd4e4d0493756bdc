/** The REST interface of this site: JSON both ways, the session cookie for identity, errors that carry the server's own words. */
import { isObject } from '../core/path.js';

/** Longer than the server's own limit for an action, so the server's explanation arrives first. Milliseconds. */
const DEADLINE = 120_000;

export class ApiError extends Error {
  /** @param {string} message @param {number} status 0 when no answer came @param {string} [code] @param {any} [body] */
  constructor(message, status, code = '', body = undefined) {
    super(message);
    this.name = 'ApiError';
    Object.assign(this, { status, code, body });
    this.status = status;
    this.code = code;
    this.body = body;
  }
}

const signedOut = new Set();
/** Called when the server no longer knows the session. @param {() => void} listener */
export const onSignedOut = (listener) => void signedOut.add(listener);

/** @param {any} body @param {number} status */
function complaint(body, status) {
  for (const key of ['error', 'detail', 'message']) {
    if (typeof body?.[key] === 'string' && body[key]) return body[key];
    if (isObject(body?.[key]) && typeof body[key].message === 'string') return body[key].message;
  }
  return `The server answered ${status}.`;
}

/** @param {string} method @param {string} path @param {unknown} [body] a FormData goes as it is, anything else as JSON */
export async function request(method, path, body) {
  const form = body instanceof FormData;
  let response;
  try {
    response = await fetch(path, {
      method,
      body: body === undefined ? undefined : form ? body : JSON.stringify(body),
      headers: {
        Accept: 'application/json',
        ...(body === undefined || form ? {} : { 'Content-Type': 'application/json' }),
      },
      credentials: 'same-origin',
      signal: /** @type {any} */ (AbortSignal).timeout(DEADLINE),
    });
  } catch (error) {
    const late = error instanceof DOMException && error.name === 'TimeoutError';
    throw new ApiError(
      late
        ? 'No answer within two minutes. The work may still be going on.'
        : 'The server cannot be reached. Is it running?',
      0,
      late ? 'timed_out' : 'unreachable',
    );
  }
  const answer = response.status === 204 ? {} : await response.json().catch(() => undefined);
  if (response.status === 401 && !path.startsWith('/api/auth/')) { for (const listener of signedOut) listener(); }
  if (!response.ok) throw new ApiError(complaint(answer, response.status), response.status, answer?.code, answer);
  if (answer === undefined) {
    throw new ApiError('The server answered something that is not JSON.', response.status, 'not_json');
  }
  if (answer?.success === false) {
    throw new ApiError(complaint(answer, response.status), response.status, answer.code, answer);
  }
  return answer;
}

const PLUGINS = '/api/plugins/plugins/';
const of = (/** @type {string} */ key, /** @type {string} */ verb) => `${PLUGINS}${encodeURIComponent(key)}/${verb}/`;

/** A run with files goes as a form: `action`, `params` as JSON, and each file under its field's id. @param {string} action @param {any} params @param {Record<string, File[]>} files */
function runForm(action, params, files) {
  const form = new FormData();
  form.set('action', action);
  form.set('params', JSON.stringify(params));
  for (const [id, list] of Object.entries(files)) for (const file of list) form.append(id, file);
  return form;
}

export const plugins = {
  list: async () => /** @type {any[]} */ ((await request('GET', PLUGINS)).plugins ?? []),
  reload: () => request('POST', `${PLUGINS}reload/`, {}),
  /** @param {string} key @param {boolean} enabled */
  enable: (key, enabled) => request('POST', of(key, 'enabled'), { enabled }),
  /** @param {string} key @param {object} settings */
  save: (key, settings) => request('POST', of(key, 'settings'), { settings }),
  /** @param {string} key @param {string} action @param {object} [params] @param {Record<string, File[]>} [files] */
  run: async (key, action, params = {}, files = undefined) =>
    (await request('POST', of(key, 'run'), files ? runForm(action, params, files) : { action, params })).result,
  /** @param {string} key @param {string} resource @param {object} [params] @param {boolean} [allowDisabled] */
  resource: async (key, resource, params = {}, allowDisabled = false) =>
    (await request('POST', of(key, 'ui/resource'), { resource, params, allow_disabled: allowDisabled })).result,
};

export const session = {
  get: () => request('GET', '/api/auth/session/'),
  /** @param {string} token */
  signIn: (token) => request('POST', '/api/auth/session/', { token }),
  signOut: () => request('DELETE', '/api/auth/session/'),
};
