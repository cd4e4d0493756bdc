/** Code and other words to copy, as they are. */
import { text } from '../../core/format.js';
import { IconButton } from '../../ui/atoms.js';
import { h, useEffect, useState } from '../../ui/kit.js';
import { complain } from '../../ui/notify.js';
import { pixels } from '../layout/options.js';

/** @param {{words: string, label?: string}} props */
export function CopyButton({ words, label = 'Copy' }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setDone(false), 1600);
    return () => clearTimeout(timer);
  }, [done]);
  const click = async () => {
    try {
      await navigator.clipboard.writeText(words);
      setDone(true);
    } catch {
      complain('Not copied', 'The browser did not allow it. Select the words and copy them by keyboard.');
    }
  };
  return h(IconButton, {
    label: done ? 'Copied' : label,
    icon: done ? 'check' : 'copy',
    size: 16,
    onClick: click,
    className: done ? 'good' : '',
  });
}

/** @param {{words: string, node: any}} props */
export const CodeBlock = ({ words, node }) =>
  h(
    'div',
    { className: 'code-block' },
    (node.title || node.language) && h('span', { className: 'code-title' }, text(node.title ?? node.language)),
    node.copy !== false && h(CopyButton, { words, label: 'Copy the code' }),
    h('pre', {
      className: `code ${node.wrap === false ? 'no-wrap' : ''}`,
      tabIndex: 0,
      style: {
        maxHeight: node.maxHeight === undefined && node.height === undefined
          ? undefined
          : pixels(node.maxHeight ?? node.height, 340),
      },
    }, words),
  );
