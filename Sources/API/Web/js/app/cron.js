/** Crontabs for people: common ones to choose, what one means in words, and when it fires next. */
import { datetime, text } from '../core/format.js';
import { cronWords } from '../core/sources.js';
import { tasks } from '../net/tasks.js';
import { Pill, Problem } from '../ui/atoms.js';
import { h, useEffect, useState } from '../ui/kit.js';

/** When a rule fires next; what the clocks' changes do to it is said. @param {{rule: any}} props */
export function Firings({ rule }) {
  const [found, setFound] = useState(/** @type {any} */ (undefined));
  const asked = JSON.stringify(rule);
  useEffect(() => {
    let isGone = false;
    const timer = setTimeout(
      () => tasks.preview(rule).then((answer) => isGone || setFound(answer), (error) => isGone || setFound({ error })),
      300,
    );
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [asked]);
  if (found?.error) return h(Problem, { title: 'This rule cannot be used', message: text(found.error.message) });
  return h(FiringList, { list: found?.firings ?? [] });
}

/** Moments, and what the clocks' changes do to them. @param {{list: any[]}} props */
export const FiringList = ({ list }) =>
  h(
    'div',
    { className: 'firings', role: 'status' },
    h('span', { className: 'framed-label' }, 'Next firings, by this browser’s clock'),
    h(
      'ol',
      {},
      ...list.map((one, key) =>
        h(
          'li',
          { key, className: one.shift ? 'shifted' : undefined },
          datetime(one.at),
          one.shift && h(Pill, { tone: 'orange', icon: 'clock-alert', title: text(one.reason) }, text(one.shift)),
          one.reason && h('span', { className: 'dim' }, ` ${text(one.reason)}`),
        )
      ),
    ),
  );

const PRESETS = ['0 4 * * *', '0 */6 * * *', '30 3,15 * * *', '0 5 * * 1', '15 * * * *'];

/** @param {{value: unknown, onChange: (line: string) => void}} props */
export const CronPresets = ({ value, onChange }) =>
  h(
    'div',
    { className: 'presets', role: 'group', 'aria-label': 'Common crontabs' },
    ...PRESETS.map((line) =>
      h('button', {
        key: line,
        type: 'button',
        className: 'preset',
        'aria-pressed': text(value).trim() === line,
        onClick: () => onChange(line),
      }, cronWords(line))
    ),
  );
