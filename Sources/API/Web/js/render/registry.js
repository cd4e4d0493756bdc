/** Which component draws which schema type. One file per family registers its own; names compare without case or punctuation. */

const components = new Map();

const key = (/** @type {unknown} */ type) => String(type ?? '').toLowerCase().replace(/[\s_-]/g, '');

/** @param {string | string[]} types @param {(props: {node: any}) => any} component */
export function register(types, component) {
  for (const type of [types].flat()) components.set(key(type), component);
}

/** @param {unknown} type @returns {((props: {node: any}) => any) | undefined} */
export const lookup = (type) => components.get(key(type));

/** All names, as they are compared. */
export const names = () => new Set(components.keys());
