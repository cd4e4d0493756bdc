/** Starting something again, with other arguments if wanted. */
import { json, text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { tasks } from '../../net/tasks.js';
import { icon } from '../../ui/icon.js';
import { Button, Group, h, JsonInput, Modal, Stack, useState } from '../../ui/kit.js';
import { complain, notify } from '../../ui/notify.js';
import { go } from '../router.js';

/** @param {string} label @param {string} value @param {(value: string) => void} onChange */
const field = (label, value, onChange) =>
  JsonInput({ label, value, onChange, autosize: true, minRows: 3, maxRows: 14, formatOnBlur: true });

/** The arguments of a call to edit. @param {{title: string, about: string, call: any, confirm: string, close: () => void, send: (changes: {args: any[], kwargs: object}) => Promise<void>}} props `call` undefined: closed */
export function CallEditor({ title, about, call, confirm, close, send }) {
  return Modal(
    { opened: call !== undefined, onChange: (/** @type {boolean} */ is) => is || close(), title, size: 'lg' },
    call !== undefined && h(Fields, { key: json(call), about, call, confirm, close, send }),
  );
}

/** @param {any} props */
function Fields({ about, call, confirm, close, send }) {
  const [args, setArgs] = useState(() => json(call.args ?? [], 2));
  const [kwargs, setKwargs] = useState(() => json(call.kwargs ?? {}, 2));
  const go = async () => {
    try {
      const changes = { args: JSON.parse(args), kwargs: JSON.parse(kwargs) };
      if (!Array.isArray(changes.args) || !isObject(changes.kwargs)) {
        throw new Error('Arguments are a list, named arguments an object.');
      }
      await send(changes);
      close();
    } catch (error) {
      complain('Not started', error);
    }
  };
  return Stack(
    { gap: 'md' },
    h('p', { className: 'dim' }, about),
    field('Arguments', args, setArgs),
    field('Named arguments', kwargs, setKwargs),
    Group(
      { justify: 'flex-end' },
      Button({ variant: 'default', onClick: close }, 'Cancel'),
      Button({ onClick: go }, confirm),
    ),
  );
}

/** @param {{task: any}} props */
export function Again({ task }) {
  const [call, edit] = useState(/** @type {any} */ (undefined));
  const send = async (/** @type {any} */ changes) => {
    const answer = await tasks.again(task.task_id, changes);
    notify({ title: 'Started again' });
    if (answer.task_id) go(`/tasks/id/${encodeURIComponent(text(answer.task_id))}`);
  };
  return h(
    'span',
    {},
    Button({
      variant: 'default',
      leftSection: icon('rotate-ccw', 16),
      onClick: () => edit({ args: task.args, kwargs: task.kwargs }),
    }, 'Run again'),
    h(CallEditor, {
      title: 'Run it again',
      about: 'A new task with a new id. This one stays as it is.',
      call,
      confirm: 'Start',
      close: () => edit(undefined),
      send,
    }),
  );
}
