/** One labelled control per field. Settings forms and action forms draw the same ones; a newcomer registers its own here. */
import { text } from '../../core/format.js';
import { safeUrl } from '../../core/url.js';
import { h, lazy, Suspense, TextInput } from '../../ui/kit.js';
import { useStable } from '../../ui/hooks.js';
import { choices } from './choice.js';
import { FileField } from './file.js';
import { moments } from './moments.js';
import { numbers } from './numbers.js';
import { words as written } from './words.js';

/** Words with the addresses in them made links. @param {string} words */
function linked(words) {
  return words.split(/(https?:\/\/[^\s)]*[^\s).,;:!?])/).map((part, index) => {
    const href = index % 2 ? safeUrl(part) : undefined;
    return href
      ? h('a', { key: index, className: 'link', href, target: '_blank', rel: 'noopener noreferrer' }, part)
      : part;
  });
}

const Info = (/** @type {{field: any}} */ { field }) =>
  h(
    'div',
    { className: 'info-field' },
    field.label && h('strong', {}, field.label),
    h('p', {}, ...linked(text(field.description ?? field.value ?? field.help))),
  );

// Few plugins have these, so they are fetched by pages that do.
const UploadField = lazy(() => import('./upload.js').then(({ UploadField: part }) => ({ default: part })));
const RowsField = lazy(() => import('./rows.js').then(({ RowsField: part }) => ({ default: part })));
/** @param {any} Part @param {any} props */
const late = (Part, props) => h(Suspense, { fallback: null }, h(Part, props));

/** By input type: what draws it, from what all inputs have in common, the field, and its value. */
const INPUTS = /** @type {Record<string, (common: any, field: any, value: any) => any>} */ ({
  ...written,
  ...numbers,
  ...choices,
  ...moments,
  file: (common, field, value) => h(FileField, { common, field, value }),
  upload: (common, field, value) => late(UploadField, { common, field, value }),
  table: (common, field, value) => late(RowsField, { common, field, value }),
});

/** The input types that fields may name. */
export const INPUT_TYPES = Object.keys(INPUTS);

/** @param {{field: any, value: any, onChange: (value: any) => void, error?: string, disabled?: boolean}} props */
export function Field({ field, value, onChange, error, disabled = false }) {
  const options = useStable(field.options);
  if (field.input === 'info') return h(Info, { field });
  const common = {
    label: field.label,
    description: field.help || undefined,
    error,
    disabled: disabled || field.disabled === true,
    readOnly: field.readOnly === true || field.readonly === true ? true : undefined,
    value,
    placeholder: field.placeholder === undefined ? undefined : text(field.placeholder),
    onChange,
    withAsterisk: field.required === true,
  };
  const draw = Object.hasOwn(INPUTS, field.input) ? INPUTS[field.input] : undefined;
  if (draw) return draw(common, { ...field, options }, value);
  return TextInput({
    ...common,
    value: text(value),
    description: [field.help, `(“${text(field.type)}” is edited as text)`].filter(Boolean).join(' '),
  });
}
