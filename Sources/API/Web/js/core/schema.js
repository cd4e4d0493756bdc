/** What plugins declare (fields, actions, pages, inputs), brought into one shape. Anything malformed is left out, never thrown. */
import { text, words } from './format.js';
import { isObject } from './path.js';
import { safeRoute } from './url.js';

/** Nodes nested deeper are not drawn: a page that deep is a mistake or an attack. */
export const DEEPEST_NODE = 40;
/** Children drawn per node, fields per form: the rest is cut with a notice. */
export const MOST_CHILDREN = 500;

const INPUTS = /** @type {Record<string, string>} */ ({
  string: 'text',
  str: 'text',
  input: 'text',
  multiline: 'textarea',
  boolean: 'switch',
  bool: 'switch',
  int: 'number',
  integer: 'number',
  float: 'number',
  dropdown: 'select',
  secret: 'password',
});

/** The input that draws a type. Settings use `text` for several lines, forms for one. @param {unknown} type @param {boolean} [settings] */
export function inputType(type, settings = false) {
  const name = text(type || 'string').toLowerCase();
  if (settings && name === 'text') return 'textarea';
  return Object.hasOwn(INPUTS, name) ? INPUTS[name] : name;
}

/** @param {unknown} list @returns {{value: string, label: string}[]} */
export function optionsOf(list) {
  if (!Array.isArray(list)) return [];
  const seen = new Set();
  const options = list.slice(0, MOST_CHILDREN * 2).map((item) => {
    const value = text(isObject(item) ? item.value : item);
    return { value, label: text((isObject(item) ? item.label : item) ?? value) || value };
  });
  return options.filter(({ value }) => !seen.has(value) && seen.add(value));
}

/** @param {unknown} list @param {boolean} [settings] @returns {any[]} */
export function fieldsOf(list, settings = false) {
  if (!Array.isArray(list)) return [];
  return list.slice(0, MOST_CHILDREN).flatMap((field, index) => {
    if (!isObject(field)) return [];
    const id = text(field.id ?? field.name ?? (field.type === 'info' ? `info-${index}` : ''));
    // A name that every object has already would be read where no value was entered.
    if (!id || id in Object.prototype) return [];
    const password = field.input_type === 'password' || field.inputType === 'password';
    return [{
      ...field,
      id,
      label: text(field.label ?? words(id)),
      input: password ? 'password' : inputType(field.type, settings),
      help: text(field.help_text ?? field.help ?? field.description ?? ''),
      options: optionsOf(field.options ?? field.data),
    }];
  });
}

/** @param {any[]} fields @param {Record<string, unknown>} [saved] */
export function valuesOf(fields, saved = {}) {
  const known = fields.filter((field) => field.input !== 'info').map((
    field,
  ) => [field.id, saved[field.id] ?? field.default ?? blank(field)]);
  return { ...saved, ...Object.fromEntries(known) };
}

/** @param {any} field */
function blank(field) {
  if (field.input === 'switch' || field.input === 'checkbox') return false;
  return field.input === 'number' ? null : '';
}

/** What is wrong with a field's value, in words; undefined when nothing is. @param {any} field @param {any} value */
export function problemOf(field, value) {
  const empty = value === undefined || value === null || value === '' || (Array.isArray(value) && !value.length);
  if (empty) return field.required ? `${field.label} is required.` : undefined;
  if (field.input === 'json' && typeof value === 'string') {
    try {
      JSON.parse(value);
    } catch {
      return 'This is not valid JSON.';
    }
  }
  if (field.input !== 'number') return undefined;
  const n = Number(value);
  if (!Number.isFinite(n)) return 'Enter a number.';
  if (field.min !== undefined && n < Number(field.min)) return `The smallest allowed value is ${field.min}.`;
  if (field.max !== undefined && n > Number(field.max)) return `The largest allowed value is ${field.max}.`;
  return undefined;
}

/** Values as they are sent: numbers as numbers, JSON parsed. @param {any[]} fields @param {Record<string, any>} values */
export function sendable(fields, values) {
  const out = { ...values };
  for (const { id, input } of fields) {
    if (input === 'number' && typeof out[id] === 'string' && out[id].trim() !== '') out[id] = Number(out[id]);
    if (input === 'json' && typeof out[id] === 'string') out[id] = out[id].trim() === '' ? null : JSON.parse(out[id]);
  }
  return out;
}

/** @param {unknown} list @returns {any[]} */
export function actionsOf(list) {
  if (!Array.isArray(list)) return [];
  return list.slice(0, MOST_CHILDREN).filter((item) => isObject(item) && (item.id || item.action)).map((item) => ({
    ...item,
    id: text(item.id ?? item.action),
    label: text(item.label ?? item.button_label ?? words(item.id ?? item.action)),
  }));
}

/** A plugin's further pages, with the address of each. @param {any} plugin @returns {any[]} */
export function pagesOf(plugin) {
  const pages = plugin?.ui_schema?.pages;
  if (!Array.isArray(pages)) return [];
  return pages.slice(0, 50).flatMap((page) => {
    if (!isObject(page) || !page.id) return [];
    const wanted = page.requiresSetting;
    const setting = wanted ? valuesOf(fieldsOf(plugin.fields, true), plugin.settings ?? {})[text(wanted)] : true;
    if (setting !== undefined && !setting) return [];
    const id = text(page.id);
    const own = `/plugins/${encodeURIComponent(plugin.key)}/${encodeURIComponent(id)}`;
    return [{
      ...page,
      id,
      label: text(page.label ?? page.title ?? words(id)),
      placement: text(page.placement || 'plugin'),
      route: safeRoute(page.route) ?? own,
      own,
    }];
  });
}

/** @param {any} plugin */
export const hasLayout = (plugin) => isObject(plugin?.ui_schema?.layout) || Array.isArray(plugin?.ui_schema?.layout);

/** `FileText` → `file-text`, `Trash2` → `trash-2`; undefined for what is no icon name. @param {unknown} name */
export function iconName(name) {
  if (typeof name !== 'string' || !/^[A-Za-z][A-Za-z\d-]{0,60}$/.test(name)) return undefined;
  return name.replace(/([a-z])([A-Z])/g, '$1-$2').replace(/([A-Z])([A-Z][a-z])/g, '$1-$2').replace(
    /([A-Za-z])(\d)/g,
    '$1-$2',
  ).toLowerCase();
}
