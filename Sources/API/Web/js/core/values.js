/** What was entered into fields: what it starts as, what is wrong with it, and what of it is sent. */
import { text } from './format.js';
import { badRow } from './rows.js';
import { flat } from './schema.js';

/** Inputs whose value is a list. */
const LISTS = new Set(['multiselect', 'tags', 'daterange', 'file', 'table']);

/** @param {any} field */
function blank(field) {
  if (field.input === 'switch' || field.input === 'checkbox') return false;
  if (field.input === 'range') return [Number(field.min ?? 0), Number(field.max ?? 100)];
  if (field.input === 'slider') return Number(field.min ?? 0);
  if (field.input === 'segmented') return field.options?.[0]?.value ?? '';
  if (LISTS.has(field.input) || (field.input === 'chips' && field.multiple === true)) return [];
  return ['number', 'date', 'datetime', 'select'].includes(field.input) ? null : '';
}

/** @param {any[]} fields @param {Record<string, unknown>} [saved] */
export function valuesOf(fields, saved = {}) {
  const known = flat(fields).map((
    field,
  ) => [field.id, saved[field.id] ?? field.default ?? field.value ?? blank(field)]);
  return { ...saved, ...Object.fromEntries(known) };
}

/** Longer texts are not tried against a pattern that somebody else wrote: it could take for ever. */
const LONGEST_TRIED = 2000;

/** @param {unknown} pattern @param {string} value */
function agrees(pattern, value) {
  if (typeof pattern !== 'string' || pattern.length > 500 || value.length > LONGEST_TRIED) return true;
  // Nested repetition is where patterns explode.
  if (/[+*}]\)?[+*{]|\([^)]*[+*][^)]*\)[+*{]/.test(pattern)) return true;
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return true; // The plugin's mistake, not the person's.
  }
}

/** @param {any} field @param {number} n */
function outOfRange(field, n) {
  if (!Number.isFinite(n)) return 'Enter a number.';
  if (field.min !== undefined && n < Number(field.min)) return `The smallest allowed value is ${field.min}.`;
  if (field.max !== undefined && n > Number(field.max)) return `The largest allowed value is ${field.max}.`;
  return field.integer === true && !Number.isInteger(n) ? 'Enter a whole number.' : undefined;
}

/** @param {any} field @param {string} value */
function badText(field, value) {
  const [least, most] = [Number(field.minLength ?? field.min_length), Number(field.maxLength ?? field.max_length)];
  if (least > 0 && value.length < least) return `At least ${least} characters.`;
  if (most > 0 && value.length > most) return `At most ${most} characters; these are ${value.length}.`;
  if (field.type === 'email' && !/^[^\s@]+@[^\s@]+$/.test(value)) return 'Enter an address like name@example.org.';
  if (field.type === 'url' && !/^https?:\/\/\S+$/.test(value)) {
    return 'Enter an address that begins with http:// or https://.';
  }
  return agrees(field.pattern, value)
    ? undefined
    : text(field.patternMessage ?? field.pattern_message ?? 'This does not have the expected form.');
}

/** @param {any} field @param {any[]} list */
function badList(field, list) {
  const [least, most] = [Number(field.minValues ?? field.min_values), Number(field.maxValues ?? field.max_values)];
  if (least > 0 && list.length < least) return `At least ${least}.`;
  if (most > 0 && list.length > most) return `At most ${most}; these are ${list.length}.`;
  if (field.input === 'table') return badRow(field.columns, list);
  if (field.input !== 'file') return undefined;
  const largest = Number(field.maxSize ?? field.max_size) || Infinity;
  const tooLarge = list.find((file) => file.size > largest);
  return tooLarge ? `“${tooLarge.name}” is larger than ${Math.round(largest / 1024)} KB.` : undefined;
}

/** What is wrong with a field's value, in words; undefined when nothing is. @param {any} field @param {any} value */
export function problemOf(field, value) {
  const empty = value === undefined || value === null || value === '' ||
    (Array.isArray(value) && !value.some((one) => one !== null && one !== ''));
  if (empty) return field.required ? `${field.label} is required.` : undefined;
  if (field.required && field.input === 'checkbox' && value === false) return `${field.label} has to be ticked.`;
  if (field.input === 'json' && typeof value === 'string') {
    try {
      JSON.parse(value);
    } catch {
      return 'This is not valid JSON.';
    }
  }
  if (field.input === 'number') return outOfRange(field, Number(value));
  if (Array.isArray(value) && field.input !== 'range') return badList(field, value);
  return typeof value === 'string' && ['text', 'textarea', 'password', 'search'].includes(field.input)
    ? badText(field, value)
    : undefined;
}

/** Values as they are sent: numbers as numbers, JSON parsed, files apart. @param {any[]} fields @param {Record<string, any>} values */
export function sendable(fields, values) {
  const out = { ...values };
  for (const { id, input } of flat(fields)) {
    if (input === 'number' && typeof out[id] === 'string' && out[id].trim() !== '') out[id] = Number(out[id]);
    if (input === 'json' && typeof out[id] === 'string') out[id] = out[id].trim() === '' ? null : JSON.parse(out[id]);
    if (input === 'file') delete out[id];
  }
  return out;
}

/** The files among the values; undefined without any. @param {any[]} fields @param {Record<string, any>} values @returns {Record<string, File[]> | undefined} */
export function filesOf(fields, values) {
  const found = flat(fields).filter((field) => field.input === 'file' && values[field.id]?.length);
  return found.length ? Object.fromEntries(found.map((field) => [field.id, [...values[field.id]]])) : undefined;
}
