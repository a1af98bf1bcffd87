import type {
  OperatorPlan,
  OperatorTab,
  OperatorThrottle,
} from '../../src/pages/operator-models.ts';
import type { SecurityPage } from '../../src/pages/security-models.ts';
import { frameSample } from './frame-sample.ts';
import type { Sample } from './samples.ts';

const guarded = { action: '/dashboard/security', csrf: 'k2nVdW5pdA' };
const since = new Date('2026-03-02T08:00:00Z');
const lastSeen = new Date('2026-11-21T12:00:00Z');
const options = '{"challenge":"9x2n0Q1m4p7s3v6y8bAcDe"}';
const form = '9x2n0Q1m4p7s3v6y8bAcDe';
const frame = frameSample('security');

const secured: SecurityPage = {
  frame,
  sessions: [
    { browser: 'Firefox', system: 'Linux', address: '203.0.113.17', since },
    { browser: 'Safari', system: 'iPhone', address: '2001:db8::17', since, lastSeen, end: guarded },
    { since, end: guarded },
  ],
  endOthers: guarded,
  password: guarded,
  passkeys: [
    { name: 'Phone', since, lastUsed: since, backedUp: true, editUrl: '/passkeys/1' },
    { name: 'Blue security key', since, backedUp: false, editUrl: '/passkeys/2' },
  ],
  secondFactor: { on: true, codesLeft: 8 },
  passkeysPossible: true,
  change: {
    add: { ...guarded, options },
    turnOff: guarded,
    renewCodes: { ...guarded, form },
  },
};

const off: SecurityPage = {
  ...{ frame, sessions: secured.sessions.slice(0, 1), password: guarded, passkeys: [] },
  ...{ secondFactor: { on: false, codesLeft: 0 }, passkeysPossible: true },
};

const codes = Array.from({ length: 10 }, (_, index) => `7K3QH-9XZPA-0M4TW-E2RC${index}`);

const securitySamples: Sample[] = [
  {
    name: 'sign-in-passkey',
    page: 'sign-in',
    model: { ...guarded, signUpUrl: '/sign-up', passkey: { ...guarded, options } },
  },
  {
    name: 'sign-in-again',
    page: 'sign-in',
    model: { ...guarded, again: true, error: { kind: 'passkey' } },
  },
  {
    name: 'second-step',
    page: 'second-step',
    model: { ...guarded, email: 'ada@analytical.example', signInUrl: '/sign-in', options },
  },
  {
    name: 'second-step-wrong',
    page: 'second-step',
    model: {
      ...{ ...guarded, email: 'ada@analytical.example', signInUrl: '/sign-in', options },
      ...{ continueTo: 'Northwind Sync', remember: true, error: { kind: 'code' } },
    },
  },
  {
    name: 'second-step-throttled',
    page: 'second-step',
    model: {
      ...{ ...guarded, email: 'ada@analytical.example', signInUrl: '/sign-in' },
      error: { kind: 'throttled', waitSeconds: 130 },
    },
  },
  { name: 'security', page: 'dashboard/security/overview', model: secured },
  {
    name: 'security-off',
    page: 'dashboard/security/overview',
    model: { ...off, change: { add: { ...guarded, options }, turnOn: { ...guarded, form } } },
  },
  {
    name: 'security-confirm',
    page: 'dashboard/security/overview',
    model: { ...off, passkeysPossible: false, confirmUrl: '/sign-in?again=yes' },
  },
  {
    name: 'security-password-wrong',
    page: 'dashboard/security/overview',
    model: { ...off, password: { ...guarded, errors: { current_password: 'rejected' } } },
  },
  {
    name: 'security-throttled',
    page: 'dashboard/security/overview',
    model: {
      ...off,
      password: { ...guarded, errors: { form: { kind: 'throttled', waitSeconds: 130 } } },
    },
  },
  {
    name: 'security-passkey-nameless',
    page: 'dashboard/security/overview',
    model: { ...secured, error: 'passkey_name_required' },
  },
  {
    name: 'passkey',
    page: 'dashboard/security/passkey',
    model: { frame, name: 'Phone', backUrl: '/', rename: guarded, remove: guarded },
  },
  {
    name: 'passkey-needed',
    page: 'dashboard/security/passkey',
    model: {
      ...{ frame, name: 'Phone', backUrl: '/', rename: guarded, remove: guarded },
      error: 'needed',
    },
  },
  {
    name: 'recovery-codes',
    page: 'dashboard/security/recovery-codes',
    model: { frame, reason: 'turned_on', codes, doneUrl: '/' },
  },
  {
    name: 'connected-apps',
    page: 'dashboard/connected-apps',
    model: {
      frame: frameSample('connected_apps'),
      apps: ['Northwind Sync', 'Hello'].map((name) => ({
        ...{ name, publisher: 'Northwind Traders', organization: 'Analytical Engines' },
        ...{ identity: ['openid' as const], permissions: [], since, lastUsed: since },
        disconnect: guarded,
      })),
    },
  },
  {
    name: 'connected-apps-none',
    page: 'dashboard/connected-apps',
    model: { frame: frameSample('connected_apps'), apps: [] },
  },
];

const TABS: OperatorTab[] = ['organizations', 'plans', 'clients', 'signing_keys', 'throttles'];
const top = (current: OperatorTab) => ({
  frame: frameSample('operator'),
  get tabs() {
    return TABS.map((name) => ({ name, href: '/dashboard/operator', current: name === current }));
  },
});
const id = '019a8c9e-77b6-7bd1-a0c6-5ad2f4c1f3f0';
const organization = { id, name: 'Analytical Engines', plan: 'Enterprise', since };

const limits: OperatorPlan['limits'] = [
  {
    ...{ title: 'Requests per minute', limit: 120, windowSeconds: 60, own: false },
    ...({ kind: 'rate', per: 'credential' } as const),
  },
  {
    ...{ title: 'Requests per month', limit: 5_000_000, windowSeconds: 2_592_000, own: true },
    ...({ kind: 'quota', per: 'organization' } as const),
  },
];

const throttle: OperatorThrottle = {
  ...({ kind: 'account', attempts: 10, limit: 10, refused: true } as const),
  ...{ whom: 'a•••@a•••.example', since, until: since },
};

const operatorSamples: Sample[] = [
  {
    name: 'operator-organizations',
    page: 'dashboard/operator/organizations',
    model: {
      ...top('organizations'),
      ...{ searchUrl: '/', search: 'engines', nextUrl: '/?cursor=x', firstUrl: '/' },
      organizations: [{ ...organization, href: '/' }],
    },
  },
  {
    name: 'operator-organizations-none',
    page: 'dashboard/operator/organizations',
    model: { ...top('organizations'), searchUrl: '/', search: 'x', organizations: [] },
  },
  {
    name: 'operator-organization',
    page: 'dashboard/operator/organization',
    model: {
      ...{ ...top('organizations'), ...organization, listUrl: '/', changePlan: guarded },
      plans: ['Developer', 'Enterprise'].map((title) => ({
        ...{ name: title, title, current: title === 'Enterprise' },
      })),
      members: [{ name: 'Ada Lovelace', email: 'ada@analytical.example', role: 'owner' }],
      moreMembers: true,
      clients: [{ id, name: 'Northwind Sync', disabled: true, href: '/' }],
      ...{ moreClientsUrl: '/', planError: true },
    },
  },
  {
    name: 'operator-clients',
    page: 'dashboard/operator/clients',
    model: {
      ...{ ...top('clients'), searchUrl: '/', search: 'n', nextUrl: '/' },
      clients: [
        {
          ...{ id, name: 'Northwind Sync', disabled: false, since, href: '/' },
          owner: { name: 'Northwind Traders', href: '/' },
          toggle: { ...guarded, kind: 'disable' },
        },
        {
          ...{ id, name: 'Console', disabled: true, since, href: '/' },
          toggle: { ...guarded, kind: 'enable' },
        },
      ],
    },
  },
  {
    name: 'operator-clients-none',
    page: 'dashboard/operator/clients',
    model: { ...top('clients'), searchUrl: '/', search: 'x', clients: [] },
  },
  {
    name: 'operator-client',
    page: 'dashboard/operator/client',
    model: {
      ...{ ...top('clients'), id, name: 'Northwind Sync', disabled: true, since, listUrl: '/' },
      owner: { name: 'Northwind Traders', href: '/' },
      toggle: { ...guarded, kind: 'enable' },
      proof: { kind: 'client_secret_basic' },
      grantTypes: ['authorization_code', 'refresh_token'],
      redirectUris: ['https://app.northwind.example/callback'],
      scopes: [{ name: 'openid' }, { name: 'workflows:read', title: 'Read workflows' }],
      secrets: [{ hint: 'ghcs_…x1Yz' }, { hint: 'ghcs_…a9Bc', until: since }],
    },
  },
  {
    name: 'operator-client-public',
    page: 'dashboard/operator/client',
    model: {
      ...{ ...top('clients'), id, name: 'Console', disabled: false, since, listUrl: '/' },
      ...{ toggle: { ...guarded, kind: 'disable' }, proof: { kind: 'none' } },
      ...{ grantTypes: [], redirectUris: [], scopes: [], secrets: [] },
    },
  },
  {
    name: 'operator-plans',
    page: 'dashboard/operator/plans',
    model: {
      ...top('plans'),
      plans: [
        {
          ...{
            name: 'developer',
            title: 'Developer',
            declared: true,
            given: { kind: 'by_default' },
          },
          ...{ organizations: { count: 1200, href: '/' }, modules: ['Discoveries'], limits },
        },
        {
          ...{ name: 'old', title: 'Old', declared: false, modules: [], limits: [] },
          organizations: { count: 0, href: '/' },
        },
      ],
      rates: [{ kind: 'api_key', limit: 600, windowSeconds: 60 }],
    },
  },
  {
    name: 'operator-signing-keys',
    page: 'dashboard/operator/signing-keys',
    model: {
      ...top('signing_keys'),
      keys: [
        { kid: 'uAMWQY6bLMaJ0PS8fVYkxJEy2gmG0sN1wXvNJ3f6A0c', status: 'current', activated: since },
        { kid: 'b1M2c3Q6bLMaJ0PS8fVYkxJEy2gmG0sN1wXvNJ3f6A0', status: 'next' },
        { kid: 'c1M2c3Q6bLMaJ0PS8fVYkxJEy2gmG0sN1wXvNJ3f6A0', status: 'previous', retires: since },
      ],
      rotateUrl: '/',
    },
  },
  {
    name: 'operator-rotate',
    page: 'dashboard/operator/rotate',
    model: { frame: frameSample('operator'), form: guarded, cancelUrl: '/', waitSeconds: 130 },
  },
  {
    name: 'operator-throttles',
    page: 'dashboard/operator/throttles',
    model: {
      ...{ ...top('throttles'), form: guarded, clear: guarded, who: 'ada@analytical.example' },
      listUrl: '/',
      counts: [{ kind: 'account', attempts: 10, limit: 10, until: since, refused: true }],
    },
  },
  {
    name: 'operator-throttles-error',
    page: 'dashboard/operator/throttles',
    model: {
      ...{ ...top('throttles'), form: guarded, clear: guarded, who: 'x', error: true },
      listUrl: '/',
    },
  },
  {
    name: 'operator-throttles-now',
    page: 'dashboard/operator/throttles',
    model: {
      ...{ ...top('throttles'), form: guarded, clear: guarded, who: '', listUrl: '/' },
      nextUrl: '/?cursor=x',
      refused: [
        { ...throttle, href: '/' },
        { ...throttle, href: '/', kind: 'address', whom: '2001:db8:0:1::/64', limit: 100 },
        { ...throttle, href: '/', whom: '' },
      ],
    },
  },
  {
    name: 'operator-throttles-nobody',
    page: 'dashboard/operator/throttles',
    model: {
      ...{ ...top('throttles'), form: guarded, clear: guarded, who: '', listUrl: '/' },
      refused: [],
    },
  },
  {
    name: 'operator-lift',
    page: 'dashboard/operator/lift',
    model: { frame: frameSample('operator'), ...throttle, form: guarded, cancelUrl: '/' },
  },
];

export const securityAndOperatorSamples = [...securitySamples, ...operatorSamples];
