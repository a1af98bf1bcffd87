import { createServer, type IncomingMessage } from 'node:http';
import t, { type Test } from 'tap';
import { dial, startFront } from '../gate/front.ts';
import type { RawAnswer } from '../support/raw-request.ts';
import {
  createSecrets,
  expectUnharmed,
  mistakeAnywhere,
  mistakeInWords,
  runFuzz,
  SEED,
} from './fuzz-run.ts';
import { createProxyRequests, oddRequests, SMUGGLED } from './hostile-proxying.ts';
import type { HostileRequest } from './hostile-requests.ts';
import { createDice } from './hostile-values.ts';

// The gate in front of an API that answers everything well: whatever goes wrong was ours.

const DEADLINE_MS = 5_000;

/** What an upstream must never see, whoever asked for it. */
const WITHHELD = [
  ...['authorization', 'x-api-key', 'forwarded', 'x-real-ip', 'x-http-method-override'],
  ...['x-original-url', 'x-rewrite-url', 'x-method-override', 'x-forwarded-prefix', 'expect'],
  ...['keep-alive', 'te', 'trailer', 'proxy-authorization', 'http2-settings', 'upgrade'],
];

/** Four roots with everything below them, and single paths. */
const OWN_PATH =
  /^[/\\]*((manage|oauth|gate|\.well-known)(?![\w-])|(healthz|metrics|sign-in)\/*(\?|$))/i;

async function openFront(t: Test) {
  const received: IncomingMessage[] = [];
  const upstream = createServer((request, response) => {
    received.push(request);
    request.resume().on('end', () => {
      response.setHeader('x-upstream', '1').end('ok');
    });
  });
  upstream.on('clientError', (error: Error & { code?: string }, socket) => {
    // Cut off amid a body that was none: as it should be.
    if (error.code !== 'ECONNRESET') t.fail('what comes to the upstream is HTTP', error);
    socket.destroy();
  });
  const front = await startFront(t, upstream);
  return { front, received, secrets: createSecrets(front.gatehouse, [front.key]) };
}

/** What is wrong with a request as the upstream got it, if something is. */
function mistakeUpstream({ url = '', rawHeaders, headers }: IncomingMessage, key: string) {
  if (OWN_PATH.test(url)) {
    return 'one of our own paths';
  }
  if (/(^|\/)\.\.?(\/|$|;|\?)|%2f|%5c|%00|\\/i.test(url.split('?', 1)[0]!)) return 'two readings';
  const names = rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
  const withheld = names.find((name) => WITHHELD.includes(name) || name.includes('_'));
  if (withheld) return `the header ${withheld}`;
  if (`${url}\n${rawHeaders.join('\n')}`.includes(key)) return 'the key';
  const doubled = names.find(
    (name, i) => /^(x-(gatehouse|forwarded)-|host$)/.test(name) && names.indexOf(name) !== i,
  );
  if (doubled) return `${doubled} twice`;
  return headers['x-gatehouse-subject'] === undefined || headers['x-forwarded-for'] !== '127.0.0.1'
    ? 'words that are not ours'
    : undefined;
}

t.test('a fuzz run through the proxy', async (t) => {
  const { front, received, secrets } = await openFront(t);
  const next = createProxyRequests(createDice(SEED + 4), front.key);
  function mistakeIn({ method, target }: HostileRequest, answer: RawAnswer): string | undefined {
    const [request, ...others] = received.splice(0);
    if (others.length > 0) return 'more than one request upstream';
    const mistake = request && mistakeUpstream(request, front.key);
    if (mistake) return `the upstream sees ${mistake}: ${request.url} ${request.rawHeaders}`;
    const isUpstreams = answer.headers['x-upstream'] === '1';
    if (isUpstreams !== (request !== undefined)) return 'an answer that is not to its request';
    if (isUpstreams) return answer.status === 200 ? undefined : 'not the answer of the upstream';
    // Node itself refuses an Expect that it does not know (RFC 9110 §10.1.1); people and monitors are told
    // in their own ways.
    const isElse = answer.status === 417 || /^\/+(metrics|sign-in)/i.test(target);
    if (method === 'HEAD' || answer.status < 400 || isElse) return mistakeAnywhere(answer);
    return mistakeAnywhere(answer) ?? mistakeInWords(answer, isWorded);
  }
  const statuses = [200, 400, 401, 404];
  const { gatehouse } = front;
  await runFuzz(t, { gatehouse, requests: 600, secrets, next, mistakeIn, statuses });
});

/** In Klen's dialect, or in the words of the protocol door where that is asked. */
function isWorded({ json }: RawAnswer): boolean {
  const { error, error_description: description } = json;
  if (typeof error === 'string') return typeof description === 'string';
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return typeof code === 'string' && typeof message === 'string';
}

t.test('bytes that parsers disagree about never make a second request', async (t) => {
  const { front, received, secrets } = await openFront(t);
  for (const [name, text] of Object.entries(oddRequests(front.key))) {
    const before = received.length;
    const caller = await dial(t, front.port);
    caller.socket.end(text, 'latin1');
    const start = performance.now();
    await Promise.race([caller.closed, caller.ended]);
    t.ok(performance.now() - start < DEADLINE_MS, `${name}: in time`);
    const statuses = [...caller.read().matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, code]) => code!);
    t.notOk(
      statuses.some((code) => code >= '500'),
      `${name}: ${statuses}`,
    );
    const seen = received.slice(before);
    t.ok(seen.length <= 1, `${name}: one request at the most`);
    for (const request of seen) {
      t.notMatch(request.url, SMUGGLED, name);
      t.equal(mistakeUpstream(request, front.key), undefined, name);
    }
    caller.socket.destroy();
  }
  await expectUnharmed(t, front.gatehouse, secrets);
});
