/** The REST interface of this site: JSON both ways, the session cookie for identity, errors that carry the server's own words. */
import { isObject } from '../core/path.js';

/** Longer than the server's own limit for an action, so the server's explanation arrives first. Milliseconds. */
const DEADLINE = 120_000;
/** For uploads, which wait for the line and not for the server. Milliseconds. */
const UPLOAD_DEADLINE = 1_800_000;

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

/**
 * @param {string} method @param {string} path @param {unknown} [body] a FormData goes as it is, anything else as JSON
 * @param {{headers?: Record<string, string>, deadline?: number}} [options]
 */
export async function request(method, path, body, options) {
  return read(await send(method, path, body, options), path);
}

/** @param {Response} response @param {string} path */
async function read(response, path) {
  const answer = response.status === 204 ? {} : await response.json().catch(() => undefined);
  return judged(answer, response.status, path);
}

/** Answers that came with a tag, by address: the newest of them. */
const kept = /** @type {Map<string, {tag: string, answer: any}>} */ (new Map());
const KEPT = 60;

/**
 * Asks for what was asked before: while nothing changed the server says just that, and the answer is the same object
 * as before, so nothing that shows it needs to be drawn again.
 * @param {string} path
 */
export async function poll(path) {
  const before = kept.get(path);
  const response = await send('GET', path, undefined, before && { headers: { 'If-None-Match': before.tag } });
  if (response.status === 304 && before) return before.answer;
  const answer = await read(response, path);
  const tag = response.headers.get('ETag');
  kept.delete(path);
  if (tag) kept.set(path, { tag, answer });
  if (kept.size > KEPT) kept.delete(kept.keys().next().value ?? '');
  return answer;
}
/** What one person was answered is no other's. */
export const forget = () => kept.clear();

/** What early.js has asked for already, once. @param {string} method @param {string} path @returns {Promise<Response | undefined>} */
async function begun(method, path) {
  const waiting = method === 'GET' ? globalThis.asked?.[path] : undefined;
  if (waiting) delete globalThis.asked?.[path];
  return waiting;
}

/** @param {string} method @param {string} path @param {unknown} [body] @param {{headers?: Record<string, string>, deadline?: number}} [options] */
async function send(method, path, body, options) {
  const early = await begun(method, path);
  if (early) return early;
  const form = body instanceof FormData;
  try {
    return await fetch(path, {
      method,
      body: body === undefined ? undefined : form ? body : JSON.stringify(body),
      headers: {
        Accept: 'application/json',
        ...(body === undefined || form ? {} : { 'Content-Type': 'application/json' }),
        ...options?.headers,
      },
      credentials: 'same-origin',
      signal: /** @type {any} */ (AbortSignal).timeout(options?.deadline ?? DEADLINE),
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
}

/** The answer, or its complaint thrown. @param {any} answer @param {number} status @param {string} path */
function judged(answer, status, path) {
  if (status === 401 && !path.startsWith('/api/auth/')) { for (const listener of signedOut) listener(); }
  if (status < 200 || status > 299) throw new ApiError(complaint(answer, status), status, answer?.code, answer);
  if (answer === undefined) throw new ApiError('The server answered something that is not JSON.', status, 'not_json');
  if (answer?.success === false) throw new ApiError(complaint(answer, status), status, answer.code, answer);
  return answer;
}

/**
 * Sends files and says how much of them has left, 0 to 1. (`fetch` cannot say it.)
 * @param {string} path @param {FormData} form @param {(share: number) => void} progress
 */
export function upload(path, form, progress) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open('POST', path);
    call.setRequestHeader('Accept', 'application/json');
    call.timeout = UPLOAD_DEADLINE;
    call.upload.onprogress = ({ loaded, total }) => progress(total ? loaded / total : 0);
    call.onload = () => {
      let answer;
      try {
        answer = JSON.parse(call.responseText);
      } catch {
        // `judged` says that it is no JSON.
      }
      try {
        resolve(judged(answer, call.status, path));
      } catch (error) {
        reject(error);
      }
    };
    const fail = (/** @type {string} */ message) => () => reject(new ApiError(message, 0, 'unreachable'));
    call.onerror = fail('The server cannot be reached, or closed the connection during the upload.');
    call.ontimeout = fail('The upload took longer than half an hour.');
    call.onabort = fail('The upload was stopped.');
    call.send(form);
  });
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
  /**
   * Answers `{result}`, or `{task_id}` when it goes on as a task.
   * @param {string} key @param {string} action @param {object} params @param {Record<string, File[]>} [files] @param {(share: number) => void} [progress]
   */
  run: (key, action, params, files, progress = () => {}) =>
    files
      ? upload(of(key, 'run'), runForm(action, params, files), progress)
      : request('POST', of(key, 'run'), { action, params }),
  /** @param {File} file @param {boolean} overwrite @param {(share: number) => void} progress */
  import: (file, overwrite, progress) => {
    const form = new FormData();
    form.set('file', file);
    if (overwrite) form.set('overwrite', 'true');
    return upload(`${PLUGINS}import/`, form, progress);
  },
  /** A file for a setting; its path on the server is the setting's value. @param {string} key @param {string} field @param {File} file @param {(share: number) => void} progress */
  keep: (key, field, file, progress) => {
    const form = new FormData();
    form.set('file', file);
    return upload(of(key, `fields/${encodeURIComponent(field)}/upload`), form, progress);
  },
  /** Starts the installation of what its requirements.txt asks for. @param {string} key */
  requirements: (key) => request('POST', of(key, 'requirements'), {}),
  /** @param {string} key */
  remove: (key) => request('DELETE', of(key, 'delete')),
  /** @param {string} key @param {string} resource @param {object} [params] @param {boolean} [allowDisabled] */
  resource: (key, resource, params = {}, allowDisabled = false) =>
    request('POST', of(key, 'ui/resource'), { resource, params, allow_disabled: allowDisabled }),
  /** What another site says; the server reads it. @param {string} key @param {string} url @param {object} params */
  outside: (key, url, params) => request('POST', of(key, 'ui/fetch'), { url, params }),
};

export const session = {
  get: () => request('GET', '/api/auth/session/'),
  /** @param {{username?: string, password?: string, token?: string}} proof a name and a password, or the administrator's token */
  signIn: (proof) => request('POST', '/api/auth/session/', proof),
  signOut: () => request('DELETE', '/api/auth/session/'),
  /** Whether there is an administrator yet, and whether this browser may make one without the token. */
  setup: () => request('GET', '/api/accounts/initialize-superuser/'),
  /** @param {{username?: string, password?: string, token?: string}} first */
  setUp: (first) => request('POST', '/api/accounts/initialize-superuser/', first),
};
