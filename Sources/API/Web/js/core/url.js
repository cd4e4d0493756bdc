/** Every address that comes from a schema, a result or a page's data passes through here before it reaches the DOM. */

const SAFE = new Set(['http:', 'https:', 'mailto:']);

/** The address when it is http, https, mailto or on this site; undefined otherwise. @param {unknown} value @param {string} [base] */
export function safeUrl(value, base = globalThis.location?.href ?? 'http://localhost/') {
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  try {
    const url = new URL(value.trim(), base);
    return SAFE.has(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** Characters that end a header, leave a folder, or turn a name around on screen. */
const UNSAFE_IN_NAMES = /[\u0000-\u001f\u007f<>:"|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A file name without folders or control characters. @param {unknown} value @param {string} [fallback] */
export function safeFilename(value, fallback = 'download') {
  const last = String(value ?? '').split(/[\\/]/).pop() ?? '';
  const clean = last.replace(UNSAFE_IN_NAMES, '').replace(/^[.\s]+/, '').trim().slice(0, 120);
  return clean || fallback;
}

const RESERVED =
  /^\/(?:$|api(?:\/|$)|assets(?:\/|$)|ws(?:\/|$)|events(?:\/|$)|health(?:\/|$)|metrics(?:\/|$)|plugins\/?$|playground\/?$|tasks(?:\/|$))/;

/** A page's own route: a plain absolute path that hides none of ours. @param {unknown} value */
export function safeRoute(value) {
  if (typeof value !== 'string' || !/^\/[\w\-/~]*$/.test(value) || value.includes('//')) return undefined;
  const route = value.replace(/\/+$/, '') || '/';
  return RESERVED.test(route) ? undefined : route;
}
