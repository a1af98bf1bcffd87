// Requests as the server describes them: sent as they are, and shown as they are sent.

import { MASK, recall, show } from './memory.js';

const VARIABLE = /\$\{([A-Z][A-Z0-9_]*)\}/g;

const fill = (text, lookUp) => text.replace(VARIABLE, (whole, name) => lookUp(name) ?? whole);

const variablesIn = (text) => Array.from(text?.matchAll(VARIABLE) ?? [], (match) => match[1]);

/** The variables that must be known first. An organization that is only a header may be left out. */
export function needsOf({ url, headers = [], basic, body }) {
  const fields = body?.form ?? body?.json ?? [];
  const texts = [url, basic?.username, basic?.password, ...fields.map(([, value]) => value)];
  for (const [, value] of headers) if (!isOptional(value)) texts.push(value);
  return [...new Set(texts.flatMap(variablesIn))];
}

/** What goes into a header: no credential has other characters than these of ASCII (RFC 6749 appendix A). */
export function headerVariablesOf({ headers = [], basic }) {
  const texts = [...headers.map(([, value]) => value), basic?.username, basic?.password];
  return [...new Set(texts.flatMap(variablesIn))];
}

export const isAscii = (value = '') => /^[ -~]*$/.test(value);

const isOptional = (value) => /^\$\{ORGANIZATION_ID\}$/.test(value);

/** The request with its variables filled in. */
export function filled(described, lookUp = recall) {
  const { method, url, headers = [], basic, body } = described;
  const all = headers
    .filter(([, value]) => !isOptional(value) || lookUp('ORGANIZATION_ID'))
    .map(([name, value]) => [name, fill(value, lookUp)]);
  if (basic) {
    const parts = [basic.username, basic.password].map((text) => formEncoded(fill(text, lookUp)));
    const pair = parts.join(':');
    all.push(['Authorization', `Basic ${lookUp === recall ? btoa(pair) : `base64(${pair})`}`]);
  }
  if (body) {
    const type = body.form ? 'x-www-form-urlencoded' : 'json';
    all.push(['Content-Type', `application/${type}`]);
  }
  const inUrl = (name) => lookUp(name) && encodeURIComponent(lookUp(name));
  return {
    method,
    url: fill(url, inUrl),
    headers: all,
    body: bodyOf(body, body?.isAddress ? inUrl : lookUp),
  };
}

/** As a form has it: so do a client's id and secret go into Basic, too (RFC 6749 §2.3.1). */
const formEncoded = (text) => new URLSearchParams([['', text]]).toString().slice(1);

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
  const text = `${head.join('\n')}${body ? `\n\n${body}` : ''}`;
  return text.replaceAll(encodeURIComponent(MASK), MASK);
}

/** The fields of a form one by one, decoded, beside how they are sent. Undefined where there is no form. */
export const fieldsOf = ({ body }) =>
  body?.form?.map(([name, value]) => `${name} = ${fill(value, show)}`).join('\n');

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

/** Sends it, from here to here: no cookie goes along. A redirect has an answer that no script may read. */
export async function send(described) {
  const { method, url, headers, body } = filled(described);
  const options = { method, headers, body, credentials: 'omit', redirect: 'manual' };
  const response = await fetch(url, options);
  if (response.type === 'opaqueredirect') return { isRedirect: true };
  const text = await response.text();
  return { status: response.status, headers: [...response.headers], text, json: readJson(text) };
}
