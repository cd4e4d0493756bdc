/** Which networks may open what. Nobody closes the door behind themselves without being told. */
import { text } from '../../core/format.js';
import { NETWORKS } from '../../core/settings.js';
import { Fields } from '../../components/inputs/form.js';
import { settings } from '../../net/settings.js';
import { Pill } from '../../ui/atoms.js';
import { ask } from '../../ui/confirm.js';
import { h, useEffect, useState } from '../../ui/kit.js';
import { Panel } from '../parts.js';
import { Foot, useGroup } from './group.js';

/** Whether to go on. Lists that keep their author out are told beside their field, where the server can say so.
 *  @param {any} before @param {any} changes */
async function isMeant(before, changes) {
  const found = await settings.check({ ...before, ...changes });
  if (found?.error) throw new Error(`${text(found.message)}: ${[found.data].flat().map(text).join(', ')}`);
  if (found?.UI?.length) {
    throw new Error(
      `${NETWORKS}.UI: your own address, ${text(found.client_ip)}, is in none of these: you would lock yourself out`,
    );
  }
  return found !== undefined || !changes.UI || ask({
    title: 'Is your own address among them?',
    message: `Only ${changes.UI} may open these pages from now on. If you come from elsewhere they refuse you, ` +
      'until somebody lets you in from there or resets the list on the server itself.',
    confirmLabel: 'It is',
    cancelLabel: 'Let me look again',
    color: 'red',
  });
}

/** @param {{name: string, value: any, mayChange: boolean, after: () => void}} props */
export function Networks({ name, value, mayChange, after }) {
  const [mine, setMine] = useState('');
  useEffect(() => {
    let isGone = false;
    if (mayChange) settings.check(value).then((found) => isGone || setMine(text(found?.client_ip)), () => {});
    return () => void (isGone = true);
  }, []);
  const { group, form, busy, save } = useGroup(name, value, undefined, after, (changes) => isMeant(value, changes));
  const asking = group.fields.map((/** @type {any} */ field) => ({
    ...field,
    placeholder: form.values[field.id]?.length
      ? 'One more'
      : value[field.id] === '' && !form.dirty
      ? 'Nobody'
      : 'Everybody',
  }));
  return h(
    Panel,
    {
      title: group.title,
      icon: group.icon,
      tools: mine && h(Pill, { tone: 'blue', icon: 'map-pin' }, `You come from ${mine}`),
    },
    h('p', { className: 'dim panel-about' }, group.about),
    h(
      'form',
      { onSubmit: save, noValidate: true, 'aria-label': group.title },
      h(Fields, { fields: asking, form, disabled: !mayChange, columns: false }),
      mayChange && h(Foot, { form, busy }),
    ),
  );
}
