/** The form of a playlist or a guide, with its next refreshes while it is written. */
import { bytes } from '../../core/format.js';
import { bodyOf, cronWords, draftOf, faultsOf, formOf } from '../../core/sources.js';
import { sources } from '../../net/sources.js';
import { IconButton } from '../../ui/atoms.js';
import { Icon } from '../../ui/icon.js';
import {
  Button,
  Group,
  h,
  NumberInput,
  PasswordInput,
  SegmentedControl,
  SimpleGrid,
  Stack,
  Switch,
  TextInput,
  useState,
} from '../../ui/kit.js';
import { complain, notify } from '../../ui/notify.js';
import { DropZone } from '../../components/inputs/file.js';
import { CronPresets, Firings } from '../cron.js';

const TYPES = {
  m3u: [{ value: 'STD', label: 'Playlist' }, { value: 'XC', label: 'Xtream Codes' }],
  epg: [
    { value: 'xmltv', label: 'XMLTV' },
    { value: 'schedules_direct', label: 'Schedules Direct' },
    { value: 'dummy', label: 'Made up' },
  ],
};
const FILES = { m3u: '.m3u,.m3u8,.txt,.gz', epg: '.xml,.xmltv,.gz,.xz,.zip' };
const RULES = [
  { value: 'hours', label: 'Interval' },
  { value: 'cron', label: 'Set times' },
  { value: 'never', label: 'By hand' },
];

/** When it is read by itself. @param {{draft: any, set: (key: string) => (value: any) => void, faults: any, zone: string}} props */
function Rule({ draft, set, faults, zone }) {
  return h(
    'fieldset',
    { className: 'section' },
    h('legend', {}, 'When it is refreshed'),
    Stack(
      { gap: 'md' },
      SegmentedControl({
        data: RULES,
        value: draft.by,
        onChange: set('by'),
        fullWidth: true,
        'aria-label': 'When it is refreshed',
      }),
      draft.by === 'hours' &&
        NumberInput({
          label: 'Hours between two refreshes',
          value: draft.hours,
          onChange: set('hours'),
          min: 1,
          max: 8760,
          allowDecimal: false,
          error: faults.hours,
        }),
      draft.by === 'cron' && h(CronPresets, { value: draft.cron, onChange: set('cron') }),
      draft.by === 'cron' &&
        TextInput({
          label: 'Crontab',
          description: 'minute hour day-of-month month weekday',
          value: draft.cron,
          onChange: set('cron'),
          error: faults.cron,
          rightSectionWidth: 'auto',
        }),
      draft.by === 'cron' && !faults.cron &&
        h('p', { className: 'dim' }, `${cronWords(draft.cron)}, ${zone || 'by the server’s time zone'}`),
      draft.by === 'cron' && !faults.cron &&
        h(Firings, { rule: { type: 'crontab', crontab: draft.cron.trim(), timezone: zone || 'UTC' } }),
    ),
  );
}

/** Who we are at the provider. @param {{draft: any, set: (key: string) => (value: any) => void, faults: any}} props */
const Account = ({ draft, set, faults }) =>
  SimpleGrid(
    { cols: { base: 1, sm: 2 }, spacing: 'md' },
    TextInput({
      label: 'Name there',
      value: draft.username,
      onChange: set('username'),
      error: faults.username,
      autoComplete: 'off',
    }),
    PasswordInput({
      label: 'Password there',
      value: draft.password,
      onChange: set('password'),
      error: faults.password,
      autoComplete: 'new-password',
    }),
  );

/** @param {{kind: import('../../core/sources.js').Kind, draft: any, row: any, set: (key: string) => (value: any) => void, faults: any}} props */
function Where({ kind, draft, row, set, faults }) {
  const [isFile, setFile] = useState(!draft.address && Boolean(row?.file_path));
  if (draft.type === 'dummy') {
    return h('p', { className: 'dim' }, 'Its programmes are made up from the names of channels. Nothing is fetched.');
  }
  if (draft.type === 'schedules_direct') {
    return Stack(
      { gap: 'md' },
      h('p', { className: 'dim' }, 'Listings of schedulesdirect.org, with your account there. Its lineups are chosen on its site.'),
      h(Account, { draft, set, faults }),
    );
  }
  return Stack(
    { gap: 'md' },
    TextInput({
      label: draft.type === 'XC' ? 'Server' : 'Address',
      value: draft.address,
      onChange: set('address'),
      placeholder: draft.type === 'XC'
        ? 'http://provider.example:8080'
        : `https://provider.example/${kind === 'm3u' ? 'playlist.m3u' : 'guide.xml.gz'}`,
      error: faults.address,
      inputMode: 'url',
      autoComplete: 'off',
      spellCheck: false,
    }),
    draft.type === 'XC' && h(Account, { draft, set, faults }),
    draft.type !== 'XC' &&
      (draft.file
        ? h(
          'p',
          { className: 'source-file' },
          h(Icon, { name: 'file', size: 16 }),
          h('strong', {}, draft.file.name),
          h('span', { className: 'dim' }, bytes(draft.file.size)),
          h(IconButton, {
            label: `Remove ${draft.file.name}`,
            icon: 'x',
            size: 15,
            onClick: () => set('file')(undefined),
          }),
        )
        : !isFile
        ? h('button', {
          type: 'button',
          className: 'link-button source-upload',
          onClick: () => setFile(true),
        }, row?.file_path ? 'Upload another file' : 'Upload a file instead')
        : h(DropZone, {
          label: 'A file instead of an address',
          accept: FILES[kind],
          hint: row?.file_path ? 'instead of the one that is there' : 'instead of an address',
          onFiles: ([file]) => set('file')(file),
        })),
  );
}

/** @param {{kind: import('../../core/sources.js').Kind, row?: any, zone?: string, close: () => void, after: () => void}} props */
export function Editor({ kind, row, zone = '', close, after }) {
  const [draft, setDraft] = useState(() => draftOf(kind, row));
  const [asked, setAsked] = useState(false);
  const [busy, setBusy] = useState(false);
  const set = (/** @type {string} */ key) => (/** @type {any} */ value) =>
    setDraft((/** @type {any} */ now) => ({ ...now, [key]: value }));
  const found = faultsOf(kind, draft, row);
  // Nobody is told off before they are done, except about the rule, whose firings they watch.
  const faults = asked ? found : { cron: found.cron };
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setAsked(true);
    if (Object.keys(found).length) return;
    setBusy(true);
    try {
      const body = bodyOf(kind, draft);
      const sent = draft.file ? formOf(body, draft.file) : body;
      await (row ? sources.change(kind, row.id, sent) : sources.add(kind, sent));
      notify({ title: row ? 'Saved' : 'Added', message: body.name });
      after();
      close();
    } catch (error) {
      complain('Not saved', error);
      setBusy(false);
    }
  };
  return h(
    'form',
    { onSubmit: save, noValidate: true, 'aria-label': kind === 'm3u' ? 'Playlist' : 'Guide' },
    Stack(
      { gap: 'md' },
      SegmentedControl({ data: TYPES[kind], value: draft.type, onChange: set('type'), 'aria-label': 'Kind' }),
      TextInput({
        label: 'Name',
        value: draft.name,
        onChange: set('name'),
        withAsterisk: true,
        error: faults.name,
        'data-autofocus': true,
      }),
      h(Where, { kind, draft, row, set, faults }),
      draft.type !== 'dummy' && h(Rule, { draft, set, faults, zone }),
      kind === 'm3u' &&
        SimpleGrid(
          { cols: { base: 1, sm: 2 }, spacing: 'md' },
          NumberInput({
            label: 'Streams at once',
            description: '0: as many as wanted',
            value: draft.streams,
            onChange: set('streams'),
            min: 0,
            allowDecimal: false,
          }),
          NumberInput({
            label: 'Days until a vanished stream goes',
            description: '0: at once',
            value: draft.stale,
            onChange: set('stale'),
            min: 0,
            max: 36_500,
            allowDecimal: false,
          }),
        ),
      Switch({
        label: 'Refresh it',
        description: 'Off: nothing is read until it is switched on',
        checked: draft.isOn,
        onChange: set('isOn'),
      }),
      Group(
        { justify: 'flex-end' },
        Button({ variant: 'default', onClick: close }, 'Cancel'),
        Button({ type: 'submit', loading: busy }, row ? 'Save' : 'Add'),
      ),
    ),
  );
}
