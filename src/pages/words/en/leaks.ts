/** Keys that were found in public: what their owners are told. */

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' });

interface Leak {
  /** Empty: nobody says. */
  place: string;
  date: Date;
}

interface Count {
  count: number;
}

export const leaks = {
  'notice.leak_dismissed': 'The notice is put away. The key stays revoked.',

  'leak.found': (p: Leak) =>
    p.place === ''
      ? `found in public, ${day.format(p.date)}`
      : `found in public at ${p.place}, ${day.format(p.date)}`,
  'leak.title': (p: Count) =>
    p.count === 1
      ? 'An API key was found in public, and revoked'
      : 'API keys were found in public, and revoked',
  'leak.about':
    'Programs that present it are refused. Give them a new key, and look at the usage of this one.',
  'leak.deeds.rotated':
    'It has rotated these keys, so whoever had it may have their strings. Rotate them again, without leaving the string they have now working:',
  'leak.deeds.changed':
    'It has changed these keys. Look at each, and set right what should not be:',
  'leak.deeds.more': 'There are more; the audit log names them all.',
  'leak.dismiss': 'Dismiss',
  'leak.dismiss_busy': 'One moment…',
};
