/** What authors can write, with an example of each: what people do. */
const LOOKS =
  'action button_label buttonLabel running_label runningLabel variant button_variant button_color size confirm params successMessage success_message errorMessage error_message success_title error_title success_color error_color refresh disabled fullWidth download';
const FORM =
  'fields action submitLabel submit_label initialValues resetOnSuccess reset_on_success encode actions columns unsavedGuard unsaved_guard resetLabel steps';
const NAME = { id: 'name', type: 'text', label: 'Name', required: true, help_text: 'As people know it' };

/** @type {Record<string, import('./index.js').Entry>} */
export const actions = {
  action: {
    about: 'A button that runs an action.',
    options: LOOKS,
    example: { type: 'action', action: 'restart', label: 'Restart', icon: 'RotateCcw', params: { id: 1 } },
  },
  actionButton: {
    about: 'The same, by the name plugins know.',
    options: LOOKS,
    example: {
      type: 'actionButton',
      action: 'remove',
      label: 'Remove',
      color: 'red',
      variant: 'outline',
      confirm: { title: 'Remove it?', message: 'It cannot be brought back.', confirmLabel: 'Remove' },
    },
  },
  buttons: {
    about: 'Several of them.',
    options: 'buttons actions items gap align justify size variant',
    example: {
      type: 'buttons',
      buttons: [{ action: 'start', label: 'Start', color: 'teal' }, {
        action: 'stop',
        label: 'Stop',
        variant: 'default',
      }],
    },
  },
  form: {
    about: 'Inputs and an action that gets what was entered. `steps` makes it a wizard.',
    options: `${FORM} ${LOOKS}`,
    example: {
      type: 'form',
      title: 'New job',
      action: 'queue',
      submitLabel: 'Queue',
      fields: [NAME, { id: 'priority', type: 'number', label: 'Priority', min: 1, max: 10, default: 5 }, {
        id: 'kind',
        type: 'select',
        label: 'Kind',
        options: [{ value: 'once', label: 'Once' }, { value: 'daily', label: 'Every day' }],
      }, { id: 'at', type: 'time', label: 'At', visibleWhen: { field: 'kind', equals: 'daily' } }],
    },
  },
  wizard: {
    about: 'A form in steps.',
    options: `${FORM} ${LOOKS}`,
    example: {
      type: 'form',
      title: 'In steps',
      action: 'queue',
      steps: [{ id: 'who', label: 'Who', fields: [NAME] }, {
        id: 'when',
        label: 'When',
        fields: [{ id: 'when', type: 'datetime', label: 'When' }],
      }],
    },
  },
  settingsForm: {
    about: 'The plugin’s own settings, all of them or those that `fields` names.',
    options: 'fields submitLabel submit_label columns successMessage unsavedGuard',
    example: { type: 'settingsForm', title: 'Settings' },
  },
  sortableList: {
    about: 'Items in an order that people change; the action gets `{order: [ids]}`.',
    options:
      'items data rows action onReorderAction idKey rowKey labelKey descriptionKey template actions rowActions emptyText',
    example: {
      type: 'sortableList',
      action: 'reorder',
      items: [{ id: 1, label: 'First' }, { id: 2, label: 'Second' }, { id: 3, label: 'Third' }],
    },
  },
  spotlight: {
    about: 'Find an item by typing, run an action with it.',
    options: `${LOOKS} items data placeholder labelKey template onSelectAction itemIcon`,
    example: { type: 'spotlight', label: 'Find', source: 'rows', labelKey: 'name', action: 'restart' },
  },
  tour: {
    about: 'Cards that explain a page.',
    options: 'steps items variant',
    example: {
      type: 'tour',
      label: 'Show me',
      steps: [{ title: 'Here', text: 'The table of workers.' }, { title: 'And here', text: 'The log.' }],
    },
  },
};

const OPTIONS = [{ value: 'a', label: 'A' }, { value: 'b', label: 'B' }, { value: 'c', label: 'C' }];
/** One field of each input type. */
export const INPUT_EXAMPLES = [
  { id: 'section', type: 'section', label: 'Words' },
  { id: 'text', type: 'text', label: 'text', placeholder: 'Words', minLength: 2, maxLength: 40 },
  { id: 'textarea', type: 'textarea', label: 'textarea', rows: 3 },
  { id: 'password', type: 'password', label: 'password' },
  { id: 'search', type: 'search', label: 'search' },
  { id: 'json', type: 'json', label: 'json', default: { depth: 3 } },
  { id: 'section2', type: 'section', label: 'Amounts' },
  { id: 'number', type: 'number', label: 'number', min: 1, max: 10, step: 0.5, unit: 'GB' },
  {
    id: 'slider',
    type: 'slider',
    label: 'slider',
    min: 0,
    max: 100,
    default: 40,
    marks: [{ value: 50, label: 'half' }],
  },
  { id: 'range', type: 'range', label: 'range', min: 0, max: 100, default: [20, 60] },
  { id: 'color', type: 'color', label: 'color', default: '#4dabf7' },
  { id: 'section3', type: 'section', label: 'Choices' },
  { id: 'switch', type: 'switch', label: 'switch' },
  { id: 'checkbox', type: 'checkbox', label: 'checkbox' },
  { id: 'radio', type: 'radio', label: 'radio', options: OPTIONS },
  { id: 'select', type: 'select', label: 'select', options: OPTIONS, clearable: true },
  { id: 'multiselect', type: 'multiselect', label: 'multiselect', options: OPTIONS, maxValues: 2 },
  { id: 'tags', type: 'tags', label: 'tags', default: ['one'] },
  { id: 'segmented', type: 'segmented', label: 'segmented', options: OPTIONS },
  { id: 'chips', type: 'chips', label: 'chips', options: OPTIONS, multiple: true },
  { id: 'section4', type: 'section', label: 'Moments and files' },
  { id: 'date', type: 'date', label: 'date' },
  { id: 'time', type: 'time', label: 'time' },
  { id: 'datetime', type: 'datetime', label: 'datetime' },
  { id: 'daterange', type: 'daterange', label: 'daterange' },
  { id: 'file', type: 'file', label: 'file', accept: '.txt,.csv', multiple: true },
  { id: 'info', type: 'info', label: 'info', description: 'Words between fields; see https://example.org.' },
];
