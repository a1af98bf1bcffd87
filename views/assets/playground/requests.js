// Requests as the server describes them: sent as they are, and shown as they are sent.

import { recall, show } from './memory.js';

const VARIABLE = /\$\{([A-Z][A-Z0-9_]*)\}/g;

const fill = (text, lookUp) => text.replace(VARIABLE, (whole, name) => lookUp(name) ?? whole);

/** The variables that must be known first. An organization that is only a header may be left out. */
export function needsOf({ url, headers = [], basic, body }) {
  const fields = body?.form ?? body?.json ?? [];
  const texts = [url, basic?.username, basic?.password, ...fields.map(([, value]) => value)];
  for (const [, value] of headers) if (!isOptional(value)) texts.push(value);
  return [
    ...new Set(texts.flatMap((text) => Array.from(text?.matchAll(VARIABLE) ?? [], (m) => m[1]))),
  ];
}

const isOptional = (value) => /^\$\{ORGANIZATION_ID\}$/.test(value);

/** The request with its variables filled in. */
export function filled(described, lookUp = recall) {
  const { method, url, headers = [], basic, body } = described;
  const all = headers
    .filter(([, value]) => !isOptional(value) || lookUp('ORGANIZATION_ID'))
    .map(([name, value]) => [name, fill(value, lookUp)]);
  if (basic) {
    const pair = `${fill(basic.username, lookUp)}:${fill(basic.password, lookUp)}`;
    all.push(['Authorization', `Basic ${lookUp === recall ? btoa(pair) : `base64(${pair})`}`]);
  }
  if (body) {
    const type = body.form ? 'x-www-form-urlencoded' : 'json';
    all.push(['Content-Type', `application/${type}`]);
  }
  return { method, url: fill(url, lookUp), headers: all, body: bodyOf(body, lookUp) };
}

function bodyOf(body, lookUp) {
  if (!body) return undefined;
  const fields = (body.form ?? body.json).map(([name, value]) => [name, fill(value, lookUp)]);
  if (body.json) return JSON.stringify(Object.fromEntries(fields));
  return new URLSearchParams(fields).toString();
}

/** The message as it goes over the wire, but for what must not be seen. */
export function messageOf(described) {
  const { method, url, headers, body } = filled(described, show);
  const { host, pathname, search } = new URL(url);
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  const head = [`${method} ${pathname}${search} HTTP/1.1`, `Host: ${host}`, ...lines];
  const text = body?.startsWith('{')
    ? body
    : body && decodeURIComponent(body.replaceAll('&', '\n&'));
  return `${head.join('\n')}${text ? `\n\n${text}` : ''}`;
}

/** An answer as it came: status, headers, body. */
export function answerText({ status, headers, text }) {
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  return `HTTP/1.1 ${status}\n${lines.join('\n')}${text ? `\n\n${pretty(text)}` : ''}`;
}

export const readJson = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

function pretty(text) {
  const value = readJson(text);
  return value === undefined ? text : JSON.stringify(value, undefined, 2);
}

/** Sends it, from here to here: no cookie goes along. */
export async function send(described) {
  const { method, url, headers, body } = filled(described);
  const response = await fetch(url, { method, headers, body, credentials: 'omit' });
  const text = await response.text();
  return { status: response.status, headers: [...response.headers], text, json: readJson(text) };
}
