import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import t, { type Test } from 'tap';
import {
  type ClientOptions,
  createPlatformClient,
  GatehouseError,
  Kloakd,
  kaie,
  klen,
  kliq,
  kloakd,
  verifyWebhook,
  type WebhookDelivery,
} from '../../sdk/typescript/src/index.ts';
import {
  CLIENTS,
  createNetwork,
  type FakeAnswer,
  failureOf,
  NOW,
  type PlatformName,
  thrownBy,
} from './typescript-fakes.ts';
import { installTypescript } from './typescript-package.ts';
import { casesOf, plain, readVectors } from './vectors.ts';

// @gatehouse/client against the vectors that every language runs, and what is its own.

type Environment = Record<string, string>;
type ErrorExpectation = { error?: string; mentions?: string[]; hides?: string[] };

t.test('the presets are those of the platform files', async (t) => {
  const { presets } = readVectors<{ presets: Record<PlatformName, Record<string, unknown>> }>(
    'presets',
  );
  for (const [name, preset] of Object.entries({ kliq, kaie, klen, kloakd })) {
    const { className, ...expected } = presets[name as PlatformName];
    t.same(preset, expected, name);
    t.equal(CLIENTS[name as PlatformName].name, className, name);
  }
});

t.test('construction: config.json', async (t) => {
  type Input = { preset: PlatformName; options: ClientOptions; env: Environment };
  type Expect = ErrorExpectation & Record<string, unknown>;
  for (const { name, input, expect } of casesOf<Input, Expect>('config')) {
    const make = () => new CLIENTS[input.preset]({ ...input.options, runtime: { env: input.env } });
    if (expect.error) {
      sayAs(t, thrownBy(make), expect, name);
      continue;
    }
    const client = make();
    for (const [field, value] of Object.entries(expect)) {
      t.equal(Reflect.get(client, field), value, `${name}: ${field}`);
    }
  }
});

function sayAs(t: Test, error: GatehouseError, expect: ErrorExpectation, name: string) {
  t.equal(error.name, expect.error, name);
  for (const word of expect.mentions ?? []) t.match(plain(error.message), word, name);
  const everything = plain(inspect(error) + JSON.stringify(error) + String(error));
  for (const word of expect.hides ?? []) t.notMatch(everything, word, name);
}

t.test('what is sent: requests.json', async (t) => {
  type Input = {
    preset: PlatformName;
    options: ClientOptions;
    env?: Environment;
    request: { method: string; path: string; query?: never; headers?: Environment } & Partial<
      Record<'json' | 'body', never>
    >;
  };
  type Expect = ErrorExpectation & {
    method?: string;
    url?: string;
    headers?: Environment;
    absent?: string[];
    json?: unknown;
    body?: string;
  };
  for (const { name, input, expect } of casesOf<Input, Expect>('requests')) {
    const network = createNetwork(() => ({}));
    const { preset, options, env = {}, request } = input;
    const client = new CLIENTS[preset]({ ...options, fetch: network.fetch, runtime: { env } });
    const { method, path, ...more } = request;
    const call = client.request(method, path, more);
    if (expect.error) {
      sayAs(t, await failureOf(call), expect, name);
      t.same(network.sent, [], `${name}: nothing was sent`);
      continue;
    }
    await call;
    const [sent] = network.sent;
    t.equal(new URL(sent!.url).href, sent!.url, `${name}: fetch changes nothing in the URL`);
    if (expect.url) t.equal(sent!.url, expect.url, name);
    if (expect.method) t.equal(sent!.method, expect.method, name);
    if (expect.json !== undefined) t.same(JSON.parse(sent!.body!), expect.json, name);
    if (expect.body !== undefined) t.equal(sent!.body, expect.body, name);
    for (const [header, value] of Object.entries(expect.headers ?? {})) {
      t.equal(sent!.headers.get(header), value, `${name}: ${header}`);
    }
    for (const header of expect.absent ?? []) t.notOk(sent!.headers.has(header), name);
    t.match(sent!.headers.get('user-agent'), /^gatehouse-client-/, name);
    t.equal(sent!.redirect, 'manual', name);
  }
});

t.test('typed errors by canonical reason: errors.json', async (t) => {
  type Input = {
    preset: PlatformName;
    credential: 'api_key' | 'token';
    secret?: string;
    now?: number;
    answer: { status: number; headers: Environment; body: string };
  };
  for (const { name, input, expect } of casesOf<Input, Record<string, unknown>>('errors')) {
    const { preset, credential, secret = 'hush', answer, now = NOW } = input;
    const network = createNetwork(() => answer);
    const option = credential === 'api_key' ? { apiKey: secret } : { accessToken: secret };
    const client = new CLIENTS[preset]({
      ...{ ...option, fetch: network.fetch, maxRetries: 0 },
      runtime: { env: {}, now: () => now },
    });
    const error = await failureOf(client.get('/x'));
    t.ok(error instanceof GatehouseError, name);
    t.equal(error.name, expect.class, name);
    for (const [field, value] of Object.entries(expect)) {
      if (field === 'class') continue;
      if (field === 'message' && value === null) t.match(error.message, /\w/, name);
      else t.equal(Reflect.get(error, field), value, `${name}: ${field}`);
    }
    t.notMatch(printed(error), 'hush', name);
  }
});

/** All that a log could make of an error. */
const printed = (error: Error) =>
  inspect(error, { depth: null, showHidden: true }) + JSON.stringify(error) + String(error);

t.test('retries: retries.json', async (t) => {
  type Input = { method: string; options?: ClientOptions; answers: FakeAnswer[] };
  type Expect = { attempts: number; delays: number[]; status?: number; error?: string } & Record<
    string,
    unknown
  >;
  for (const { name, input, expect } of casesOf<Input, Expect>('retries')) {
    let turn = 0;
    const network = createNetwork(() => input.answers[turn++]!);
    const delays: number[] = [];
    const client = new Kloakd({
      ...{ apiKey: 'k', fetch: network.fetch, timeoutSeconds: 0.02, ...input.options },
      runtime: {
        ...{ env: {}, now: () => NOW, random: () => 0.5 },
        sleep: async (seconds) => void delays.push(seconds),
      },
    });
    const call = client.request(input.method, '/x');
    if (expect.error) {
      const error = await failureOf(call);
      t.equal(error.name, expect.error, name);
      for (const field of ['reason', 'retryAfter'] as const) {
        if (field in expect) t.equal(error[field], expect[field], `${name}: ${field}`);
      }
    } else t.equal((await call).status, expect.status, name);
    t.equal(network.sent.length, expect.attempts, `${name}: attempts`);
    t.same(delays, expect.delays, `${name}: delays`);
  }
});

t.test('tokens it fetches by itself: tokens.json', async (t) => {
  type Input = {
    preset: PlatformName;
    options: ClientOptions;
    tokenAnswers: FakeAnswer[];
    apiAnswers?: FakeAnswer[];
    steps: { at: number; calls?: number }[];
  };
  type Expect = {
    tokenRequests: unknown[];
    authorizations: string[];
    results: unknown[];
    hides?: string[];
  };
  for (const { name, input, expect } of casesOf<Input, Expect>('tokens')) {
    let [now, tokens, answers] = [NOW, 0, 0];
    const isForToken = ({ method }: { method: string }) => method === 'POST';
    const network = createNetwork((sent) =>
      isForToken(sent) ? input.tokenAnswers[tokens++]! : (input.apiAnswers?.[answers++] ?? {}),
    );
    const client = new CLIENTS[input.preset]({
      ...{ maxRetries: 0, timeoutSeconds: 0.02, ...input.options, fetch: network.fetch },
      runtime: { env: {}, now: () => now, sleep: async () => {} },
    });
    const results: unknown[] = [];
    const errors: string[] = [];
    for (const { at, calls = 1 } of input.steps) {
      now = NOW + at;
      const settled = await Promise.allSettled(
        Array.from({ length: calls }, () => client.get('/v1/x')),
      );
      results.push(
        ...settled.map((one) => (one.status === 'fulfilled' ? one.value.status : one.reason.name)),
      );
      errors.push(
        ...settled.flatMap((one) => (one.status === 'rejected' ? printed(one.reason) : [])),
      );
    }
    for (const text of expect.hides ?? []) t.notOk(errors.join().includes(text), `${name}: hides`);
    t.same(results, expect.results, `${name}: results`);
    const [forTokens, toApi] = [
      network.sent.filter(isForToken),
      network.sent.filter((sent) => !isForToken(sent)),
    ];
    t.same(
      toApi.map(({ headers }) => headers.get('authorization')),
      expect.authorizations,
      `${name}: authorizations`,
    );
    t.same(forTokens.map(readTokenRequest), expect.tokenRequests, `${name}: token requests`);
  }
});

function readTokenRequest({
  url,
  headers,
  body,
}: {
  url: string;
  headers: Headers;
  body: string | null;
}) {
  const authorization = headers.get('authorization');
  const basic = authorization && atob(authorization.replace(/^Basic /, ''));
  const isJson = headers.get('content-type') === 'application/json';
  const content = isJson
    ? { json: JSON.parse(body!) }
    : { form: Object.fromEntries(new URLSearchParams(body!)) };
  return { url, basic, ...content };
}

t.test('webhooks: webhooks.json', async (t) => {
  type Input = Omit<WebhookDelivery, 'webhook' | 'payload'> & {
    payload?: string;
    payloadBase64?: string;
    header: string;
    style: 'timestamped' | 'plain';
  };
  type Expect = { valid?: true; id?: string | null; timestamp?: number | null; error?: string };
  for (const { name, input, expect } of casesOf<Input, Expect>('webhooks')) {
    const { payload, payloadBase64, header, style, ...more } = input;
    const bytes = payload ?? Buffer.from(payloadBase64!, 'base64');
    for (const headers of [input.headers, new Headers(input.headers as Environment)]) {
      const checked = verifyWebhook({
        ...{ ...more, headers, payload: bytes, webhook: { header, style } },
      });
      if (expect.valid) {
        t.same(await checked, { id: expect.id, timestamp: expect.timestamp }, name);
        continue;
      }
      const error = await failureOf(checked);
      if (expect.error === 'configuration') t.equal(error.name, 'ConfigurationError', name);
      else t.same([error.name, error.reason], ['WebhookVerificationError', expect.error], name);
      for (const secret of input.secrets) {
        if (secret.length > 6) t.notOk(inspect(error).includes(secret.slice(6)), name);
      }
    }
  }
});

t.test('secrets are in nothing that is printed of a client', async (t) => {
  const ways: ClientOptions[] = [
    { apiKey: 'hush-1' },
    { accessToken: 'hush-1' },
    { clientId: 'client', clientSecret: 'hush-1' },
    { email: 'ada@example.com', password: 'hush-1' },
  ];
  for (const way of ways) {
    const client = new CLIENTS.kliq({ ...way, runtime: { env: { HUSH: 'hush-2' } } });
    const printed = [
      ...[inspect(client, { depth: null, showHidden: true }), JSON.stringify(client)],
      ...[String(client), JSON.stringify(Object.entries(client)), inspect(client.auth)],
    ].join();
    t.notMatch(printed, 'hush');
    t.equal(client.method === undefined, false);
  }
});

t.test('a connection that fails says so without the credential', async (t) => {
  const client = new Kloakd({ apiKey: 'hush', baseUrl: 'http://127.0.0.1:1', maxRetries: 0 });
  const error = await failureOf(client.get('/x'));
  t.equal(error.name, 'ConnectionError');
  t.notMatch(inspect(error, { depth: null }), 'hush');
});

t.test('a caller’s signal ends a request and its waiting', async (t) => {
  const { fetch, sent } = createNetwork(() => ({ status: 429, headers: { 'retry-after': '50' } }));
  const stop = new AbortController();
  const client = new Kloakd({ apiKey: 'k', fetch });
  const call = client.get('/x', { signal: stop.signal });
  const failure = failureOf(call);
  stop.abort(new Error('enough'));
  t.equal((await failure).message, 'enough');
  t.ok(sent.length <= 1, 'and nothing more is sent');
  await t.rejects(client.get('/x', { signal: stop.signal }), { message: 'enough' });
});

t.test('a caller who gives up waiting for a token leaves it to the others', async (t) => {
  const stop = new AbortController();
  let arrive = (_: Response) => {};
  const token = new Promise<Response>((resolve) => {
    arrive = resolve;
  });
  const isForToken = (input: unknown) => String(input).endsWith('/oauth/token');
  const client = new Kloakd({
    ...{ clientId: 'c', clientSecret: 's', runtime: { env: {} } },
    fetch: (input) => (isForToken(input) ? token : Promise.resolve(Response.json({}))),
  });
  const [hasty, patient] = [client.get('/x', { signal: stop.signal }), client.get('/x')];
  const failure = failureOf(hasty);
  stop.abort(new Error('enough'));
  t.equal((await failure).message, 'enough');
  arrive(Response.json({ access_token: 'a1', expires_in: 3600 }));
  t.equal((await patient).status, 200);
});

t.test('answers: JSON as a value, other text as text, nothing as undefined', async (t) => {
  const answers: FakeAnswer[] = [
    { body: { a: 1 }, headers: { 'x-request-id': 'r1' } },
    { body: '{"a":1}', headers: { 'content-type': 'application/problem+json; charset=utf-8' } },
    { body: 'a,b', headers: { 'content-type': 'text/csv' } },
    { body: '{broken' },
    { status: 204 },
  ];
  let turn = 0;
  const { fetch } = createNetwork(() => answers[turn++]!);
  const client = new Kloakd({ apiKey: 'k', fetch });
  const first = await client.get<{ a: number }>('/x');
  t.same([first.status, first.data, first.requestId], [200, { a: 1 }, 'r1']);
  t.same((await client.get('/x')).data, { a: 1 });
  t.equal((await client.get('/x')).data, 'a,b');
  t.equal((await client.get('/x')).data, '{broken');
  t.equal((await client.delete('/x')).data, undefined);
});

t.test('a redirect is not followed: it is an error', async (t) => {
  const { fetch, sent } = createNetwork(() => ({
    ...{ status: 302, headers: { location: 'https://evil.example.com/' } },
  }));
  const error = await failureOf(new Kloakd({ apiKey: 'k', fetch }).get('/x'));
  t.same([error.name, error.status, sent.length], ['GatehouseError', 302, 1]);
});

t.test('a platform of one’s own needs a name, a prefix and an address', async (t) => {
  const Notes = createPlatformClient({
    ...{ name: 'Notes', envPrefix: 'NOTES', baseUrl: 'https://api.notes.example' },
  });
  const { fetch, sent } = createNetwork(() => ({}));
  await new Notes({ fetch, runtime: { env: { NOTES_API_KEY: 'notes_live_1' } } }).get('/v1/notes');
  t.equal(sent[0]!.url, 'https://api.notes.example/v1/notes');
  t.equal(sent[0]!.headers.get('authorization'), 'Bearer notes_live_1');
  await t.rejects(
    new Notes({ apiKey: 'k' }).auth.getToken({ email: 'a', password: 'b' }),
    { name: 'ConfigurationError' },
    'without tokens of users',
  );
});

t.test('the package builds, and what it exports runs', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-sdk-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const place = await installTypescript(directory);
  const manifest = (await import('../../sdk/typescript/package.json', { with: { type: 'json' } }))
    .default;
  t.same(Object.keys(manifest).includes('dependencies'), false, 'no dependencies');
  for (const { types, default: code } of Object.values(manifest.exports)) {
    const file = join(place, code);
    t.ok(Object.keys(await import(pathToFileURL(file).href)).length > 1, code);
    t.equal(types.replace('.d.ts', '.js'), code);
  }
});
