/** A moment by this browser's clock; those who ask are told it as the server writes it. */
import { datetime, toDate } from '../core/format.js';
import { moments } from '../components/inputs/moments.js';

/** @param {{label: string, value: string | undefined, onChange: (value: string | null) => void, framed?: boolean, error?: any}} props `framed` shows the label above it */
export function Moment({ label, value, onChange, framed = false, error }) {
  const change = (/** @type {string | null} */ now) => {
    const date = now ? new Date(now.replace(' ', 'T')) : undefined;
    onChange(date && !Number.isNaN(date.getTime()) ? date.toISOString() : null);
  };
  const named = framed ? { label, error } : { 'aria-label': label, placeholder: label, size: 'sm' };
  const shown = toDate(value);
  return moments.datetime({ ...named, onChange: change }, {}, shown ? datetime(shown) : null);
}
