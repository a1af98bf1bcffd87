import { chartOf } from '../../src/dashboard/usage-report.ts';
import type { KeyFormPage, KeyPage, KeyRow } from '../../src/pages/keys-models.ts';
import { frameSample } from './frame-sample.ts';
import type { Sample } from './samples.ts';

const frame = frameSample('keys');
const listUrl = '/dashboard/organizations/org_1/keys';
const csrf = 'k2nVdW5pdA';
const day = (text: string) => new Date(`${text}T08:30:00Z`);

const key: KeyRow = {
  name: 'Nightly export',
  href: `${listUrl}/key_1`,
  hint: 'kaie_live_…x7Qd',
  status: 'active',
  environment: 'Live',
  permissions: { kind: 'set', title: 'Read Only' },
  maker: { kind: 'person', name: 'Ada Lovelace' },
  created: day('2030-01-15'),
  lastUsed: day('2030-03-09'),
  expires: day('2031-01-15'),
  revokeUrl: `${listUrl}/key_1/revoke`,
};

const keys: KeyRow[] = [
  key,
  {
    ...{ ...key, name: 'A key whose name goes on and on, as names do', status: 'disabled' },
    ...{ permissions: { kind: 'own', count: 3 }, maker: { kind: 'operator' } },
  },
  {
    ...{ name: 'Old one', href: `${listUrl}/key_3`, hint: 'kaie_test_…9Zk2', status: 'revoked' },
    ...{ environment: 'Test', permissions: { kind: 'nothing' }, created: day('2029-05-01') },
    maker: { kind: 'somebody' },
  },
  {
    ...{ ...key, name: 'Past its time', status: 'expired', permissions: { kind: 'own', count: 1 } },
    maker: { kind: 'key', id: 'key_1', name: 'Nightly export', href: `${listUrl}/key_1` },
  },
  {
    ...{ ...key, name: 'Made by a script', status: 'shut_out' },
    shutOut: { status: 'disabled', name: 'Nightly export', href: `${listUrl}/key_1` },
  },
];

const form: KeyFormPage = {
  ...{ frame, form: { action: listUrl, csrf }, token: 'tAAAAAAAAAAAAAAAAAAAAA', listUrl },
  ...{ errors: [], name: '', expiresOn: '', earliest: '2030-03-11', addresses: '' },
  environments: [
    {
      ...{ name: 'live', title: 'Live', tier: 'Developer / Enterprise', prefix: 'kaie_live_' },
      ...{ readOnly: false, chosen: true },
    },
    { name: 'test', title: 'Test', prefix: 'kaie_test_', readOnly: true, chosen: false },
  ],
  sets: [
    { name: 'read_only', title: 'Read Only', description: 'View workflows.', chosen: true },
    { name: 'full_access', title: 'Full Access', description: 'Everything.', chosen: false },
  ],
  own: false,
  resources: [
    {
      name: 'workflows',
      about: ['See your workflows', 'Create and change workflows', 'Delete workflows'],
      levels: [
        { access: 'read', chosen: true },
        { access: 'write', chosen: false },
        { access: 'admin', chosen: false },
      ],
      none: false,
    },
    {
      ...{ name: 'analytics', about: ['See analytics'], none: true },
      levels: [{ access: 'read', chosen: false }],
    },
  ],
  single: [
    {
      ...{ scope: 'admin', title: 'Use admin endpoints', access: 'admin', chosen: true },
      description: 'Administer your organization.',
    },
  ],
  expiry: [
    { kind: 'never', chosen: true },
    { kind: 'days', days: 30, chosen: false },
    { kind: 'date', chosen: false },
  ],
  limits: [{ name: 'calls', title: 'Calls per day', most: 100, value: '' }],
};

const starts = (count: number, hours: number) =>
  Array.from({ length: count }, (_, i) => new Date(Date.UTC(2030, 2, 9) + i * hours * 3_600_000));
const [hours, days] = [starts(24, 1), starts(30, 24)];
const start = (['keys', 'apps', 'playground', 'usage', 'members'] as const).map((name) => ({
  ...{ name, current: false, href: `/${name}` },
}));

const chart = chartOf(
  'day',
  hours,
  hours.flatMap((start, i) => [
    { start, outcome: 'allowed', requests: 40 + ((i * 37) % 90) },
    { start, outcome: i % 2 ? 'rate_limited' : 'invalid_api_key', requests: (i * 5) % 17 },
  ]),
);

const detail: KeyPage = {
  ...{ frame: frameSample('keys', 'key_enabled'), key, listUrl, usageUrl: '/usage' },
  older: [{ hint: 'kaie_live_…7dHa', until: day('2030-03-12') }],
  permissions: [
    {
      ...{ scope: 'workflows:read', title: 'See your workflows', access: 'read' },
      description: 'Names, steps and past runs',
    },
    { scope: 'gone:write', title: 'gone:write', access: 'write' },
  ],
  limits: [
    { title: 'Calls per day', figure: 10, own: true },
    { title: 'Requests per minute', figure: 1_200, own: false },
  ],
  addresses: ['203.0.113.0/24', '2001:db8::/32'],
  usage: { day: chart, month: chartOf('month', days, []) },
  change: {
    rotate: { action: `${key.href}/rotate`, csrf, token: 'tAAAAAAAAAAAAAAAAAAAAA' },
    overlaps: [
      { seconds: 86_400, kind: 'days', count: 1 },
      { seconds: 3_600, kind: 'hours', count: 1 },
      { seconds: 0, kind: 'now', count: 0 },
    ],
    shut: { action: `${key.href}/disable`, csrf, kind: 'disable' },
    revokeUrl: `${key.href}/revoke`,
  },
};

const secret = 'kaie_live_8j4NvgJjsIJ9P0HfqohSZYWk5LSxzaW6kCmhEiXOWMX48jaek';
const list = { frame, newUrl: `${listUrl}/new`, withRevoked: false, otherUrl: listUrl };
const usage = {
  ...{ frame: frameSample('usage'), plainUrl: '/usage', narrowed: true },
  ranges: [
    { kind: 'day', chosen: true },
    { kind: 'week', chosen: false },
  ],
  keys: [{ value: 'key_1', name: key.name, hint: key.hint, chosen: true }],
  routes: [{ value: 'GET /v1/workflows/*', chosen: false }],
} as const;

/** API keys and usage. */
export const keySamples: Sample[] = [
  { name: 'keys', page: 'dashboard/keys/list', model: { ...list, keys, nextUrl: '?cursor=abc' } },
  { name: 'keys-empty', page: 'dashboard/keys/list', model: { ...list, keys: [] } },
  {
    name: 'keys-last-page',
    page: 'dashboard/keys/list',
    model: { ...list, keys: [], withRevoked: true, firstUrl: listUrl },
  },
  { name: 'keys-form', page: 'dashboard/keys/form', model: form },
  {
    name: 'keys-form-errors',
    page: 'dashboard/keys/form',
    model: {
      ...{ ...form, name: 'Front desk', own: true, addresses: '203.0.113.300', sets: [] },
      environments: form.environments.slice(0, 1),
      errors: [
        { field: 'name', error: 'name' },
        { field: 'permissions', error: 'permissions' },
        { field: 'expires_on', error: 'expires_on' },
        { field: 'limit-calls', error: 'limit', title: 'Calls per day', value: 100 },
        { field: 'addresses', error: 'addresses', value: '203.0.113.300' },
      ],
    },
  },
  {
    name: 'keys-secret',
    page: 'dashboard/keys/secret',
    model: {
      ...{ frame, outcome: 'created', name: key.name, secret, keyUrl: key.href },
      command: `curl 'https://api.example.com/v1/notes' \\\n  -H 'Authorization: Bearer ${secret}' -i`,
    },
  },
  {
    name: 'keys-rotated',
    page: 'dashboard/keys/secret',
    model: {
      ...{ frame, outcome: 'rotated', name: key.name, secret, keyUrl: key.href },
      before: { hint: key.hint, until: day('2030-03-12') },
    },
  },
  {
    name: 'keys-rotated-at-once',
    page: 'dashboard/keys/secret',
    model: {
      ...{ frame, outcome: 'rotated', name: key.name, secret, keyUrl: key.href },
      before: { hint: key.hint },
    },
  },
  { name: 'keys-detail', page: 'dashboard/keys/detail', model: detail },
  {
    name: 'keys-detail-revoked',
    page: 'dashboard/keys/detail',
    model: {
      ...{ frame, key: keys[2]!, listUrl, usageUrl: '/usage' },
      ...{ older: [], permissions: [], limits: [], addresses: [], error: 'beyond' },
    },
  },
  {
    name: 'keys-revoke',
    page: 'dashboard/keys/revoke',
    model: { frame, key, descendants: 3, form: { action: `${key.href}/revoke`, csrf } },
  },
  {
    name: 'keys-revoke-unused',
    page: 'dashboard/keys/revoke',
    model: { frame, key: keys[2]!, descendants: 0, form: { action: `${key.href}/revoke`, csrf } },
  },
  {
    name: 'overview',
    page: 'dashboard/overview',
    model: {
      ...{ frame: frameSample('overview'), start, usage: { chart, href: '/usage' } },
      leaks: [
        {
          ...{ name: 'CI', href: '/keys/1', place: 'https://example.com/x', date: days[0]! },
          deeds: [{ kind: 'rotated', keys: [{ name: 'Deploy', href: '/keys/2' }] }],
          ...{ hasMoreDeeds: true, dismiss: { action: '/dismiss', csrf: 'k2nVdW5pdA' } },
        },
      ],
      givenUp: [
        { host: 'hooks.example.com', href: '/webhooks/1', count: 3, isMore: false, date: days[0]! },
      ],
    },
  },
  {
    name: 'overview-quiet',
    page: 'dashboard/overview',
    model: { frame: frameSample('overview'), leaks: [], givenUp: [], start },
  },
  { name: 'usage', page: 'dashboard/usage', model: { ...usage, chart } },
  {
    name: 'usage-empty',
    page: 'dashboard/usage',
    model: { ...usage, narrowed: false, chart: chartOf('week', days.slice(0, 7), []) },
  },
  { name: 'usage-busy', page: 'dashboard/usage', model: usage },
];
