// A key for a stranger.

import { learn } from './memory.js';
import { random, sha256 } from './pkce.js';
import { facts, say } from './words.js';

const KEY = 'gatehouse.playground.stranger';

/** The same whenever this browser asks: a random value of its own, and what it tells of itself. */
async function fingerprint() {
  const own = localStorage.getItem(KEY) ?? random();
  localStorage.setItem(KEY, own);
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return sha256([own, navigator.language, timeZone, screen.colorDepth].join(' '));
}

/** What the request is, and what follows from its answer. */
export async function keyRequest() {
  return {
    method: 'POST',
    url: facts.issuer + facts.keyPath,
    body: { json: [['fingerprint', await fingerprint()]] },
  };
}

/** @returns what to say of it; undefined: there is no key in it */
export function takeKey({ json }) {
  if (!json?.key) return undefined;
  const fields = { api_key: json.key, organization_id: json.organization_id };
  for (const [name, value] of Object.entries(fields)) {
    const field = document.querySelector(`[data-field="${name}"]`);
    if (field) field.value = value;
  }
  learn({ API_KEY: json.key, ORGANIZATION_ID: json.organization_id });
  const limits = json.limits.map(({ remaining, limit, title }) =>
    say('left', { remaining: String(remaining), limit: String(limit), title }),
  );
  return say('key_ready', { limits: limits.join(', ') || say('unlimited') });
}
