// Tokens, opened: what they say, whether the server signed it, and for how long it holds.

import { recall } from './memory.js';
import { say } from './words.js';

const bytesOf = (part) =>
  Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));

const objectOf = (part) => JSON.parse(new TextDecoder().decode(bytesOf(part)));

/** Undefined for what is no JWT. Nothing of it is proven yet. */
export function decode(token) {
  try {
    const [header, claims] = token.split('.');
    return { header: objectOf(header), claims: objectOf(claims) };
  } catch {
    return undefined;
  }
}

const ES256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** Against the keys that the server publishes. @returns the name of the words that say how it went */
async function judgeSignature(token) {
  const [header, claims, signature] = token.split('.');
  const { kid } = objectOf(header);
  const { keys } = await (await fetch('/oauth/jwks')).json();
  const jwk = keys.find((key) => key.kid === kid);
  if (!jwk) return 'key_unknown';
  const key = await crypto.subtle.importKey('jwk', jwk, ES256, false, ['verify']);
  const signed = new TextEncoder().encode(`${header}.${claims}`);
  const isGood = await crypto.subtle.verify(ES256, key, bytesOf(signature), signed);
  return isGood ? 'signature_good' : 'signature_bad';
}

/** The access token and, where there is one, the ID token, in the place of what was there. */
export async function showTokens(place) {
  const tokens = [
    ['access_token', recall('ACCESS_TOKEN')],
    ['id_token', recall('ID_TOKEN')],
  ].filter(([, token]) => token && decode(token));
  place.replaceChildren(...(await Promise.all(tokens.map(([name, token]) => view(name, token)))));
  tick();
}

async function view(name, token) {
  const { header, claims } = decode(token);
  const found = [await judgeSignature(token)];
  if (name === 'id_token' && recall('NONCE')) {
    found.push(claims.nonce === recall('NONCE') ? 'nonce_good' : 'nonce_bad');
  }
  const timer = element('span', 'badge');
  timer.dataset.expires = claims.exp;
  timer.setAttribute('role', 'timer');
  timer.setAttribute('aria-live', 'off');
  const heading = element('h3', 'step-part', `${say(name)} `);
  heading.append(timer);
  return element(
    'div',
    'token',
    heading,
    ...found.map((one) => element('p', `token-found${/good/.test(one) ? '' : ' bad'}`, say(one))),
    wire(say('token_header'), header),
    wire(say('token_claims'), claims),
  );
}

function wire(title, value) {
  const text = element('pre', '', JSON.stringify(value, undefined, 2));
  text.tabIndex = 0;
  return element('div', 'wire', element('h4', 'step-part', title), text);
}

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function tick() {
  for (const timer of document.querySelectorAll('[data-expires]')) {
    const left = Math.floor(Number(timer.dataset.expires) - Date.now() / 1000);
    timer.classList.toggle('badge-bad', left <= 0);
    timer.textContent = left > 0 ? say('expires_in', { time: clockTime(left) }) : say('expired');
  }
}

const clockTime = (seconds) => {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [hours, ...rest] = parts.map((part) => String(part).padStart(2, '0'));
  return (parts[0] > 0 ? [hours, ...rest] : rest).join(':');
};

setInterval(tick, 1000);
