import { environmentsOf } from '../credentials/api-keys/api-key-rules.ts';
import { createTopic, pathOf, presenting } from '../docs/topic.ts';
import { idOfText } from '../lib/ids.ts';
import type { Platform } from '../platform/platform.ts';

/** What members hold in examples, by their name. */
export type Words = Readonly<Record<string, unknown>>;

/** One id for each kind of thing, the same wherever the thing is spoken of. */
export const exampleId = (kind: string): string => idOfText(JSON.stringify(['example', kind]));

/** When everything in the examples happened. */
export const EXAMPLE_TIME = '2026-01-15T09:30:00.000Z';
const A_WEEK_LATER = '2026-01-22T09:30:00.000Z';
const ITS_HOUR = '2026-01-15T09:00:00.000Z';
const OPERATOR = { kind: 'admin', id: null };

/** A public key that everybody may know: RFC 7517, appendix A.1. */
const PUBLIC_KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
  y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
  ...{ use: 'sig', alg: 'ES256', kid: '2026-01' },
};

/** Of a secret no more is shown than how it begins and ends. */
const HIDDEN = '…';
const ENDING = '4Kd2';

/** Names that mean the same everywhere, in the platform's own words where it has some. */
export function commonWords(platform: Platform, issuer: string): Words {
  const [scope] = platform.scopes;
  const [environment] = environmentsOf(platform);
  const prefix = environment?.prefix ?? '';
  const [event] = platform.webhooks.events;
  const type = event?.name ?? 'api_key.created';
  const data = { id: exampleId('event data') };
  return {
    ...COUNTS,
    ...{ activated_at: EXAMPLE_TIME, start: ITS_HOUR },
    ...{ created_by: OPERATOR, invited_by: OPERATOR, actor: OPERATOR, role: 'member' },
    ...{ email: 'person@example.com', address: '203.0.113.7' },
    ...{ organization_id: exampleId('organization'), user_id: exampleId('user') },
    ...{ scopes: scope ? [scope.name] : [], scope: scope?.name ?? '' },
    ...{ plan: platform.defaultPlan, environment: environment?.name },
    ...{ redirect_uris: ['https://app.example.com/callback'], post_logout_redirect_uris: [] },
    ...{ grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] },
    ...{ require_pkce: true, contacts: [], introspection_audiences: [], allowed_addresses: [] },
    ...{ jwks: { keys: [PUBLIC_KEY] }, kid: PUBLIC_KEY.kid },
    ...{ url: 'https://app.example.com/webhooks', events: [type], type, data },
    ...{ body: JSON.stringify({ type, timestamp: EXAMPLE_TIME, data }), status: 'current' },
    ...{ key: `${prefix}${HIDDEN}`, hint: `${prefix}${HIDDEN}${ENDING}` },
    ...{ secret: `whsec_${HIDDEN}`, client_secret: `ghcs_${HIDDEN}` },
    link: `${issuer}/invitations/example`,
  };
}

const COUNTS: Words = {
  client_id_issued_at: Date.parse(EXAMPLE_TIME) / 1000,
  client_secret_expires_at: 0,
  overlap_seconds: 3_600,
  ...{ attempts: 1, number: 1, requests: 1_280 },
};

/** What only the operations of a tag mean by a name. */
export function wordsByTag(platform: Platform): Readonly<Record<string, Words>> {
  return {
    Organizations: { name: 'Example Company' },
    Users: { name: 'Example Person' },
    Invitations: { expires_at: A_WEEK_LATER },
    Clients: { name: 'Example App', hint: `ghcs_${HIDDEN}${ENDING}` },
    'API keys': { name: 'Nightly export' },
    'Service accounts': { name: 'Nightly export' },
    Audit: {
      type: 'user.created',
      target: { kind: 'user', id: exampleId('user') },
      request_id: exampleId('request'),
    },
    Usage: { group_by: 'outcome', outcome: 'allowed' },
    Gate: answerOfGate(platform),
  };
}

/** What only the answer of one operation means by a name. */
export const ANSWERS: Readonly<Record<string, Words>> = {
  disableApiKey: { status: 'disabled' },
  pauseWebhook: { status: 'paused' },
};

/** What a query holds beside what its schema requires: lists are of one page, usage is told apart. */
export const USUAL_PARAMETERS: readonly string[] = ['limit', 'group_by'];

/** A query that needs one of several parameters, of which its schema can require none. */
export const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  listMemberships: ['organization_id'],
};

/** What only a schema means by a name: that of a declaration is in the platform file. */
export function wordsBySchema(platform: Platform): Readonly<Record<string, Words>> {
  const { scopes, permissionSets, plans, defaultPlan, api } = platform;
  const [[scope], [set], [plan]] = [scopes, permissionSets, plans];
  return {
    Scope: { ...pick(scope), access: scope?.access, ...SCOPE, resources: [api.identifier] },
    PermissionSet: {
      ...pick(set ?? READ_ONLY),
      scopes: set?.scopes ?? scopes.slice(0, 1).map(({ name }) => name),
    },
    Plan: {
      ...pick(plan),
      ...{ is_default: plan?.name === defaultPlan, modules: plan?.modules, limits: {} },
    },
  };
}

/** Where the platform has no bundle. */
const READ_ONLY = { name: 'read_only', title: 'Read only' };

const SCOPE: Words = { implies: [], manages: [] };

/** The members that an example of a declaration takes from it. */
const pick = (one?: { name: string; title: string; description?: string }): Words =>
  one ? { name: one.name, title: one.title, description: one.description ?? one.title } : {};

function answerOfGate(platform: Platform): Words {
  const { scopes, defaultPlan } = platform;
  const key = exampleId('key');
  const principal = {
    ...{ kind: 'api_key', id: key, subject: key, organization_id: exampleId('organization') },
    ...{ environment: environmentsOf(platform)[0]?.name ?? null, plan: defaultPlan },
    scopes: scopes.slice(0, 1).map(({ name }) => name),
  };
  return { allowed: true, status: 200, principal, body: null };
}

/** What only the gate is asked: about a call that a key with the platform's first scope may make. */
export function questionOfGate(platform: Platform): Words {
  const topic = createTopic({ platform, issuer: '', apiUrl: '' });
  const ways = topic.presentationsOf('api_key');
  const way = ways.find((one) => one.in !== 'query') ?? ways[0];
  if (!topic.example || !way) return { method: 'GET', path: '/' };
  const value: typeof topic.value = (name) =>
    name === 'org_id' ? exampleId('organization') : topic.value(name);
  const { route } = topic.example;
  const example = { route, path: pathOf(route, exampleId('organization')) };
  const { method, url, headers = [] } = presenting({ ...topic, value }, way, 'api_key', example);
  return { method, path: url, headers: Object.fromEntries(headers) };
}
