/** What list-like components show: the items they carry themselves, or those in their source's data. */
import { text } from '../../core/format.js';
import { get, isObject } from '../../core/path.js';
import { rowsOf } from '../../core/query.js';
import { resolve, roots } from '../../core/template.js';
import { useResolved, useResolver, useRuntime, useSource } from '../../render/runtime.js';
import { useMemo } from '../../ui/kit.js';
import { whole } from '../layout/options.js';

/** Longer lists are cut: a table pages, a list does not. */
const MOST = 500;

/** @param {any} node @param {string[]} [keys] @returns {{source: any, items: any[], total: number}} */
export function useItems(node, keys = ['items', 'rows', 'data']) {
  const source = useSource(node);
  const own = keys.map((key) => node[key]).find((one) => one !== undefined);
  const said = useResolved(own, { data: source.data });
  const at = own === undefined ? (node.path === undefined ? source.data : get(source.data, node.path)) : said;
  const all = useMemo(() => rowsOf(at), [at]);
  const limit = whole(node.limit, MOST, 1, MOST);
  const items = useMemo(() => all.slice(0, limit), [all, limit]);
  return { source, items, total: all.length };
}

/** What templates see for one item. @param {any} item @param {number} [index] */
export const scopeOf = (item, index = 0) => ({ item, row: item, value: item, index });

/** Fills in templates for items: with everything on the page, and the item. @returns {(value: any, item: any, index?: number) => any} */
export function useItemWords() {
  const runtime = useRuntime();
  const resolver = useResolver();
  return (value, item, index) => {
    if (typeof value !== 'string' && typeof value !== 'object') return value;
    const scope = scopeOf(item, index);
    const isOwn = [...roots(value)].every((root) => Object.hasOwn(scope, root));
    return isOwn || !runtime ? resolve(value, scope) : resolver(value, scope);
  };
}

/** A template's value, or what lies at the first of these keys. @param {(value: any, item: any) => any} words @param {any} template @param {any} item @param {string[]} keys */
export function pick(words, template, item, keys) {
  if (template !== undefined) {
    // A plain word that names a key is the key, as in `labelKey`.
    if (
      typeof template === 'string' && !template.includes('{{') && isObject(item) && get(item, template) !== undefined
    ) {
      return get(item, template);
    }
    return words(template, item);
  }
  if (!isObject(item)) return item;
  return keys.map((key) => item[key]).find((one) => one !== undefined && one !== null && one !== '');
}

/** A key for React and for what is open: the item's own, or its place. @param {any} item @param {number} index @param {any} [key] */
export const keyOf = (item, index, key) =>
  text((key === undefined ? undefined : get(item, key)) ?? item?.id ?? item?.key ?? item?.uuid ?? `#${index}`);
