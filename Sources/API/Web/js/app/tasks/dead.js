/** What was given up, by cause: looked at, sent again at a rate after a preview, or discarded. */
import { duration, number, text } from '../../core/format.js';
import { paths, tasks, withQuery } from '../../net/tasks.js';
import { Empty, pending, Pill } from '../../ui/atoms.js';
import { Icon } from '../../ui/icon.js';
import { Button, Group, h, Modal, NumberInput, Stack, useEffect, useState } from '../../ui/kit.js';
import { complain, notify } from '../../ui/notify.js';
import { useLive } from '../live.js';
import { Do, Panel, When } from '../parts.js';
import { Frame } from './frame.js';
import { Letters } from './letters.js';

/** How many would be sent and how long it takes, before it is done. @param {{group: any, after: () => void}} props */
function Replay({ group, after }) {
  const [opened, setOpened] = useState(false);
  const [rate, setRate] = useState(/** @type {any} */ (10));
  const [preview, setPreview] = useState(/** @type {any} */ (undefined));
  const which = { fingerprint: group.fingerprint, ...(Number(rate) > 0 ? { rate: Number(rate) } : {}) };
  useEffect(() => {
    if (!opened) return undefined;
    let isGone = false;
    tasks.replayable(which).then(
      (answer) => isGone || setPreview(answer),
      (error) => isGone || setPreview({ error }),
    );
    return () => void (isGone = true);
  }, [opened, rate]);
  const send = async () => {
    try {
      const answer = await tasks.replay(which);
      notify({ title: `${number(answer.replayed)} sent again` });
      setOpened(false);
      after();
    } catch (error) {
      complain('Not sent', error);
    }
  };
  return h(
    'span',
    {},
    h(
      'button',
      { type: 'button', className: 'mini-button tone-indigo', onClick: () => setOpened(true) },
      h(Icon, { name: 'send', size: 14 }),
      'Send again…',
    ),
    Modal(
      { opened, onChange: setOpened, title: 'Send them again', size: 'md' },
      Stack(
        { gap: 'md' },
        h('p', {}, h('strong', {}, text(group.name)), ' ', text(group.reason)),
        NumberInput({
          label: 'Tasks a second',
          description: 'Empty: all at once',
          value: rate ?? '',
          onChange: setRate,
          min: 0.1,
          max: 10_000,
        }),
        h(
          'p',
          { className: 'dim', role: 'status' },
          preview?.error
            ? text(preview.error.message)
            : preview
            ? `${number(preview.matched)} would be sent, the last of them after ${duration(preview.seconds)}.`
            : 'Counting…',
        ),
        Group(
          { justify: 'flex-end' },
          Button({ variant: 'default', onClick: () => setOpened(false) }, 'Cancel'),
          Button(
            { onClick: send, disabled: !preview?.matched },
            preview?.matched ? `Send ${number(preview.matched)}` : 'Send',
          ),
        ),
      ),
    ),
  );
}

/** @param {{group: any, after: () => void}} props */
function Cause({ group, after }) {
  const [open, setOpen] = useState(false);
  return h(
    Panel,
    {
      title: text(group.name || 'Unreadable'),
      icon: 'mail-x',
      note: h('span', {}, h(Pill, { tone: 'red' }, number(group.count)), ' newest ', h(When, { at: group.newest }), ', oldest ', h(When, { at: group.oldest })),
      tools: h(
        'div',
        { className: 'row-actions' },
        h('button', {
          type: 'button',
          className: 'mini-button tone-gray',
          'aria-expanded': open,
          onClick: () => setOpen(!open),
        }, open ? 'Hide' : 'Look at them'),
        h(Replay, { group, after }),
        h(Do, {
          label: 'Discard',
          icon: 'trash-2',
          tone: 'red',
          question: {
            title: `Discard ${number(group.count)}?`,
            message: 'They are gone for good.',
            confirmLabel: 'Discard',
            color: 'red',
          },
          run: () => tasks.discard({ fingerprint: group.fingerprint }),
          done: (answer) => `${number(answer.discarded)} discarded`,
          after,
        }),
      ),
    },
    h('p', { className: 'prose dead-reason' }, text(group.reason)),
    open && h(Letters, { fingerprint: group.fingerprint, after }),
  );
}

export function Dead() {
  const source = useLive(withQuery(paths.dead, { limit: 1 }), ['dead']);
  const groups = source.data?.groups ?? [];
  return h(
    Frame,
    {
      at: '/tasks/dead',
      title: 'Dead letters',
      about: source.data
        ? `${number(source.data.total)} in all, by what they have in common.`
        : 'What was given up, and why.',
    },
    pending(source) ??
      (groups.length
        ? Stack(
          { gap: 'md' },
          ...groups.map((/** @type {any} */ group) =>
            h(Cause, { key: group.fingerprint, group, after: source.refresh })
          ),
        )
        : h(
          Empty,
          { icon: 'mail-check', title: 'No dead letters' },
          'A message that cannot be run, or that killed its workers, comes here instead of being lost.',
        )),
  );
}
