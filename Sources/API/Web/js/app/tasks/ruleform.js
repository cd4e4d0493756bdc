/** The rule of a schedule as fields: every so often, by a crontab, once, or with the sun. */
import { Group, h, NumberInput, SegmentedControl, Select, SimpleGrid, Stack, TextInput } from '../../ui/kit.js';
import { CronPresets } from '../cron.js';
import { Moment } from '../moment.js';
import { PERIODS, SUNS } from './rule.js';

const KINDS = [
  { value: 'interval', label: 'Every…' },
  { value: 'crontab', label: 'Crontab' },
  { value: 'clocked', label: 'Once' },
  { value: 'solar', label: 'With the sun' },
];
const UNITS = PERIODS.map((value) => ({ value, label: value }));
const EVENTS = SUNS.map((value) => ({ value, label: value.replaceAll('_', ' ') }));

/** @type {Record<string, (draft: any, set: (key: string) => (value: any) => void) => any>} */
const FIELDS = {
  interval: (draft, set) =>
    SimpleGrid(
      { cols: 2, spacing: 'md' },
      NumberInput({ label: 'Every', value: draft.every, onChange: set('every'), min: 1, allowDecimal: false }),
      Select({ label: 'Unit', data: UNITS, value: draft.period, onChange: set('period'), allowDeselect: false }),
    ),
  crontab: (draft, set) =>
    Stack(
      { gap: 'md' },
      SimpleGrid(
        { cols: { base: 1, sm: 2 }, spacing: 'md' },
        TextInput({
          label: 'Crontab',
          description: 'minute hour day-of-month month weekday',
          value: draft.crontab,
          onChange: set('crontab'),
        }),
        TextInput({
          label: 'Time zone',
          description: 'Such as Europe/Berlin',
          value: draft.timezone,
          onChange: set('timezone'),
        }),
      ),
      h(CronPresets, { value: draft.crontab, onChange: set('crontab') }),
    ),
  clocked: (draft, set) => h(Moment, { label: 'At', value: draft.at, onChange: set('at'), framed: true }),
  solar: (draft, set) =>
    SimpleGrid(
      { cols: { base: 1, sm: 3 }, spacing: 'md' },
      Select({ label: 'Moment', data: EVENTS, value: draft.event, onChange: set('event'), allowDeselect: false }),
      NumberInput({ label: 'Latitude', value: draft.latitude, onChange: set('latitude'), min: -90, max: 90 }),
      NumberInput({ label: 'Longitude', value: draft.longitude, onChange: set('longitude'), min: -180, max: 180 }),
    ),
};

/** @param {{draft: any, set: (key: string) => (value: any) => void}} props */
export const RuleForm = ({ draft, set }) =>
  Stack(
    { gap: 'md' },
    Group(
      {},
      SegmentedControl({ data: KINDS, value: draft.kind, onChange: set('kind'), 'aria-label': 'Kind of rule' }),
    ),
    FIELDS[draft.kind](draft, set),
  );
