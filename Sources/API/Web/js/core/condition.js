/** Whether a node or a field is to be seen. Conditions are data: a truth value, a template, or a comparison of paths. */
import { get, has, isObject } from './path.js';
import { compare } from './query.js';
import { resolve } from './template.js';

const DEEPEST = 10;

/** `"false"`, `"0"`, `"no"` and empty lists are as false as false. @param {any} value */
export function truthy(value) {
  if (Array.isArray(value)) return value.length > 0;
  return Boolean(value) && !['false', '0', 'no', 'off'].includes(String(value).trim().toLowerCase());
}

const TESTS = /** @type {Record<string, (value: any, wanted: any) => boolean>} */ ({
  equals: (value, wanted) => compare(value, wanted) === 0,
  eq: (value, wanted) => compare(value, wanted) === 0,
  notEquals: (value, wanted) => compare(value, wanted) !== 0,
  ne: (value, wanted) => compare(value, wanted) !== 0,
  in: (value, wanted) => Array.isArray(wanted) && wanted.some((one) => compare(value, one) === 0),
  notIn: (value, wanted) => Array.isArray(wanted) && !wanted.some((one) => compare(value, one) === 0),
  gt: (value, wanted) => Number(value) > Number(wanted),
  gte: (value, wanted) => Number(value) >= Number(wanted),
  lt: (value, wanted) => Number(value) < Number(wanted),
  lte: (value, wanted) => Number(value) <= Number(wanted),
  contains: (value, wanted) =>
    Array.isArray(value)
      ? value.some((one) => compare(one, wanted) === 0)
      : String(value ?? '').includes(String(wanted)),
  truthy: (value, wanted) => truthy(value) === truthy(wanted),
});

/**
 * `true`, `"{{ path }}"`, `{path, equals | notEquals | in | notIn | gt | gte | lt | lte | contains | exists | truthy}`,
 * `{all: […]}`, `{any: […]}`, `{not: …}`. A list is `all`. A comparison without a test asks for truth.
 * @param {any} condition @param {object} scope @param {number} [depth] @returns {boolean}
 */
export function holds(condition, scope, depth = 0) {
  if (depth > DEEPEST) return false;
  const inner = (/** @type {any} */ one) => holds(one, scope, depth + 1);
  if (Array.isArray(condition)) return condition.every(inner);
  if (!isObject(condition)) return truthy(resolve(condition, scope));
  if (condition.not !== undefined) return !inner(condition.not);
  if (Array.isArray(condition.all ?? condition.and)) return (condition.all ?? condition.and).every(inner);
  if (Array.isArray(condition.any ?? condition.or)) return (condition.any ?? condition.or).some(inner);
  const path = condition.path ?? condition.field;
  if (path === undefined && condition.value === undefined) return false;
  const value = path === undefined ? resolve(condition.value, scope) : get(scope, path) ?? get(scope, `values.${path}`);
  if (condition.exists !== undefined) return has(scope, path) === truthy(condition.exists);
  const asked = Object.keys(TESTS).filter((name) => Object.hasOwn(condition, name));
  if (!asked.length) return truthy(value);
  return asked.every((name) => TESTS[name](value, resolve(condition[name], scope)));
}

/** What a node says about when it is seen. @param {any} node */
export const conditionsOf = (node) => ({
  show: [node.visible, node.visibleWhen, node.visible_when, node.when, node.showIf, node.show_if].filter(
    (one) => one !== undefined,
  ),
  hide: [node.hidden, node.hiddenWhen, node.hidden_when, node.hideIf, node.hide_if].filter((one) => one !== undefined),
});

/** @param {any} node @param {object} scope */
export function isShown(node, scope) {
  const { show, hide } = conditionsOf(node);
  return show.every((one) => holds(one, scope)) && !hide.some((one) => holds(one, scope));
}
