/** `file`: a drop zone over a real file input, with what was chosen below it. */
import { bytes, text } from '../../core/format.js';
import { IconButton } from '../../ui/atoms.js';
import { Icon } from '../../ui/icon.js';
import { h, useRef, useState } from '../../ui/kit.js';
import { Framed } from './framed.js';

/** Whether a file is one that `accept` names, as the browser's own chooser would decide. @param {File} file @param {string} accept */
export function isAccepted(file, accept) {
  const wanted = accept.split(',').map((one) => one.trim().toLowerCase()).filter(Boolean);
  const [name, type] = [file.name.toLowerCase(), (file.type || '').toLowerCase()];
  return !wanted.length ||
    wanted.some((one) =>
      one.startsWith('.') ? name.endsWith(one) : one.endsWith('/*') ? type.startsWith(one.slice(0, -1)) : type === one
    );
}

/** @param {{label: string, accept?: string, multiple?: boolean, disabled?: boolean, hint?: string, describedBy?: string, onFiles: (files: File[]) => void}} props */
export function DropZone({ label, accept = '', multiple = false, disabled = false, hint, describedBy, onFiles }) {
  const [over, setOver] = useState(false);
  const [refused, refuse] = useState('');
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const take = (/** @type {FileList | null | undefined} */ list) => {
    const files = [...(list ?? [])].slice(0, multiple ? 100 : 1);
    const wrong = files.filter((file) => !isAccepted(file, accept));
    refuse(wrong.length ? `${wrong.map((one) => `“${one.name}”`).join(', ')}: only ${accept} can be taken here.` : '');
    const good = files.filter((file) => isAccepted(file, accept));
    if (good.length) onFiles(good);
    if (input.current) input.current.value = '';
  };
  const drag = (/** @type {boolean} */ on) => (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    setOver(on && !disabled);
  };
  return h(
    'label',
    {
      className: `drop-zone ${over ? 'over' : ''} ${disabled ? 'disabled' : ''}`,
      onDragOver: drag(true),
      onDragLeave: drag(false),
      onDrop: (/** @type {DragEvent} */ event) => {
        drag(false)(event);
        if (!disabled) take(event.dataTransfer?.files);
      },
    },
    h('input', {
      type: 'file',
      className: 'sr-only',
      ref: input,
      accept: accept || undefined,
      multiple,
      disabled,
      'aria-label': label,
      'aria-describedby': describedBy,
      onChange: (/** @type {any} */ event) => take(event.target.files),
    }),
    h(Icon, { name: 'upload', size: 20 }),
    h('span', {}, h('strong', {}, multiple ? 'Drop files here' : 'Drop a file here'), ' or choose'),
    (hint || accept) && h('span', { className: 'dim' }, hint ?? accept),
    refused && h('span', { className: 'framed-error', role: 'alert' }, refused),
  );
}

/** @param {{common: any, field: any, value: any}} props */
export function FileField({ common, field, value }) {
  const files = /** @type {File[]} */ (Array.isArray(value) ? value.filter((one) => one instanceof File) : []);
  const many = field.multiple === true;
  return h(Framed, {
    common,
    isGroup: false,
    control: (id) => [
      h(DropZone, {
        label: text(common.label),
        accept: text(field.accept),
        multiple: many,
        disabled: common.disabled,
        describedBy: id,
        onFiles: (added) => common.onChange(many ? [...files, ...added] : added),
      }),
      files.length > 0 && h(
        'ul',
        { className: 'files' },
        ...files.map((file, index) =>
          h(
            'li',
            { key: `${file.name}${index}` },
            h(Icon, { name: 'file', size: 15 }),
            h('span', { className: 'file-name' }, file.name),
            h('span', { className: 'dim' }, bytes(file.size)),
            h(IconButton, {
              label: `Remove ${file.name}`,
              icon: 'x',
              size: 15,
              disabled: common.disabled,
              onClick: () => common.onChange(files.filter((one) => one !== file)),
            }),
          )
        ),
      ),
    ],
  });
}
