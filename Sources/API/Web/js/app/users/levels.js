/** What people may do, as the server numbers it. */
export const LEVELS = [
  { value: '10', label: 'Administrator', tone: 'grape', about: 'Everything: plugins, sources, tasks, people.' },
  { value: '1', label: 'Standard', tone: 'blue', about: 'Looks at everything but secrets, and changes nothing.' },
  { value: '0', label: 'Streamer', tone: 'gray', about: 'Watches streams; these pages stay closed.' },
];

/** @param {unknown} level */
export const levelOf = (level) => LEVELS.find((one) => Number(one.value) === Number(level)) ?? LEVELS[2];
