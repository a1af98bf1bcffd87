import type { AppFormPage, AppPage } from '../../src/pages/apps-models.ts';
import type { AccountPage } from '../../src/pages/service-account-models.ts';
import type { Permission } from '../../src/pages/view-models.ts';
import { frameSample } from './frame-sample.ts';
import type { Sample } from './samples.ts';

const guarded = { action: '/dashboard/organizations/org_1/apps', csrf: 'k2nVdW5pdA' };
const since = new Date('2026-03-02T08:00:00Z');
const frame = frameSample('apps');
const clientId = '019a8c9e-77b6-7bd1-a0c6-5ad2f4c1f3f0';
const form = '9x2n0Q1m4p7s3v6y8bAcDe';

const permissions: Permission[] = [
  {
    scope: 'workflows:read',
    title: 'See your workflows',
    description: 'Names, steps and past runs',
    access: 'read',
  },
  { scope: 'workflows:write', title: 'Create and change workflows', access: 'write' },
  { scope: 'api-keys:manage', title: 'Manage API keys', access: 'admin' },
];

const endpoints: AppPage['endpoints'] = [
  { kind: 'issuer', url: 'https://auth.kaie.example' },
  { kind: 'authorize', url: 'https://auth.kaie.example/oauth/authorize' },
  { kind: 'token', url: 'https://auth.kaie.example/oauth/token' },
  { kind: 'jwks', url: 'https://auth.kaie.example/oauth/jwks' },
  { kind: 'discovery', url: 'https://auth.kaie.example/.well-known/openid-configuration' },
];

const appForm: AppFormPage = {
  ...guarded,
  ...{ frame, form, permissions, hasUsers: true, redirectProblems: [] },
  text: { name: '', redirectUris: '', scopes: [], clientUri: '', tosUri: '', policyUri: '' },
  checkUrl: '/dashboard/organizations/org_1/apps/check-redirect-uris',
  cancelUrl: '/dashboard/organizations/org_1/apps',
};

const row = { name: 'Northwind Sync', href: `/apps/${clientId}`, clientId, since };
const longName = `The ${'extraordinarily '.repeat(9)}long name of an app`;

const app: AppPage = {
  frame: frameSample('apps', 'app_updated'),
  app: {
    ...{ ...row, kind: 'web', disabled: false, authMethod: 'client_secret_basic' },
    maker: { kind: 'person', name: 'Ada Lovelace' },
    redirectUris: ['https://app.northwind.example/callback', 'http://localhost:3000/callback'],
    clientUri: 'https://northwind.example/',
  },
  permissions: permissions.slice(0, 2),
  secrets: [
    { hint: 'ghcs_…k3Qa', until: new Date('2026-11-23T12:00:00Z') },
    { hint: 'ghcs_…8xZp' },
  ],
  endpoints,
  manage: {
    ...{ editUrl: '/edit', deleteUrl: '/delete', beyond: [] },
    rotate: { ...guarded, form },
    toggle: guarded,
  },
};

const account: AccountPage = {
  frame: frameSample('service_accounts', 'account_created'),
  account: {
    ...{ name: 'Nightly export', href: '/accounts/1', id: clientId, keys: 2, disabled: false },
    ...{ since, maker: { kind: 'credential', id: clientId } },
  },
  permissions,
  keys: ['Zk3mUq0aVYH7m2cWn9b0R8sQ1tXvLpEeJd5fGhIiKoM', 'spring'].map((kid) => ({
    ...{ kid, alg: 'ES256', added: since, remove: guarded },
  })),
  snippets: [
    { language: 'typescript', code: 'console.log(await new SignJWT({ iss: account }).sign(key));' },
    { language: 'python', code: 'print(jwt.encode({"iss": account}, key))' },
  ],
  longestLifeSeconds: 3600,
  manage: {
    ...{ editUrl: '/edit', deleteUrl: '/delete', beyond: [], toggle: guarded },
    addKey: { ...guarded, text: '' },
  },
};

const accountText = { name: 'Nightly export', scopes: ['workflows:read'], key: '{ "kty": "EC" }' };

const apps: Sample[] = [
  {
    name: 'apps',
    page: 'dashboard/apps/list',
    model: {
      frame,
      apps: [
        { ...row, kind: 'web', disabled: false },
        { ...row, name: longName, kind: 'native', disabled: true },
        { ...row, name: 'Terraform', kind: 'other', disabled: false },
      ],
      ...{ newUrl: '/apps/new', nextUrl: '/apps?cursor=x' },
    },
  },
  { name: 'apps-none', page: 'dashboard/apps/list', model: { frame, apps: [], newUrl: '/new' } },
  { name: 'apps-none-looking', page: 'dashboard/apps/list', model: { frame, apps: [] } },
  { name: 'app-new', page: 'dashboard/apps/form', model: appForm },
  {
    name: 'app-new-wrong',
    page: 'dashboard/apps/form',
    model: {
      ...appForm,
      text: {
        ...{ kind: 'single_page', name: '', scopes: ['workflows:read'] },
        redirectUris: 'http://app.example.com/\ncom.example.app:/callback',
        ...{ clientUri: 'nowhere', tosUri: '', policyUri: '' },
      },
      redirectProblems: [
        { uri: 'http://app.example.com/', kind: 'insecure' },
        { uri: 'com.example.app:/callback', kind: 'web_only' },
      ],
      errors: { name: 'required', redirect_uris: 'wrong', scope: 'beyond', client_uri: 'invalid' },
    },
  },
  {
    name: 'app-new-refused',
    page: 'dashboard/apps/form',
    model: {
      ...{ ...appForm, permissions: [] },
      errors: { kind: 'required', form: { kind: 'refused', detail: 'redirect_uris must be …' } },
    },
  },
  {
    name: 'app-edit',
    page: 'dashboard/apps/form',
    model: {
      ...{ ...guarded, frame, permissions, hasUsers: false, redirectProblems: [] },
      text: { ...appForm.text, name: 'Nightly' },
      ...{ app: 'Nightly', checkUrl: '/check', cancelUrl: '/apps/1' },
    },
  },
  {
    name: 'app-secret',
    page: 'dashboard/apps/secret',
    model: {
      ...{ frame, outcome: 'created', endpoints, nextUrl: '/apps/1' },
      app: { name: 'Northwind Sync', clientId },
      secret: 'ghcs_q8Vt0sXn2RkYdLw7uJb4mZc1eHf6aGi9oPp3QrStUvW',
    },
  },
  {
    name: 'app-secret-rotated',
    page: 'dashboard/apps/secret',
    model: {
      ...{ frame, outcome: 'rotated', endpoints, nextUrl: '/apps/1', oldUntil: since },
      app: { name: 'Northwind Sync', clientId },
      secret: 'ghcs_q8Vt0sXn2RkYdLw7uJb4mZc1eHf6aGi9oPp3QrStUvW',
    },
  },
  { name: 'app', page: 'dashboard/apps/detail', model: app },
  {
    name: 'app-beyond',
    page: 'dashboard/apps/detail',
    model: {
      ...app,
      app: { ...app.app, name: longName, disabled: true, redirectUris: [] },
      ...{ permissions: [], secrets: [] },
      manage: { ...app.manage!, beyond: ['workflows:delete'] },
    },
  },
  {
    name: 'app-looking',
    page: 'dashboard/apps/detail',
    model: {
      ...{ frame, app: { ...app.app, kind: 'native', authMethod: 'none' }, permissions, endpoints },
      playground: {
        href: `/playground?client_id=${clientId}`,
        missingRedirectUri: 'https://auth.kaie.example/playground/callback',
      },
    },
  },
  {
    name: 'app-delete',
    page: 'dashboard/apps/delete',
    model: { ...guarded, frame, app: 'Northwind Sync', cancelUrl: '/apps/1' },
  },
];

const accountFrame = frameSample('service_accounts');

const serviceAccounts: Sample[] = [
  {
    name: 'accounts',
    page: 'dashboard/service-accounts/list',
    model: {
      frame: accountFrame,
      accounts: [
        { ...account.account, lastUsed: since },
        { ...account.account, name: longName, disabled: true },
      ],
      ...{ newUrl: '/new', nextUrl: '/service-accounts?cursor=x' },
    },
  },
  {
    name: 'accounts-none',
    page: 'dashboard/service-accounts/list',
    model: { frame: accountFrame, accounts: [], newUrl: '/new' },
  },
  {
    name: 'accounts-none-looking',
    page: 'dashboard/service-accounts/list',
    model: { frame: accountFrame, accounts: [] },
  },
  {
    name: 'account-new',
    page: 'dashboard/service-accounts/form',
    model: {
      ...{ ...guarded, frame: accountFrame, form, permissions, cancelUrl: '/service-accounts' },
      text: { name: '', scopes: [], key: '' },
    },
  },
  {
    name: 'account-new-private',
    page: 'dashboard/service-accounts/form',
    model: {
      ...{ ...guarded, frame: accountFrame, form, permissions, cancelUrl: '/service-accounts' },
      text: { ...accountText, key: '' },
      errors: { name: 'required', key: { kind: 'private' }, scope: 'beyond' },
    },
  },
  {
    name: 'account-edit',
    page: 'dashboard/service-accounts/form',
    model: {
      ...{ ...guarded, frame: accountFrame, permissions: [], cancelUrl: '/service-accounts/1' },
      ...{ account: 'Nightly export', text: accountText },
    },
  },
  { name: 'account-detail', page: 'dashboard/service-accounts/detail', model: account },
  {
    name: 'account-key-refused',
    page: 'dashboard/service-accounts/detail',
    model: {
      ...account,
      ...{ account: { ...account.account, disabled: true, lastUsed: since }, permissions: [] },
      manage: {
        ...account.manage!,
        addKey: {
          ...{ ...guarded, text: '{ "kty": "RSA" }' },
          error: { kind: 'refused', detail: 'it has a modulus of 1024 bits' },
        },
      },
    },
  },
  {
    name: 'account-beyond',
    page: 'dashboard/service-accounts/detail',
    model: { ...account, manage: { ...account.manage!, beyond: ['workflows:delete'] } },
  },
  {
    name: 'account-looking',
    page: 'dashboard/service-accounts/detail',
    model: {
      ...{ frame: accountFrame, account: account.account, permissions, longestLifeSeconds: 3600 },
      keys: account.keys.map(({ kid, alg, added }) => ({ kid, alg, added })),
      snippets: account.snippets,
    },
  },
  {
    name: 'account-delete',
    page: 'dashboard/service-accounts/delete',
    model: { ...guarded, frame: accountFrame, account: 'Nightly export', cancelUrl: '/accounts/1' },
  },
];

/** Apps and service accounts, in every state there is. */
export const appSamples: Sample[] = [...apps, ...serviceAccounts];
