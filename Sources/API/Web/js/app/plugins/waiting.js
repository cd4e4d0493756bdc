/** Where cards of plugins will be. */
import { h, Skeleton } from '../../ui/kit.js';

/** @param {{label: string, className: string}} props */
export const WaitingCards = ({ label, className }) =>
  h(
    'div',
    { className, 'aria-busy': true, 'aria-label': label },
    ...[1, 2, 3].map((key) =>
      h(
        'div',
        { key, className: 'plugin-card' },
        Skeleton({ height: 22, width: '50%' }),
        Skeleton({ height: 14, mt: 'md' }),
        Skeleton({ height: 14, mt: 'xs', width: '80%' }),
        Skeleton({ height: 36, mt: 'xl' }),
      )
    ),
  );
