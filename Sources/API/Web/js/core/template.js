/**
 * `{{ path | filter:argument }}` in strings. Dot paths only, nothing is compiled or evaluated.
 * A string that is one lone token keeps its value's type (`"{{ row.id }}"` → 7); anything else becomes text.
 */
import { filters, text } from './format.js';
import { get, isObject, keysOf } from './path.js';

const TOKEN = /\{\{\s*([^{}]*?)\s*\}\}/g;
const LONE = /^\s*\{\{\s*([^{}]*?)\s*\}\}\s*$/;
/** Deeper than any honest schema; a hostile one stops here. */
const DEEPEST = 40;

/** @param {string} inner @param {object} scope */
function evaluate(inner, scope) {
  const [path, ...steps] = inner.split('|').map((part) => part.trim());
  let value = get(scope, path);
  for (const step of steps) {
    const [name, ...rest] = step.split(':');
    const argument = rest.length ? rest.join(':').trim().replace(/^(['"])(.*)\1$/, '$2') : undefined;
    if (Object.hasOwn(filters, name.trim())) value = filters[name.trim()](value, argument);
  }
  return value;
}

/** @param {string} template @param {object} scope @returns {any} */
export function resolveString(template, scope) {
  if (!template.includes('{{')) return template;
  const lone = LONE.exec(template);
  if (lone) return evaluate(lone[1], scope);
  return template.replace(TOKEN, (_, inner) => text(evaluate(inner, scope)));
}

/** Templates anywhere inside `value`. @param {any} value @param {object} scope @param {number} [depth] @returns {any} */
export function resolve(value, scope, depth = 0) {
  if (typeof value === 'string') return resolveString(value, scope);
  if (depth > DEEPEST) return undefined;
  if (Array.isArray(value)) return value.map((item) => resolve(item, scope, depth + 1));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, scope, depth + 1)]));
}

/** Whether anything in `value` is to be filled in. @param {any} value @param {number} [depth] @returns {boolean} */
export function hasTemplate(value, depth = 0) {
  if (typeof value === 'string') return value.includes('{{');
  if (depth > DEEPEST || typeof value !== 'object' || value === null) return depth > DEEPEST;
  return Object.values(value).some((item) => hasTemplate(item, depth + 1));
}

/** The first path segment of every token in `value`: the names it depends on. @param {unknown} value @returns {Set<string>} */
export function roots(value, found = new Set(), depth = 0) {
  if (typeof value === 'string') {
    for (const [, inner] of value.matchAll(TOKEN)) {
      const [root] = keysOf(inner.split('|')[0]);
      if (root) found.add(root);
    }
  } else if (depth <= DEEPEST && value && typeof value === 'object') {
    for (const item of Object.values(value)) roots(item, found, depth + 1);
  }
  return found;
}
