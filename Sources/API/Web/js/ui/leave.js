/** What was entered and not sent: whoever is about to leave the page is asked first. */
import { ask } from './confirm.js';
import { useEffect } from './kit.js';

const unsent = new Set();

/** Whether the person may go; asks when something would be lost. @returns {Promise<boolean>} */
export async function mayLeave() {
  if (!unsent.size) return true;
  const go = await ask({
    title: 'Leave this page?',
    message: 'What you entered has not been sent and will be lost.',
    confirmLabel: 'Leave',
    cancelLabel: 'Stay',
    color: 'red',
  });
  if (go) unsent.clear();
  return go;
}

addEventListener('beforeunload', (event) => unsent.size && event.preventDefault());

/** @param {boolean} on */
export function useUnsentGuard(on) {
  useEffect(() => {
    if (!on) return undefined;
    const mark = {};
    unsent.add(mark);
    return () => void unsent.delete(mark);
  }, [on]);
}
