/** Inputs for dates and times. Values are text: `2026-01-31`, `14:05`, `2026-01-31 14:05:00`, or two dates in a list. */
import { text } from '../../core/format.js';
import { icon } from '../../ui/icon.js';
import { DateInput, DatePickerInput, DateTimePicker, TimePicker } from '../../ui/kit.js';

const NAMES = {
  previousMonth: 'Previous month',
  nextMonth: 'Next month',
  previousYear: 'Previous year',
  nextYear: 'Next year',
  monthLevelControl: 'Choose a month',
  yearLevelControl: 'Choose a year',
};

/** @param {any} common @param {any} field */
const shared = (common, field) => ({
  ...common,
  minDate: field.minDate === undefined && field.min === undefined ? undefined : text(field.minDate ?? field.min),
  maxDate: field.maxDate === undefined && field.max === undefined ? undefined : text(field.maxDate ?? field.max),
  clearable: field.clearable !== false && field.required !== true,
  clearButtonProps: { 'aria-label': `Clear ${text(common.label ?? common['aria-label'])}` },
  leftSection: icon('calendar', 16),
  leftSectionPointerEvents: 'none',
  ariaLabels: NAMES,
});
const asDate = (/** @type {any} */ value) => (value === '' || value === undefined ? null : value);

/** @type {Record<string, (common: any, field: any, value: any) => any>} */
export const moments = {
  date: (common, field, value) =>
    DateInput({
      ...shared(common, field),
      value: asDate(value),
      valueFormat: 'YYYY-MM-DD',
      placeholder: common.placeholder ?? '2026-01-31',
    }),
  datetime: (common, field, value) =>
    DateTimePicker({
      ...shared(common, field),
      value: asDate(value),
      valueFormat: 'YYYY-MM-DD HH:mm',
      withSeconds: field.withSeconds === true,
      placeholder: common.placeholder ?? '2026-01-31 14:05',
      submitButtonProps: { 'aria-label': 'Take this time' },
    }),
  daterange: (common, field, value) =>
    DatePickerInput({
      ...shared(common, field),
      type: 'range',
      value: Array.isArray(value) && value.length === 2 ? value : [null, null],
      valueFormat: 'YYYY-MM-DD',
      allowSingleDateInRange: true,
      placeholder: common.placeholder ?? 'From – to',
    }),
  time: (common, field, value) => {
    const { readOnly: _, placeholder: __, ...rest } = common;
    return TimePicker({
      ...rest,
      value: text(value),
      withSeconds: field.withSeconds === true,
      withDropdown: true,
      clearable: field.clearable !== false,
      clearButtonProps: { 'aria-label': `Clear ${text(common.label)}` },
      leftSection: icon('clock', 16),
      hoursInputLabel: `${text(common.label)}, hours`,
      minutesInputLabel: `${text(common.label)}, minutes`,
      secondsInputLabel: `${text(common.label)}, seconds`,
      min: field.min === undefined ? undefined : text(field.min),
      max: field.max === undefined ? undefined : text(field.max),
    });
  },
};
