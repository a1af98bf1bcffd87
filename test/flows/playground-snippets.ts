import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import type { Test } from 'tap';
import type { SnippetLanguage } from '../../src/snippets/snippets.ts';
import type { Runners } from '../docs/snippet-runners.ts';
import type { Stage } from '../docs/snippet-stage.ts';
import { consent, introspect, newPkce, signIn, token } from '../support/flows.ts';
import { registerService } from '../support/gatehouse.ts';
import { createUserAgent } from '../support/user-agent.ts';

// What somebody does who follows a flow of the playground by its snippets alone, in one language: what a step
// prints is what the next one reads.

/** The code of a step, by its kind and language. */
export type StepCodes = ReadonlyMap<string, Readonly<Record<SnippetLanguage, string>>>;

interface Reader {
  readonly t: Test;
  readonly stage: Stage;
  readonly runners: Runners;
  readonly language: SnippetLanguage;
  readonly travel: Travel;
  /** The languages whose program has refused what is no good token, on this stage. */
  readonly tried: Set<string>;
  /** The secret of an app of the reader's. */
  readonly appSecret?: string | undefined;
  /** What the reader knows so far, as the snippets call it. */
  readonly known: Record<string, string>;
  /** Once there is a step that signs: a JWT is good once. */
  sign?: () => Promise<void>;
}

/** Runs the steps one after the other. */
export async function follow(
  t: Test,
  stage: Stage,
  {
    codes,
    ...tools
  }: Pick<Reader, 'runners' | 'language' | 'travel' | 'tried' | 'appSecret'> & { codes: StepCodes },
): Promise<void> {
  const { runners, language, appSecret } = tools;
  const known = { ...beginningOf(stage), ...(appSecret ? { APP_SECRET: appSecret } : {}) };
  const reader: Reader = { ...{ t, stage, ...tools }, known };
  for (const [kind, { [language]: code }] of codes) {
    const act = STEPS[kind];
    if (!act) throw new Error(`${kind} is a step that is not tried here`);
    await act(reader, (more = {}) => runners.run(language, code, { ...reader.known, ...more }));
  }
}

/** Goes to `/oauth/authorize` and comes back with an answer. */
export type Travel = (url: string) => Promise<URLSearchParams>;

/** One browser for the readers of all languages: who is signed in need not sign in again. They wait in line. */
export function createTravel({ user }: Stage, agent = createUserAgent()): Travel {
  let before: Promise<unknown> = Promise.resolve();

  async function travel(url: string): Promise<URLSearchParams> {
    let page = await agent.follow(await agent.get(url));
    const asksFor = (what: string) => page.forms.some(({ action }) => action.endsWith(what));
    if (asksFor('/sign-in')) page = await signIn(agent, page, user);
    if (asksFor('/consent')) page = await consent(agent, page);
    const back = new URL(page.url);
    if (!back.searchParams.has('state')) throw new Error(`${page.status} at ${back.pathname}`);
    return back.searchParams;
  }

  return (url) => {
    const back = before.then(() => travel(url));
    before = back.catch(() => undefined);
    return back;
  };
}

/** What a reader brings along, or types into the page. */
function beginningOf({ user, apiKey }: Stage): Record<string, string> {
  const pkce = newPkce();
  return {
    ...{ EMAIL: user.email, PASSWORD: user.password, ORGANIZATION_ID: user.organizationId },
    ...{ API_KEY: apiKey, FINGERPRINT: randomUUID() },
    ...{ CODE_VERIFIER: pkce.verifier, CODE_CHALLENGE: pkce.challenge },
    ...{ STATE: randomUUID(), NONCE: randomUUID() },
  };
}

type Run = (more?: Record<string, string>) => Promise<string>;
type Act = (reader: Reader, run: Run) => Promise<void>;

const STEPS: Readonly<Record<string, Act>> = {
  async prepare({ t, known }, run) {
    const made = Object.fromEntries(
      (await run())
        .trim()
        .split('\n')
        .map((line) => line.split('=')),
    );
    const { CODE_VERIFIER = '', CODE_CHALLENGE, STATE, NONCE } = made;
    for (const random of [CODE_VERIFIER, STATE, NONCE]) t.match(random, /^[\w-]{43}$/);
    t.equal(new Set([CODE_VERIFIER, STATE, NONCE]).size, 3, 'three random values');
    const challenge = createHash('sha256').update(CODE_VERIFIER).digest('base64url');
    t.equal(CODE_CHALLENGE, challenge, 'the challenge is that of the verifier (RFC 7636 §4.2)');
    Object.assign(known, made);
  },

  async authorize({ t, travel, known }, run) {
    const url = (await run()).trim();
    const back = await travel(url);
    t.equal(back.get('state'), known.STATE, 'the state comes back');
    const asksForNothing = new URL(url).searchParams.get('scope') === '';
    t.equal(back.get('error'), asksForNothing ? 'invalid_scope' : null);
    t.equal(back.has('code'), !asksForNothing, 'with a code, unless no scope was asked for');
    known.CODE = back.get('code') ?? '';
  },

  async redeem(reader, run) {
    takeTokens(reader, await run());
    const { t, known } = reader;
    if (known.ID_TOKEN) t.equal(decodeJwt(known.ID_TOKEN).nonce, known.NONCE);
  },
  async client(reader, run) {
    await becomeClient(reader);
    takeTokens(reader, await run());
  },
  sign_in: async (reader, run) => takeTokens(reader, await run()),
  renew: async (reader, run) => takeTokens(reader, await run()),
  async exchange(reader, run) {
    if (reader.sign) await reader.sign();
    else await bringCredentials(reader);
    takeTokens(reader, await run());
  },

  async inspect({ t, stage, known, language, tried }, run) {
    const token = known.ACCESS_TOKEN!;
    const printed = await run();
    t.match(JSON.parse(printed.slice(printed.indexOf('{'))), decodeJwt(token), 'its claims');
    if (tried.has(language)) return;
    tried.add(language);
    const [header, claims, signature] = token.split('.');
    const other = Buffer.from(JSON.stringify({ ...decodeJwt(token), scope: 'admin' }));
    const expired = await fetch(`${stage.gatehouse.issuer}/playground/expired-token`, {
      ...{ method: 'POST', headers: { 'sec-fetch-site': 'same-origin' } },
    });
    const wrong = {
      'one that has expired': ((await expired.json()) as { access_token: string }).access_token,
      'with other claims': [header, other.toString('base64url'), signature].join('.'),
      'with another signature': [header, claims, [...signature!].reverse().join('')].join('.'),
      ...(known.ID_TOKEN ? { 'an ID token': known.ID_TOKEN } : {}),
    };
    for (const [name, ACCESS_TOKEN] of Object.entries(wrong)) {
      await t.rejects(run({ ACCESS_TOKEN }), `refused: ${name}`);
    }
  },

  async call(reader, run) {
    await bringCredentials(reader);
    reader.t.match(await run(), /^200 /, 'the API answers');
  },
  async call_with_key({ t }, run) {
    t.match(await run(), /^200 /, 'the API answers');
  },
  async check(reader, run) {
    await becomeClient(reader);
    reader.t.match(JSON.parse((await run()).slice('200 '.length)), { active: true });
  },
  async revoke({ t, stage, known }, run) {
    t.match(await run(), /^200/);
    const service = await registerService(stage.gatehouse, anyAudience(stage));
    const { body } = await introspect(stage.gatehouse, service, known.ACCESS_TOKEN!);
    t.equal(body.active, false, 'the token has ended');
  },

  async key_pair({ t, stage, runners, language, known }, run) {
    const jwks = JSON.parse(await run());
    const file = join(runners.directory(language), 'private-key.pem');
    t.equal(statSync(file).mode & 0o777, 0o600, 'nobody else may read the private key');
    known.PRIVATE_KEY = readFileSync(file, 'utf8');
    const { desk, platform, user } = stage;
    const made = await desk.call('POST', '/manage/v1/service-accounts', {
      ...{ organization_id: user.organizationId, name: language, jwks },
      scopes: platform.scopes.map(({ name }) => name),
    });
    t.equal(made.status, 201, 'the public half can be registered', { answer: made.text });
    known.ACCOUNT_ID = made.body.id;
  },
  async sign(reader, run) {
    reader.sign = async () => {
      reader.known.SERVICE_JWT = (await run()).trim();
    };
    await reader.sign();
  },
  async key({ t, known }, run) {
    const answer = await run();
    t.match(answer, /^201 /);
    const { key, organization_id } = JSON.parse(answer.slice('201 '.length));
    Object.assign(known, { API_KEY: key, ORGANIZATION_ID: organization_id });
  },
};

/** In the words of `/oauth/token` or of the platform. */
function takeTokens({ t, known, language }: Reader, answer: string): void {
  t.match(answer, /^200 /, `tokens in ${language}`);
  const body = JSON.parse(answer.slice('200 '.length));
  const tokens = {
    ACCESS_TOKEN: body.access_token ?? body.accessToken,
    REFRESH_TOKEN: body.refresh_token ?? body.refreshToken,
    ID_TOKEN: body.id_token,
  };
  for (const [name, token] of Object.entries(tokens)) if (token) known[name] = token;
}

const anyAudience = ({ platform }: Stage) => ({
  introspectionAudiences: [platform.api.identifier],
});

/** What the steps before would have given, where they are left out. */
async function bringCredentials(reader: Reader): Promise<void> {
  const { stage, known } = reader;
  const { gatehouse, platform } = stage;
  if (known.ACCESS_TOKEN || known.SERVICE_JWT) return;
  await becomeClient(reader);
  const client = { clientId: known.CLIENT_ID!, secret: known.CLIENT_SECRET! };
  const scope = platform.scopes.map(({ name }) => name).join(' ');
  const { body } = await token(gatehouse, client, { grant_type: 'client_credentials', scope });
  known.ACCESS_TOKEN = body.access_token!;
  if (!platform.serviceJwts.enabled) return;
  const signed = await stage.serviceJwt(gatehouse.issuer);
  known.SERVICE_JWT = signed[stage.variable('SERVICE_JWT')]!;
}

/** A client that acts for itself, and may introspect what is for the API. */
async function becomeClient({ stage, known }: Reader): Promise<void> {
  if (known.CLIENT_ID) return;
  const service = await registerService(stage.gatehouse, {
    ...{ organizationId: stage.user.organizationId, ...anyAudience(stage) },
  });
  Object.assign(known, { CLIENT_ID: service.clientId, CLIENT_SECRET: service.secret });
}
