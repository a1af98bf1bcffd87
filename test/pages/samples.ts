import { destinations } from '../../src/pages/destinations.ts';
import type {
  ConnectedApp,
  ConsentPage,
  PageModels,
  PageName,
  Permission,
  PlatformBrand,
  ProviderForm,
} from '../../src/pages/view-models.ts';
import { appSamples } from './samples-apps.ts';
import { docsSamples } from './samples-docs.ts';
import { keySamples } from './samples-keys.ts';
import { organizationSamples } from './samples-organization.ts';
import { playgroundSamples } from './samples-playground.ts';
import { securityAndOperatorSamples } from './samples-security.ts';
import { webhookSamples } from './samples-webhooks.ts';

/** A page as it might be met, with a name for its screenshot. */
export type Sample = {
  [Name in PageName]: { name: string; page: Name; model: PageModels[Name] };
}[PageName];

export const platforms: Record<string, PlatformBrand> = {
  kaie: {
    name: 'Kaie',
    accent: '#5b5bd6',
    links: {
      docs: 'https://docs.kaie.example/',
      support: 'https://kaie.example/help',
      terms: 'https://kaie.example/terms',
      privacy: 'https://kaie.example/privacy',
    },
  },
  kliq: { name: 'KLIQ', accent: '#0f9d76', links: { docs: 'https://kliq.example/docs' } },
};

const guarded = { action: '/sign-in', csrf: 'k2nVdW5pdA' };
const account = { name: 'Ada Lovelace', email: 'ada@analytical.example' };
const form: ProviderForm = {
  action: '/oauth/logout/confirm',
  fields: [{ name: 'xsrf', value: 'b1946ac92492d2347c6235b4d2611184' }],
};

const readFew: Permission[] = [
  {
    scope: 'workflows:read',
    title: 'See your workflows',
    description: 'Names, steps and past runs',
    access: 'read',
  },
  {
    scope: 'analytics:read',
    title: 'See analytics',
    description: 'Usage and results of your workflows',
    access: 'read',
  },
];
const writeOne: Permission = {
  scope: 'workflows:write',
  title: 'Create and change workflows',
  description: 'Including switching them on and off',
  access: 'write',
};
const many: Permission[] = [
  ...readFew,
  {
    scope: 'triggers:read',
    title: 'See triggers',
    description: 'What starts each workflow',
    access: 'read',
  },
  {
    scope: 'integrations:read',
    title: 'See integrations',
    description: 'Which services are connected, never their passwords',
    access: 'read',
  },
  { scope: 'contacts:read', title: 'See contacts', access: 'read' },
  writeOne,
  {
    scope: 'triggers:write',
    title: 'Create and change triggers',
    description: 'A new trigger may start workflows without asking you first',
    access: 'write',
  },
  { scope: 'integrations:write', title: 'Connect and disconnect integrations', access: 'write' },
  {
    scope: 'contacts:write',
    title: 'Add, change and delete contacts',
    description: 'Deleted contacts stay in the bin for 30 days',
    access: 'write',
  },
  {
    scope: 'api-keys:manage',
    title: 'Manage API keys',
    description: 'Create keys that act for your organization, and switch keys off',
    access: 'admin',
  },
  {
    scope: 'members:manage',
    title: 'Manage members',
    description: 'Invite people and change their roles',
    access: 'admin',
  },
  {
    scope: 'settings:manage',
    title: 'Change organization settings',
    description: 'Name, billing address and data region',
    access: 'admin',
  },
];

const consent: ConsentPage = {
  action: '/interaction/8XnVq/consent',
  csrf: 'k2nVdW5pdA',
  app: {
    name: 'Northwind Sync',
    publisher: 'Northwind Traders',
    homeUrl: 'https://northwind.example/',
    termsUrl: 'https://northwind.example/terms',
    privacyUrl: 'https://northwind.example/privacy',
  },
  redirect: { kind: 'host', host: 'app.northwind.example' },
  account,
  switchAccount: { action: '/interaction/8XnVq/switch', csrf: 'k2nVdW5pdA' },
  organizations: [{ id: 'org_1', name: 'Analytical Engines' }],
  identity: ['openid', 'profile', 'email'],
  permissions: [...readFew, writeOne],
  offline: true,
  alreadyAllowed: [],
  withheld: [],
  revokeUrl: '/',
};

const longName =
  'The Extraordinarily Long-Winded Synchronization & Reporting Company of Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch';
const organizations = ['Analytical Engines', 'Difference & Sons', longName].map((name, index) => ({
  id: `org_${index}`,
  name,
  role: (['owner', 'member', 'admin'] as const)[index],
}));

const connected = {
  since: new Date('2026-03-02T08:00:00Z'),
  lastUsed: new Date('2026-11-21T12:00:00Z'),
};
const connectedApps: ConnectedApp[] = [
  {
    ...connected,
    ...{ name: 'Northwind Sync', publisher: 'Northwind Traders' },
    organization: 'Analytical Engines',
    identity: ['openid', 'email'],
    permissions: [...readFew, writeOne],
    disconnect: { ...guarded, action: '/connected-apps/019a8c9e-1/disconnect' },
  },
  {
    ...connected,
    name: 'Hello',
    identity: ['openid'],
    permissions: [],
    disconnect: { ...guarded, action: '/connected-apps/019a8c9e-2/disconnect' },
  },
  {
    ...connected,
    ...{ name: longName, publisher: longName, organization: longName },
    identity: ['openid', 'profile', 'email'],
    permissions: many,
    disconnect: { ...guarded, action: '/connected-apps/019a8c9e-3/disconnect' },
  },
];

export const samples: Sample[] = [
  { name: 'sign-in', page: 'sign-in', model: { ...guarded, signUpUrl: '/sign-up' } },
  {
    name: 'sign-in-app-wrong',
    page: 'sign-in',
    model: {
      ...guarded,
      signUpUrl: '/sign-up?i=8X',
      continueTo: 'Northwind Sync',
      email: account.email,
      remember: true,
      error: { kind: 'credentials' },
    },
  },
  {
    name: 'sign-in-throttled',
    page: 'sign-in',
    model: {
      ...guarded,
      continueTo: longName,
      email: account.email,
      error: { kind: 'throttled', waitSeconds: 130 },
    },
  },
  {
    name: 'sign-up',
    page: 'sign-up',
    model: { ...guarded, signInUrl: '/sign-in', continueTo: 'Northwind Sync' },
  },
  {
    name: 'sign-up-errors',
    page: 'sign-up',
    model: {
      ...guarded,
      signInUrl: '/sign-in',
      values: { name: 'Ada Lovelace', email: 'ada@' },
      errors: { email: 'invalid', password: 'too_short' },
    },
  },
  {
    name: 'sign-up-refused',
    page: 'sign-up',
    model: {
      ...guarded,
      signInUrl: '/sign-in',
      values: account,
      errors: { form: { kind: 'refused' } },
    },
  },
  { name: 'consent', page: 'consent', model: consent },
  {
    name: 'consent-many',
    page: 'consent',
    model: {
      ...consent,
      permissions: many,
      organizations,
      selectedOrganizationId: 'org_0',
      app: { ...consent.app, publisher: undefined },
      alreadyAllowed: readFew,
    },
  },
  {
    name: 'consent-role',
    page: 'consent',
    model: {
      ...consent,
      organizations: organizations.slice(1, 2),
      permissions: many.slice(0, 3),
      withheld: many.slice(9, 11),
    },
  },
  {
    name: 'consent-roles',
    page: 'consent',
    model: {
      ...consent,
      organizations,
      permissions: [
        { ...writeOne, notIn: [organizations[1]!.name] },
        { ...many[6]!, notIn: organizations.slice(0, 2).map(({ name }) => name) },
        { ...many[9]!, notIn: Array.from({ length: 9 }, (_, index) => `Organization ${index}`) },
      ],
      withheld: many.slice(11),
    },
  },
  {
    name: 'consent-powerless-somewhere',
    page: 'consent',
    model: {
      ...consent,
      identity: [],
      organizations: organizations.map((one) => ({ ...one, powerless: one.role !== 'admin' })),
      selectedOrganizationId: 'org_2',
      permissions: many.slice(9, 11),
      error: 'organization_powerless',
    },
  },
  {
    name: 'consent-powerless-among-many',
    page: 'consent',
    model: {
      ...consent,
      identity: [],
      organizations: Array.from({ length: 9 }, (_, index) => ({
        ...organizations[index % 3]!,
        ...{ id: `org_${index}`, powerless: index % 3 !== 2 },
      })),
      selectedOrganizationId: 'org_2',
      permissions: many.slice(9, 11),
    },
  },
  ...[organizations.slice(1, 2), organizations].map(
    (these): Sample => ({
      name: `consent-powerless-${these.length === 1 ? 'here' : 'everywhere'}`,
      page: 'consent',
      model: {
        ...consent,
        organizations: these.map((one) => ({ ...one, powerless: true })),
        ...{ identity: [], permissions: [], offline: false },
        withheld: many.slice(9, 11),
      },
    }),
  ),
  {
    name: 'consent-long',
    page: 'consent',
    model: {
      ...consent,
      app: { name: longName, publisher: longName },
      account: {
        name: longName,
        email: `${'a'.repeat(60)}@${'very-long-subdomain.'.repeat(4)}example`,
      },
      redirect: { kind: 'host', host: `${'very-long-subdomain.'.repeat(5)}example` },
      organizations: Array.from({ length: 9 }, (_, index) => ({
        id: `org_${index}`,
        name: `${organizations[index % 3]!.name} ${index}`,
      })),
      error: 'organization_missing',
      revokeUrl: undefined,
    },
  },
  {
    name: 'consent-device',
    page: 'consent',
    model: {
      ...consent,
      app: { name: 'kaie-cli' },
      redirect: { kind: 'device' },
      organizations: [],
      permissions: [],
      identity: ['openid'],
      offline: false,
    },
  },
  {
    name: 'error-bad-sign-out',
    page: 'error',
    model: {
      ...{ kind: 'bad_sign_out', code: 'invalid_request', requestId: '01JF4Q7Z8M3T9C2V5K6N' },
      detail: 'post_logout_redirect_uri not registered',
      homeUrl: '/',
    },
  },
  {
    name: 'error-bad-link',
    page: 'error',
    model: {
      kind: 'bad_link',
      code: 'invalid_redirect_uri',
      requestId: '01JF4Q7Z8M3T9C2V5K6N',
      detail: 'redirect_uri did not match any of the client’s registered redirect_uris',
    },
  },
  {
    name: 'error-expired',
    page: 'error',
    model: {
      kind: 'expired',
      code: 'session_not_found',
      requestId: '01JF4Q7Z8M3T9C2V5K6N',
      homeUrl: '/',
    },
  },
  {
    name: 'error-throttled',
    page: 'error',
    model: {
      kind: 'throttled',
      waitSeconds: 45,
      code: 'too_many_requests',
      requestId: '01JF4Q7Z8M3T9C2V5K6N',
    },
  },
  {
    name: 'error-unavailable',
    page: 'error',
    model: {
      kind: 'unavailable',
      code: 'temporarily_unavailable',
      requestId: '01JF4Q7Z8M3T9C2V5K6N',
    },
  },
  { name: 'sign-out', page: 'sign-out', model: { form, account, app: 'Northwind Sync' } },
  {
    name: 'nobody-signed-in',
    page: 'nobody-signed-in',
    model: { form, app: longName, returns: true },
  },
  { name: 'nobody-signed-in-bare', page: 'nobody-signed-in', model: { form, returns: false } },
  {
    name: 'signed-out',
    page: 'signed-out',
    model: { app: 'Northwind Sync', signInUrl: '/sign-in' },
  },
  {
    name: 'home',
    page: 'home',
    model: {
      signInUrl: '/sign-in',
      signUpUrl: '/sign-up',
      destinations: destinations('playground', 'docs', 'reference', 'metadata'),
    },
  },
  {
    name: 'account',
    page: 'account',
    model: {
      account,
      organizations,
      connectedApps,
      signOut: { ...guarded, action: '/sign-out' },
      destinations: destinations('dashboard', 'playground', 'docs', 'reference'),
    },
  },
  {
    name: 'account-empty',
    page: 'account',
    model: {
      account,
      organizations: [],
      connectedApps: [],
      signOut: { ...guarded, action: '/sign-out' },
      destinations: destinations('dashboard', 'playground', 'docs', 'reference'),
    },
  },
  {
    name: 'form-post',
    page: 'form-post',
    model: {
      app: 'Northwind Sync',
      form: {
        action: 'https://app.northwind.example/callback',
        fields: [{ name: 'code', value: 'z7uaCshSNxzRsaK7ZS0Q' }],
      },
    },
  },
  { name: 'form-post-bare', page: 'form-post', model: { form } },
  {
    name: 'demo-callback',
    page: 'demo-callback',
    model: {
      outcome: 'code',
      command: [
        'curl http://127.0.0.1:3000/oauth/token',
        '-d grant_type=authorization_code',
        '-d client_id=019a8c9e-77b6-7bd1-a0c6-5ad2f4c1f3f0',
        '-d redirect_uri=http://127.0.0.1:3000/demo/callback',
        '-d code_verifier=GZTy5potIRsa9d9jm4glg3Rk0m6ZbqQn1cXo7Hq2a5E',
        '-d code=z7uaCshSNxzRsaK7ZS0Q_ff4NZrqjQGd4mVJ2mX8s1K',
      ].join(' \\\n  '),
      againUrl: '/oauth/authorize',
      destinations: destinations('dashboard', 'playground', 'docs'),
    },
  },
  {
    name: 'demo-callback-refused',
    page: 'demo-callback',
    model: {
      outcome: 'refused',
      error: 'access_denied',
      description: 'the end user did not allow it',
      againUrl: '/oauth/authorize',
      destinations: destinations('dashboard', 'playground', 'docs'),
    },
  },
  ...appSamples,
  ...organizationSamples,
  ...playgroundSamples,
  ...keySamples,
  ...docsSamples,
  ...securityAndOperatorSamples,
  ...webhookSamples,
];
