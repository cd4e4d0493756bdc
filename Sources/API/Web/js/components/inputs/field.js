/** One labelled control per field. Settings forms and action forms draw the same ones. */
import { text } from '../../core/format.js';
import { safeUrl } from '../../core/url.js';
import {
  Checkbox,
  h,
  JsonInput,
  NumberInput,
  PasswordInput,
  Select,
  Switch,
  Textarea,
  TextInput,
} from '../../ui/kit.js';
import { useStable } from '../../ui/hooks.js';

const asNumber = (
  /** @type {unknown} */ value,
) => (value === undefined || value === null || !Number.isFinite(Number(value)) ? undefined : Number(value));

/** Words with the addresses in them made links. @param {string} words */
function linked(words) {
  return words.split(/(https?:\/\/[^\s)]+)/).map((part, index) => {
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
    h('p', {}, linked(text(field.description ?? field.value ?? field.help))),
  );

/** @param {{field: any, value: any, onChange: (value: any) => void, error?: string, disabled?: boolean}} props */
export function Field({ field, value, onChange, error, disabled = false }) {
  const options = useStable(field.options);
  if (field.input === 'info') return h(Info, { field });
  const common = {
    label: field.label,
    description: field.help || undefined,
    error,
    disabled,
    value,
    placeholder: field.placeholder === undefined ? undefined : text(field.placeholder),
    onChange,
    required: field.required === true,
    withAsterisk: field.required === true,
  };
  // Mantine's `required` would also start the browser's own bubbles; ours are written under the field.
  const words = { ...common, required: undefined, value: text(value), attributes: undefined };
  switch (field.input) {
    case 'switch':
    case 'checkbox': {
      const on = value === true || value === 'true' || value === 1;
      const part = field.input === 'switch' ? Switch : Checkbox;
      return part({ label: field.label, description: common.description, error, disabled, checked: on, onChange });
    }
    case 'number':
      return NumberInput({
        ...words,
        value: typeof value === 'number' || typeof value === 'string' ? value : '',
        min: asNumber(field.min),
        max: asNumber(field.max),
        step: asNumber(field.step) ?? 1,
        clampBehavior: 'blur',
      });
    case 'select':
      return Select({
        ...words,
        value: value === '' || value === null || value === undefined ? null : text(value),
        data: options,
        searchable: options.length > 10,
        allowDeselect: field.required !== true,
        checkIconPosition: 'right',
      });
    case 'textarea':
      return Textarea({ ...words, autosize: true, minRows: asNumber(field.rows) ?? 3, maxRows: 12 });
    case 'password':
      return PasswordInput({ ...words, autoComplete: 'new-password' });
    case 'json':
      return JsonInput({
        ...words,
        value: typeof value === 'string' ? value : text(value),
        formatOnBlur: true,
        autosize: true,
        minRows: 3,
        maxRows: 14,
        placeholder: words.placeholder ?? '{ }',
      });
    case 'search':
    case 'text':
      return TextInput(words);
    default:
      return TextInput({
        ...words,
        description: [field.help, `(“${text(field.type)}” is edited as text)`].filter(Boolean).join(' '),
      });
  }
}
