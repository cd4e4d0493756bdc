/**
 * Which component draws which schema type; names compare without case or punctuation.
 *
 * A file of components registers its own when it is loaded. Which file that is was declared before, so that a page
 * fetches only what it draws.
 */

const components = new Map();
const files = /** @type {Map<string, () => Promise<unknown>>} */ (new Map());
/** Those with no place of their own for what went wrong with their data. */
const bare = new Set();

const key = (/** @type {unknown} */ type) => String(type ?? '').toLowerCase().replace(/[\s_-]/g, '');

/**
 * @param {string | string[]} types @param {(props: {node: any}) => any} component
 * @param {{isBare?: boolean}} [how] `isBare`: nothing of it can be drawn before its data came, so the frame says why it did not
 */
export function register(types, component, how = undefined) {
  for (const type of [types].flat()) {
    components.set(key(type), component);
    if (how?.isBare) bare.add(key(type));
  }
}

/** @param {string} types separated by spaces @param {() => Promise<unknown>} load imports the file that registers them */
export function declare(types, load) {
  for (const type of types.split(/\s+/)) files.set(key(type), load);
}

/** @param {unknown} type */
export const isBare = (type) => bare.has(key(type));

/** What draws it, once its file is here. @param {unknown} type @returns {((props: {node: any}) => any) | undefined} */
export const lookup = (type) => components.get(key(type));

/** Fetches the file that draws it; undefined when no file does. @param {unknown} type */
export const fetchType = (type) => files.get(key(type))?.();

/** All names, as they are compared. */
export const names = () => new Set([...files.keys(), ...components.keys()]);

/** How far the search for types goes; what lies beyond is fetched when it is drawn. */
const [DEEPEST, MOST] = [40, 5000];

/** The types that a layout names and whose files are not here yet. @param {unknown} layout @returns {string[]} */
export function absentIn(layout) {
  const found = /** @type {Set<string>} */ (new Set());
  let left = MOST;
  const look = (/** @type {unknown} */ value, /** @type {number} */ depth) => {
    if (typeof value !== 'object' || value === null || depth > DEEPEST || left-- <= 0) return;
    const type = Object.hasOwn(value, 'type') ? key(/** @type {any} */ (value).type) : '';
    if (files.has(type) && !components.has(type)) found.add(type);
    for (const one of Object.values(value)) look(one, depth + 1);
  };
  look(layout, 0);
  return [...found];
}
