/** Dark, light, or as the system has it; kept by this browser. */
import { useStore } from '../../ui/hooks.js';
import { h, SegmentedControl } from '../../ui/kit.js';
import { choice, chooseScheme } from '../../ui/theme.js';
import { Panel } from '../parts.js';

const CHOICES = [
  { value: 'auto', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
];

export const Colours = () =>
  h(
    Panel,
    { title: 'Colours', icon: 'palette', note: 'of this browser' },
    SegmentedControl({ data: CHOICES, value: useStore(choice), onChange: chooseScheme, 'aria-label': 'Colours' }),
  );
