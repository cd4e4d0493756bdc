/** A schedule's form, with its next firings while it is written. */
import { text } from '../../core/format.js';
import { tasks } from '../../net/tasks.js';
import {
  Button,
  Group,
  h,
  NumberInput,
  SegmentedControl,
  Select,
  SimpleGrid,
  Stack,
  TextInput,
  useState,
} from '../../ui/kit.js';
import { complain, notify } from '../../ui/notify.js';
import { CronPresets, Firings } from '../cron.js';
import { bodyOf, draftOf, PERIODS, ruleOf } from './rule.js';

const KINDS = [{ value: 'interval', label: 'Every…' }, { value: 'crontab', label: 'Crontab' }];
const UNITS = PERIODS.map((value) => ({ value, label: value }));

/** @param {{schedule: any, close: () => void, after: () => void}} props */
export function Editor({ schedule, close, after }) {
  const [draft, setDraft] = useState(() => draftOf(schedule));
  const set = (/** @type {string} */ key) => (/** @type {any} */ value) =>
    setDraft((/** @type {any} */ now) => ({ ...now, [key]: value }));
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      const body = bodyOf(draft);
      if (!body.name || !body.task) throw new Error('A schedule has a name and a task.');
      await (schedule.id === undefined ? tasks.addSchedule(body) : tasks.changeSchedule(schedule.id, body));
      notify({ title: 'Saved', message: body.name });
      after();
      close();
    } catch (error) {
      complain('Not saved', error);
    }
  };
  return h(
    'form',
    { onSubmit: save, noValidate: true, 'aria-label': 'Schedule' },
    Stack(
      { gap: 'md' },
      SimpleGrid(
        { cols: { base: 1, sm: 2 }, spacing: 'md' },
        TextInput({ label: 'Name', value: draft.name, onChange: set('name'), withAsterisk: true }),
        TextInput({
          label: 'Task',
          value: draft.task,
          onChange: set('task'),
          withAsterisk: true,
          placeholder: 'apps.epg.tasks.refresh_all_epg_data',
        }),
      ),
      SegmentedControl({ data: KINDS, value: draft.kind, onChange: set('kind'), 'aria-label': 'Kind of rule' }),
      draft.kind === 'interval'
        ? SimpleGrid(
          { cols: 2, spacing: 'md' },
          NumberInput({ label: 'Every', value: draft.every, onChange: set('every'), min: 1, allowDecimal: false }),
          Select({ label: 'Unit', data: UNITS, value: draft.period, onChange: set('period'), allowDeselect: false }),
        )
        : SimpleGrid(
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
      draft.kind === 'crontab' && h(CronPresets, { value: draft.crontab, onChange: set('crontab') }),
      h(Firings, { rule: ruleOf(draft) }),
      SimpleGrid(
        { cols: { base: 1, sm: 3 }, spacing: 'md' },
        TextInput({ label: 'Arguments', description: 'A JSON list', value: draft.args, onChange: set('args') }),
        TextInput({
          label: 'Named arguments',
          description: 'A JSON object',
          value: draft.kwargs,
          onChange: set('kwargs'),
        }),
        TextInput({ label: 'Queue', description: 'Empty: the task’s own', value: draft.queue, onChange: set('queue') }),
      ),
      Group(
        { justify: 'flex-end' },
        Button({ variant: 'default', onClick: close }, 'Cancel'),
        Button({ type: 'submit' }, 'Save'),
      ),
    ),
  );
}
