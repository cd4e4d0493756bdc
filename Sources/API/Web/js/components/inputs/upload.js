/** A setting that is a file: sent at once, with its progress; its value is where the server keeps it. */
import { bytes, text } from '../../core/format.js';
import { IconButton } from '../../ui/atoms.js';
import { Icon } from '../../ui/icon.js';
import { h, useContext, useState } from '../../ui/kit.js';
import { DropZone } from './file.js';
import { Framed } from './framed.js';
import { Keeper } from './keeper.js';

/** `/data/plugin-files/x/names.csv` is `names.csv`. @param {unknown} path */
const nameOf = (path) => text(path).split('/').at(-1) ?? '';

/** @param {{common: any, field: any, value: any}} props */
export function UploadField({ common, field, value }) {
  const keep = useContext(Keeper);
  const [sending, setSending] = useState(/** @type {{file: File, share: number} | undefined} */ (undefined));
  const [failed, fail] = useState('');
  const [size, setSize] = useState(/** @type {number | undefined} */ (undefined));
  const take = async (/** @type {File[]} */ [file]) => {
    fail('');
    setSending({ file, share: 0 });
    try {
      const kept = await keep(field.id, file, (/** @type {number} */ share) => setSending({ file, share }));
      setSize(kept.size);
      common.onChange(text(kept.value));
    } catch (error) {
      fail(`“${file.name}” was not taken: ${text(/** @type {any} */ (error)?.message ?? error)}`);
    }
    setSending(undefined);
  };
  return h(Framed, {
    common,
    isGroup: false,
    error: failed || common.error,
    control: (id) => [
      h(DropZone, {
        label: text(common.label),
        accept: text(field.accept),
        disabled: common.disabled || !keep || sending !== undefined,
        describedBy: id,
        onFiles: (files) => void take(files),
      }),
      sending && h(
        'div',
        { className: 'sending' },
        h('span', { className: 'dim' }, `${sending.file.name}, ${Math.round(sending.share * 100)} %`),
        h('div', {
          className: 'track size-sm',
          role: 'progressbar',
          'aria-label': `Upload of ${sending.file.name}`,
          'aria-valuemin': 0,
          'aria-valuemax': 100,
          'aria-valuenow': Math.round(sending.share * 100),
        }, h('span', { className: 'fill', style: { width: `${sending.share * 100}%` } })),
      ),
      text(value) && !sending && h(
        'ul',
        { className: 'files' },
        h(
          'li',
          {},
          h(Icon, { name: 'file-check', size: 15 }),
          h('span', { className: 'file-name', title: text(value) }, nameOf(value)),
          size !== undefined && h('span', { className: 'dim' }, bytes(size)),
          h(IconButton, {
            label: `Remove ${nameOf(value)}`,
            icon: 'x',
            size: 15,
            disabled: common.disabled,
            onClick: () => common.onChange(''),
          }),
        ),
      ),
    ],
  });
}
