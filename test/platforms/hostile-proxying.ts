import { type HostileRequest, queryOf } from './hostile-requests.ts';
import {
  BROKEN_BODIES,
  CONTENT_TYPES,
  type Dice,
  HOSTILE_TEXTS,
  hostileValue,
  inHeader,
  inPath,
  METHODS,
} from './hostile-values.ts';

// Requests to an API behind the gate, by callers who have a key or not.

/** A credential, a forged word of ours, a hop-by-hop header, or one that asks for another request. */
const HEADERS = [
  ...['x-gatehouse-subject', 'x-gatehouse-scopes', 'X-Gatehouse-Assertion', 'x_gatehouse_subject'],
  ...['x-forwarded-for', 'X_Forwarded_For', 'forwarded', 'x-real-ip', 'x-forwarded-prefix'],
  ...['x-http-method-override', 'x-original-url', 'x-rewrite-url', 'x-method-override'],
  ...['connection', 'te', 'keep-alive', 'proxy-authorization', 'upgrade', 'http2-settings'],
  ...[
    'cookie',
    'content-type',
    'content-encoding',
    'range',
    'if-none-match',
    'via',
    'x-request-id',
  ],
  ...['expect', 'max-forwards', 'x-y', '__proto__', 'constructor', 'accept-encoding', 'origin'],
];

const VALUES = [
  ...[
    'admin',
    'close, authorization',
    'x-gatehouse-subject',
    '/manage/v1/users',
    'DELETE',
    '127.0.0.1',
  ],
  ...[
    'h2c',
    'websocket',
    'gzip, chunked',
    '100-continue',
    'bytes=0-9999999999',
    '0',
    '__Host-gatehouse_x=1',
  ],
];

const OWN = ['/manage', '/oauth', '/gate', '/.well-known', '/healthz', '/metrics', '/sign-in'];

/** Spellings of what stands before a path, and after. */
const AROUND = [
  '',
  '/',
  '//',
  '/./',
  '/../',
  '/;x/',
  '/%2e/',
  '/%2f',
  '\\',
  '/v1/..',
  '/%00',
  '/v1//',
];

/**
 * @param key lets whoever sends it through
 */
export function createProxyRequests(dice: Dice, key: string) {
  function target(): string {
    const path = dice.chance(0.3)
      ? `${dice.oneOf(OWN)}${dice.chance(0.5) ? dice.oneOf(['/x', '/v1/users', '/check', '']) : ''}`
      : dice.oneOf(['/v1/calls', '/v1/agents', '/other', '/v1/calls/1;a=b', '/V1/Calls', '/']);
    const spelled = dice.chance(0.2) ? path.toUpperCase() : path;
    const around = dice.chance(0.25) ? dice.oneOf(AROUND) + spelled.slice(1) : spelled;
    const more = dice.chance(0.4) ? `${around}/${inPath(dice, hostileValue(dice))}` : around;
    const start = /^[/]/.test(more) ? more : `/${more}`;
    if (dice.chance(0.3)) return `${start}?${queryOf(dice, [['q', hostileValue(dice)]])}`;
    return dice.chance(0.1) ? `${start}?api_key=${key}&%61pi_key=${key}&x=1` : start;
  }

  function headers(): HostileRequest['headers'] {
    const made: HostileRequest['headers'] = {};
    for (let count = dice.below(4); count > 0; count -= 1) {
      const text = dice.chance(0.6) ? dice.oneOf(VALUES) : dice.oneOf(HOSTILE_TEXTS).slice(0, 900);
      const value = inHeader(text).trim();
      const name = dice.oneOf(HEADERS);
      made[name] = dice.chance(0.1) ? [value, inHeader(dice.oneOf(VALUES))] : value;
    }
    if (made.expect || made.upgrade || made.connection)
      delete made[dice.oneOf(['expect', 'upgrade'])];
    return made;
  }

  const presented = (): HostileRequest['headers'] =>
    dice.oneOf<HostileRequest['headers']>([
      ...Array.from({ length: 5 }, () => ({ authorization: `Bearer ${key}` })),
      ...[{ 'x-api-key': key }, {}, { authorization: `Basic ${key}` }, { 'x-api-key': [key, key] }],
      { authorization: `Bearer ${key.slice(0, -2)}${'x'.repeat(2)}` },
    ]);

  return function next(): HostileRequest {
    const method = dice.oneOf(['GET', 'GET', 'POST', 'PUT', dice.oneOf(METHODS)]);
    const hasBody = method !== 'GET' || dice.chance(0.1);
    const body = hasBody && dice.chance(0.5) ? dice.oneOf(BROKEN_BODIES) : Buffer.alloc(0);
    const type: Record<string, string> = dice.chance(0.3)
      ? { 'content-type': dice.oneOf(CONTENT_TYPES) }
      : {};
    return { method, target: target(), headers: { ...headers(), ...type, ...presented() }, body };
  };
}

/** What no request may bring about: a second one, which nobody has let through. */
export const SMUGGLED = '/v1/smuggled';

const INNER = `GET ${SMUGGLED} HTTP/1.1\r\nHost: x\r\n\r\n`;
const CHUNKED = 'Transfer-Encoding: chunked';

/** Requests as bytes, which parsers disagree about. The key lets each of them through, if it is read at all. */
export function oddRequests(key: string): Record<string, string> {
  const head = (method: string, ...lines: string[]) =>
    [`${method} /v1/calls HTTP/1.1`, 'Host: x', `X-API-Key: ${key}`, ...lines, '', ''].join('\r\n');
  const post = (...lines: string[]) => head('POST', ...lines);
  const whole = `${INNER.length.toString(16)}\r\n${INNER}\r\n0\r\n\r\n`;
  return {
    'length and chunks': `${post('Content-Length: 4', CHUNKED)}0\r\n\r\n${INNER}`,
    'chunks and length': `${post(CHUNKED, 'Content-Length: 4')}0\r\n\r\n${INNER}`,
    'two lengths': post('Content-Length: 0', `Content-Length: ${INNER.length}`) + INNER,
    'a list of lengths': post(`Content-Length: 0, ${INNER.length}`) + INNER,
    'a signed length': post(`Content-Length: +${INNER.length}`) + INNER,
    'a negative length': post('Content-Length: -1') + INNER,
    'a hexadecimal length': post('Content-Length: 0x10') + INNER,
    'a length with a space': post('Content-Length : 0') + INNER,
    'a huge length': post('Content-Length: 99999999999999999999') + INNER,
    xchunked: post('Transfer-Encoding: xchunked') + whole,
    'chunked twice': post(`${CHUNKED}, chunked`) + whole,
    'chunked, then identity': post(CHUNKED, 'Transfer-Encoding: identity') + whole,
    'gzip, chunked': post('Transfer-Encoding: gzip, chunked') + whole,
    'chunked in quotes': post('Transfer-Encoding: "chunked"') + whole,
    'chunked after a tab': post('Transfer-Encoding:\tchunked') + whole,
    'chunked on a second line': post('Transfer-Encoding:\r\n chunked') + whole,
    'chunked, spelled with a space': post('Transfer-Encoding : chunked') + whole,
    'chunked with a vertical tab': post('Transfer-Encoding: \x0bchunked') + whole,
    'chunked in a GET': head('GET', CHUNKED) + whole,
    'a body in a GET': head('GET', `Content-Length: ${INNER.length}`) + INNER,
    'chunks named in Connection': post('Connection: transfer-encoding', CHUNKED) + whole,
    'a length named in Connection':
      post('Connection: content-length', `Content-Length: ${INNER.length}`) + INNER,
    'a chunk size that overflows': `${post(CHUNKED)}10000000000000000\r\n${INNER}\r\n0\r\n\r\n`,
    'a negative chunk size': `${post(CHUNKED)}-1\r\n${INNER}\r\n0\r\n\r\n`,
    'a chunk size in 0x': `${post(CHUNKED)}0x1\r\nx\r\n0\r\n\r\n${INNER}`,
    'a chunk size with a plus': `${post(CHUNKED)}+1\r\nx\r\n0\r\n\r\n`,
    'a chunk longer than it says': `${post(CHUNKED)}1\r\n${INNER}\r\n0\r\n\r\n`,
    'chunks that end in LF': `${post(CHUNKED)}1\nx\n0\n\n${INNER}`,
    'a long chunk extension': `${post(CHUNKED)}1;${'x'.repeat(40_000)}\r\nx\r\n0\r\n\r\n`,
    'a chunk extension with LF': `${post(CHUNKED)}1;x\n\r\nx\r\n0\r\n\r\n${INNER}`,
    'a trailer with a credential': `${post(CHUNKED)}0\r\nX-Gatehouse-Subject: admin\r\n\r\n`,
    'an endless trailer': `${post(CHUNKED)}0\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`,
    'a NUL in a header': post('X-A: a\0b') + INNER,
    'a bare CR in a header': post(`X-A: a\rContent-Length: ${INNER.length}`) + INNER,
    'a header without a colon': post('X-A') + INNER,
    'a header without a name': post(': x') + INNER,
    'a folded header': post('X-A: a', ' b') + INNER,
    'no host': `GET /v1/calls HTTP/1.1\r\nX-API-Key: ${key}\r\n\r\n`,
    'two hosts': head('GET', 'Host: y'),
    'an absolute target': `GET http://127.0.0.1/manage/v1/users HTTP/1.1\r\nHost: x\r\nX-API-Key: ${key}\r\n\r\n`,
    'a target without a slash': `GET v1/calls HTTP/1.1\r\nHost: x\r\nX-API-Key: ${key}\r\n\r\n`,
    CONNECT: `CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: x\r\nX-API-Key: ${key}\r\n\r\n${INNER}`,
    'a space in the target': `GET /v1/calls x HTTP/1.1\r\nHost: x\r\nX-API-Key: ${key}\r\n\r\n`,
    'another version': `GET /v1/calls HTTP/3.7\r\nHost: x\r\nX-API-Key: ${key}\r\n\r\n`,
    'HTTP/0.9': `GET /v1/calls\r\n\r\n${INNER}`,
    'HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    TLS: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    h2c: head(
      'GET',
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABk',
    ),
    'a WebSocket with a body':
      head('GET', 'Connection: Upgrade', 'Upgrade: websocket', `Content-Length: ${INNER.length}`) +
      INNER,
    'headers without end': post(...Array.from({ length: 3_000 }, (_, i) => `X-${i}: x`)),
    'a header of 100 kB': post(`X-A: ${'x'.repeat(100_000)}`),
  };
}
