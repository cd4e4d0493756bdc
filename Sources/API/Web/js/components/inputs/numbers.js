/** Inputs for amounts: number, slider, range, color. */
import { text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { ColorInput, h, NumberInput, RangeSlider, Slider } from '../../ui/kit.js';
import { Framed } from './framed.js';

const asNumber = (/** @type {unknown} */ value) =>
  value === undefined || value === null || value === '' || !Number.isFinite(Number(value)) ? undefined : Number(value);

/** @param {any} field */
function bounds(field) {
  const [min, max] = [asNumber(field.min) ?? 0, asNumber(field.max) ?? 100];
  const marks = Array.isArray(field.marks)
    ? field.marks.slice(0, 20).map((
      /** @type {any} */ one,
    ) => (isObject(one)
      ? { value: asNumber(one.value) ?? 0, label: one.label === undefined ? undefined : text(one.label) }
      : { value: asNumber(one) ?? 0, label: text(one) })
    )
    : undefined;
  return { min, max: Math.max(min + 1e-9, max), step: asNumber(field.step) ?? 1, marks };
}

/** @type {Record<string, (common: any, field: any, value: any) => any>} */
export const numbers = {
  number: (common, field, value) =>
    NumberInput({
      ...common,
      value: typeof value === 'number' || typeof value === 'string' ? value : '',
      min: asNumber(field.min),
      max: asNumber(field.max),
      step: asNumber(field.step) ?? 1,
      suffix: field.suffix === undefined && field.unit === undefined
        ? undefined
        : ` ${text(field.suffix ?? field.unit)}`,
      clampBehavior: 'blur',
    }),
  slider: (common, field, value) => {
    const { marks, ...within } = bounds(field);
    const at = Math.min(within.max, Math.max(within.min, asNumber(value) ?? within.min));
    return h(Framed, {
      common: { ...common, label: `${text(common.label)}: ${at}${text(field.suffix ?? field.unit)}` },
      control: () =>
        Slider({
          ...within,
          marks,
          value: at,
          onChange: common.onChange,
          updatemode: 'drag',
          disabled: common.disabled,
          thumbLabel: text(common.label),
          mb: marks ? 'lg' : undefined,
        }),
    });
  },
  range: (common, field, value) => {
    const { marks, ...within } = bounds(field);
    const at = Array.isArray(value) && value.length === 2
      ? value.map((one) => asNumber(one) ?? 0)
      : [within.min, within.max];
    return h(Framed, {
      common: { ...common, label: `${text(common.label)}: ${at[0]} to ${at[1]}` },
      control: () =>
        RangeSlider({
          ...within,
          marks,
          value: at,
          onChange: common.onChange,
          updatemode: 'drag',
          disabled: common.disabled,
          minRange: asNumber(field.minRange) ?? 0,
          thumbFromLabel: `${text(common.label)}, from`,
          thumbToLabel: `${text(common.label)}, to`,
          mb: marks ? 'lg' : undefined,
        }),
    });
  },
  color: (common, field, value) =>
    ColorInput({
      ...common,
      value: text(value),
      format: ['hex', 'hexa', 'rgb', 'rgba', 'hsl', 'hsla'].includes(field.format) ? field.format : 'hex',
      swatches: Array.isArray(field.swatches)
        ? field.swatches.map(text).slice(0, 30)
        : ['#fa5252', '#be4bdb', '#4c6ef5', '#15aabf', '#12b886', '#82c91e', '#fab005', '#fd7e14'],
      eyeDropperButtonProps: { 'aria-label': 'Pick a colour from the screen' },
    }),
};
