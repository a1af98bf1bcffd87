// The round trip through the authorization endpoint: this tab leaves, and comes back by callback.js.

import { learn, recall } from './memory.js';
import { filled } from './requests.js';
import { facts, say } from './words.js';

/** In the tab's own storage, from leaving to coming back, and not longer. */
const KEY = 'gatehouse.playground.trip';

const KEPT = ['CODE_VERIFIER', 'CODE_CHALLENGE', 'STATE', 'NONCE'];

export function leave(described) {
  const values = Object.fromEntries(KEPT.map((name) => [name, recall(name)]));
  const here = location.pathname + location.search;
  sessionStorage.setItem(KEY, JSON.stringify({ values, here }));
  location.assign(filled(described).url);
}

/** What came back, held against what was sent. Undefined: nobody was away. */
export function comeBack() {
  const text = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  const { values, answer } = JSON.parse(text ?? '{}');
  if (!answer) return undefined;
  if (!values) return say('no_trip');
  learn({ ...values, STATE_RETURNED: answer.state, ISSUER_RETURNED: answer.iss });
  if (answer.state !== values.STATE || answer.iss !== facts.issuer) return say('state_bad');
  if (!answer.code) {
    return say('refused_back', { error: answer.error_description ?? answer.error ?? '' });
  }
  learn({ CODE: answer.code });
  return say('state_good');
}
