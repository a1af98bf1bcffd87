// What the page knows, by the names of the requests' variables. It is gone when the page is.

const known = new Map();
const listeners = [];

/** Never shown on the page again once they are typed in. */
const SECRETS = new Set([
  'CLIENT_SECRET',
  'WRONG_SECRET',
  'APP_SECRET',
  'PASSWORD',
  'WRONG_PASSWORD',
  'API_KEY',
  'MISTYPED_KEY',
]);

export const recall = (name) => known.get(name);

/** @param values by name; undefined and '' are forgotten */
export function learn(values) {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === '') known.delete(name);
    else known.set(name, value);
  }
  for (const listener of listeners) listener();
}

export const whenLearned = (listener) => void listeners.push(listener);

/** Stands where a secret is. */
export const MASK = '••••••••';

/** As it may be shown. */
export const show = (name) => (SECRETS.has(name) ? MASK : recall(name));
