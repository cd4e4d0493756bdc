/** Inputs for choosing: switch, checkbox, radio, select, multiselect, segmented, chips, tags. */
import { text } from '../../core/format.js';
import {
  Autocomplete,
  Checkbox,
  Chip,
  ChipGroup,
  Group,
  h,
  MultiSelect,
  Radio,
  RadioGroup,
  SegmentedControl,
  Select,
  Stack,
  Switch,
  TagsInput,
} from '../../ui/kit.js';
import { Framed } from './framed.js';

/** Options' values are compared as text; what is chosen is given back as it was declared. @param {any} field @param {any} value */
const asDeclared = (field, value) => {
  const given = field.raw ?? field.options_raw;
  const found = (Array.isArray(given) ? given : []).find((/** @type {any} */ one) => text(one?.value ?? one) === value);
  return found === undefined ? value : found?.value ?? found;
};
const asText = (
  /** @type {any} */ value,
) => (value === '' || value === null || value === undefined ? null : text(value));
const asTexts = (
  /** @type {any} */ value,
) => (Array.isArray(value)
  ? value.map(text)
  : value === undefined || value === null || value === ''
  ? []
  : [text(value)]);

/** @param {any} common @param {any} field @param {any} value @param {(props: any) => any} part */
function tick(common, field, value, part) {
  const on = value === true || value === 'true' || value === 1;
  const { label, description, error, disabled, onChange } = common;
  return part({
    label: field.required ? `${text(label)} *` : label,
    description,
    error,
    disabled,
    checked: on,
    onChange,
  });
}

/** @param {any[]} options @param {'value' | 'label'} key @param {string} wanted */
const byKey = (options, key, wanted) => options.find((/** @type {any} */ one) => one[key] === wanted);

/** One of the options, or whatever else is written. @param {any} common @param {any} field @param {any} value */
function oneOrOwn(common, field, value) {
  return Autocomplete({
    ...common,
    value: byKey(field.options, 'value', text(value))?.label ?? text(value),
    onChange: (/** @type {string} */ now) =>
      common.onChange(asDeclared(field, byKey(field.options, 'label', now)?.value ?? now)),
    data: [...new Set(field.options.map((/** @type {any} */ one) => one.label))],
    clearable: field.clearable === true,
    clearButtonProps: { 'aria-label': `Clear ${text(common.label)}` },
  });
}

/** @param {any} common @param {any} field @param {any} value @param {boolean} creatable */
function several(common, field, value, creatable) {
  const many = {
    ...common,
    value: asTexts(value),
    onChange: (/** @type {string[]} */ now) => common.onChange(now.map((one) => asDeclared(field, one))),
    data: field.options,
    clearable: true,
    clearButtonProps: { 'aria-label': `Clear ${text(common.label)}` },
  };
  const most = Number(field.maxValues ?? field.maxTags) || undefined;
  if (creatable) {
    // What is written is told apart by its words, so the options are shown by theirs.
    const labelOf = (/** @type {string} */ value) => byKey(field.options, 'value', value)?.label ?? value;
    return TagsInput({
      ...many,
      value: many.value.map(labelOf),
      onChange: (/** @type {string[]} */ now) =>
        many.onChange(now.map((one) => byKey(field.options, 'label', one)?.value ?? one)),
      data: [...new Set(field.options.map((/** @type {any} */ one) => one.label))],
      maxTags: most,
      splitChars: [',', ';'],
    });
  }
  return MultiSelect({
    ...many,
    searchable: field.searchable !== false,
    maxValues: most,
    hidePickedOptions: true,
    nothingFoundMessage: 'Nothing found',
  });
}

/** @type {Record<string, (common: any, field: any, value: any) => any>} */
export const choices = {
  switch: (common, field, value) => tick(common, field, value, Switch),
  checkbox: (common, field, value) => tick(common, field, value, Checkbox),
  select: (common, field, value) =>
    field.creatable === true ? oneOrOwn(common, field, value) : Select({
      ...common,
      value: asText(value),
      onChange: (/** @type {any} */ now) => common.onChange(asDeclared(field, now)),
      data: field.options,
      searchable: field.searchable ?? field.options.length > 10,
      clearable: field.clearable === true,
      allowDeselect: field.required !== true,
      checkIconPosition: 'right',
      nothingFoundMessage: 'Nothing found',
      clearButtonProps: { 'aria-label': `Clear ${text(common.label)}` },
    }),
  multiselect: (common, field, value) => several(common, field, value, field.creatable === true),
  tags: (common, field, value) => several(common, field, value, true),
  radio: (common, field, value) =>
    RadioGroup(
      {
        ...common,
        placeholder: undefined,
        value: asText(value),
        onChange: (/** @type {any} */ now) => common.onChange(asDeclared(field, now)),
      },
      (field.orientation === 'vertical' ? Stack : Group)(
        { mt: 6, gap: 'sm' },
        ...field.options.map((/** @type {any} */ one) =>
          Radio({ key: one.value, value: one.value, label: one.label, disabled: common.disabled })
        ),
      ),
    ),
  segmented: (common, field, value) =>
    h(Framed, {
      common,
      control: (labelled) =>
        SegmentedControl({
          data: field.options,
          value: asText(value) ?? field.options[0]?.value,
          onChange: (/** @type {any} */ now) => common.onChange(asDeclared(field, now)),
          disabled: common.disabled,
          'aria-labelledby': labelled,
        }),
    }),
  chips: (common, field, value) =>
    field.options.length === 0 ? several(common, field, value, true) : h(Framed, {
      common,
      control: () =>
        ChipGroup(
          {
            multiple: field.multiple === true,
            deselectable: field.required !== true,
            value: field.multiple === true ? asTexts(value) : asText(value),
            onChange: (/** @type {any} */ now) =>
              common.onChange(Array.isArray(now) ? now.map((one) => asDeclared(field, one)) : asDeclared(field, now)),
          },
          Group(
            { gap: 8, mt: 6 },
            ...field.options.map((/** @type {any} */ one) =>
              Chip({ key: one.value, value: one.value, disabled: common.disabled }, one.label)
            ),
          ),
        ),
    }),
};
