/** Dot and bracket paths (`a.b[0].c`) into plain data. Reads own properties only, so `__proto__` and `constructor` lead nowhere. */

/** @param {unknown} path @returns {string[]} */
export function keysOf(path) {
  if (Array.isArray(path)) return path.map(String);
  if (typeof path !== 'string') return [];
  return path
    .replace(
      /\[\s*(?:"([^"]*)"|'([^']*)'|([^\]]*))\s*\]/g,
      (_, double, single, bare) => `.${double ?? single ?? bare.trim()}`,
    )
    .split('.')
    .map((key) => key.trim())
    .filter((key) => key !== '');
}

/** The value at `path`, or undefined. An empty path is the value itself. @param {unknown} value @param {unknown} path @returns {any} */
export function get(value, path) {
  let at = value;
  for (const key of keysOf(path)) {
    if (at === null || typeof at !== 'object' || !Object.hasOwn(at, key)) return undefined;
    at = /** @type {Record<string, unknown>} */ (at)[key];
  }
  return at;
}

/** Whether something lies at `path`, even null. @param {unknown} value @param {unknown} path */
export const has = (value, path) => get(value, path) !== undefined;

/** A plain object, not an array and not null. @param {unknown} value @returns {value is Record<string, any>} */
export const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
