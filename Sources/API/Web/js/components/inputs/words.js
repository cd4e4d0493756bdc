/** Inputs for words: text, textarea, password, search, json. */
import { text } from '../../core/format.js';
import { icon } from '../../ui/icon.js';
import { h, JsonInput, PasswordInput, Textarea, TextInput } from '../../ui/kit.js';

/** @type {Record<string, (common: any, field: any, value: any) => any>} */
export const words = {
  text: (common, field, value) =>
    TextInput({
      ...common,
      value: text(value),
      leftSection: icon(field.icon, 16),
      rightSection: field.suffix && h('span', { className: 'dim' }, text(field.suffix)),
    }),
  search: (common, _, value) => TextInput({ ...common, value: text(value), leftSection: icon('search', 16) }),
  textarea: (common, field, value) =>
    Textarea({
      ...common,
      value: text(value),
      autosize: true,
      minRows: Number(field.rows ?? field.minRows) || 3,
      maxRows: Math.max(12, Number(field.rows) || 0),
    }),
  password: (common, _, value) => PasswordInput({ ...common, value: text(value), autoComplete: 'new-password' }),
  json: (common, _, value) =>
    JsonInput({
      ...common,
      value: typeof value === 'string'
        ? value
        : value === null || value === undefined
        ? ''
        : JSON.stringify(value, null, 2),
      formatOnBlur: true,
      autosize: true,
      minRows: 3,
      maxRows: 14,
      placeholder: common.placeholder ?? '{ }',
    }),
};
