/** Questions in a dialog: `await ask({title, message})` is true, or false when the person declines, presses Escape or clicks outside. */
import { Store } from '../core/store.js';
import { useStore } from './hooks.js';
import { Button, Group, h, Modal } from './kit.js';

const open = new Store(undefined);

/** @param {{title: string, message: any, confirmLabel?: string, cancelLabel?: string, color?: string, icon?: any}} question @returns {Promise<boolean>} */
export function ask(question) {
  open.get()?.answer(false);
  return new Promise((resolve) => {
    const answer = (/** @type {boolean} */ yes) => {
      open.set((/** @type {any} */ now) => ({ ...now, opened: false }));
      resolve(yes);
    };
    open.set({ ...question, answer, opened: true });
  });
}

/** Mounted once, by the app. */
export function Questions() {
  const question = useStore(open);
  if (!question) return null;
  const { title, message, confirmLabel = 'Confirm', cancelLabel = 'Cancel', color, opened, answer } = question;
  return Modal(
    { opened, title, onChange: (/** @type {boolean} */ now) => now || answer(false), size: 'md' },
    h('div', { className: 'question' }, typeof message === 'string' ? h('p', {}, message) : message),
    Group(
      { justify: 'flex-end', mt: 'lg', gap: 'sm' },
      Button({ variant: 'default', onClick: () => answer(false) }, cancelLabel),
      Button({ color, onClick: () => answer(true), attributes: { root: { 'data-autofocus': true } } }, confirmLabel),
    ),
  );
}
