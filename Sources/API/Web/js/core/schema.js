/** What plugins declare (fields, actions, pages, inputs), brought into one shape. Anything malformed is left out, never thrown. */
import { text, words } from './format.js';
import { isObject } from './path.js';
import { safeRoute } from './url.js';
import { valuesOf } from './values.js';

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
  multi: 'multiselect',
  multiselect: 'multiselect',
  tag: 'tags',
  rangeslider: 'range',
  radiogroup: 'radio',
  segmentedcontrol: 'segmented',
  daterangepicker: 'daterange',
  rows: 'table',
  upload: 'file',
  dropzone: 'file',
  colour: 'color',
  toggle: 'switch',
  email: 'text',
  url: 'text',
});

/** The input that draws a type. Settings use `text` for several lines, forms for one; a file is sent with a form, a setting keeps one. @param {unknown} type @param {boolean} [settings] */
export function inputType(type, settings = false) {
  const name = text(type || 'string').toLowerCase().replace(/[\s_-]/g, '');
  if (settings && name === 'text') return 'textarea';
  // A form sends a file with the action; a setting keeps it on the server.
  if (settings && ['file', 'upload', 'dropzone'].includes(name)) return 'upload';
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

/** A heading over fields, or a frame around some. @param {any} field */
const isSection = (field) => ['section', 'fieldset', 'group', 'heading'].includes(text(field.type).toLowerCase());

/** Fields without what only arranges them. @param {any[]} fields @returns {any[]} */
export const flat = (fields) =>
  fields.flatMap((field) => (field.input === 'section' ? flat(field.fields) : field.input === 'info' ? [] : [field]));

/** Fields stand in the section that they name; those that name none, or one that is not there, stay where they are. @param {any[]} fields @returns {any[]} */
function inSections(fields) {
  const sections = new Set(fields.filter((field) => field.input === 'section').map((field) => field.id));
  const isInside = (/** @type {any} */ field) =>
    field.input !== 'section' && field.section !== undefined && sections.has(text(field.section));
  if (!fields.some(isInside)) return fields;
  return fields.filter((field) => !isInside(field)).map((field) =>
    field.input !== 'section' ? field : {
      ...field,
      fields: [...field.fields, ...fields.filter((one) => isInside(one) && text(one.section) === field.id)],
    }
  );
}

/** @param {unknown} list @param {boolean} [settings] @returns {any[]} */
export function fieldsOf(list, settings = false, depth = 0) {
  if (!Array.isArray(list) || depth > 5) return [];
  return inSections(shapedOf(list, settings, depth));
}

/** @param {any[]} list @param {boolean} settings @param {number} depth @returns {any[]} */
function shapedOf(list, settings, depth) {
  return list.slice(0, MOST_CHILDREN).flatMap((field, index) => {
    if (!isObject(field)) return [];
    const id = text(field.id ?? field.name ?? (field.type === 'info' ? `info-${index}` : ''));
    // A name that every object has already would be read where no value was entered.
    if (!id || id in Object.prototype) return [];
    if (isSection(field)) {
      return [{
        ...field,
        id,
        label: text(field.label ?? field.title ?? words(id)),
        input: 'section',
        help: text(field.help_text ?? field.description ?? ''),
        fields: fieldsOf(field.fields, settings, depth + 1),
        options: [],
      }];
    }
    const password = [field.input_type, field.inputType].includes('password') || field.secret === true;
    return [{
      ...field,
      id,
      label: text(field.label ?? words(id)),
      input: password ? 'password' : inputType(field.type, settings),
      help: text(field.help_text ?? field.help ?? field.description ?? ''),
      options: optionsOf(field.options ?? field.data),
      options_raw: field.options ?? field.data,
    }];
  });
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
