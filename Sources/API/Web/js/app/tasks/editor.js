/** A schedule's form, with its next firings while it is written. */
import { tasks } from '../../net/tasks.js';
import { Icon } from '../../ui/icon.js';
import { Button, Group, h, NumberInput, Select, SimpleGrid, Stack, Switch, TextInput, useState } from '../../ui/kit.js';
import { complain, notify } from '../../ui/notify.js';
import { Firings } from '../cron.js';
import { Moment } from '../moment.js';
import { bodyOf, draftOf, ruleOf } from './rule.js';
import { RuleForm } from './ruleform.js';

const MISSED = [
  { value: 'latest', label: 'one run for the newest' },
  { value: 'all', label: 'one run for each' },
  { value: 'skip', label: 'nothing' },
];
const OVERLAPS = [
  { value: 'allow', label: 'both run' },
  { value: 'skip', label: 'the new one is left out' },
  { value: 'cancel', label: 'the old one is stopped' },
];

/** @param {{draft: any, set: (key: string) => (value: any) => void}} props */
const Finer = ({ draft, set }) =>
  Stack(
    { gap: 'md' },
    SimpleGrid(
      { cols: { base: 1, sm: 2 }, spacing: 'md' },
      Select({
        label: 'For runs that were missed',
        data: MISSED,
        value: draft.missed,
        onChange: set('missed'),
        allowDeselect: false,
      }),
      Select({
        label: 'While the run before goes on',
        data: OVERLAPS,
        value: draft.overlap,
        onChange: set('overlap'),
        allowDeselect: false,
      }),
      h(Moment, { label: 'Not before', value: draft.start, onChange: (at) => set('start')(at ?? ''), framed: true }),
      h(Moment, { label: 'Not after', value: draft.expires, onChange: (at) => set('expires')(at ?? ''), framed: true }),
      NumberInput({
        label: 'Spread over',
        description: 'At random, up to so many seconds later',
        value: draft.jitter,
        onChange: set('jitter'),
        min: 0,
        max: 86_400,
        suffix: ' s',
      }),
      TextInput({ label: 'Description', value: draft.description, onChange: set('description') }),
    ),
    Switch({ label: 'Once, then it is switched off', checked: draft.oneOff, onChange: set('oneOff') }),
  );

/** @param {{schedule: any, close: () => void, after: () => void}} props */
export function Editor({ schedule, close, after }) {
  const [draft, setDraft] = useState(() => draftOf(schedule));
  const [finer, setFiner] = useState(false);
  const set = (/** @type {string} */ key) => (/** @type {any} */ value) =>
    setDraft((/** @type {any} */ now) => ({ ...now, [key]: value }));
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      const body = bodyOf(draft, schedule);
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
      h(RuleForm, { draft, set }),
      (draft.kind !== 'clocked' || draft.at) && h(Firings, { rule: ruleOf(draft) }),
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
      h(
        'button',
        { type: 'button', className: 'section-toggle', 'aria-expanded': finer, onClick: () => setFiner(!finer) },
        h(Icon, { name: finer ? 'chevron-down' : 'chevron-right', size: 15 }),
        'Missed runs, limits and the rest',
      ),
      finer && h(Finer, { draft, set }),
      Group(
        { justify: 'flex-end' },
        Button({ variant: 'default', onClick: close }, 'Cancel'),
        Button({ type: 'submit' }, 'Save'),
      ),
    ),
  );
}
