import type {
  AuditPage,
  InvitationPage,
  MemberRow,
  MembersPage,
  PlanPage,
} from '../../src/pages/organization-models.ts';
import { frameSample } from './frame-sample.ts';
import type { Sample } from './samples.ts';

const HERE = '/dashboard/organizations/019a8c9e-77b6-7bd1-a0c6-5ad2f4c1f3f0';
const csrf = 'k2nVdW5pdA';
const token = '9x2n0Q1m4p7s3v6y8bAcDe';
const guarded = { action: `${HERE}/members/invite`, csrf };
const since = new Date('2026-03-02T08:00:00Z');
const expires = new Date('2026-11-28T08:00:00Z');
const longName =
  'The Extraordinarily Long-Winded Synchronization & Reporting Company of Llanfairpwllgwyngyll';
const longEmail = `${'a'.repeat(60)}@${'very-long-subdomain.'.repeat(4)}example`;

const ada: MemberRow = {
  ...{ name: 'Ada Lovelace', email: 'ada@analytical.example', role: 'owner', since },
  ...{ href: `${HERE}/members/1`, self: true },
};
const charles: MemberRow = {
  ...{ name: 'Charles Babbage', email: 'charles@analytical.example', role: 'admin', since },
  ...{ href: `${HERE}/members/2`, self: false },
};
const somebody: MemberRow = {
  ...{ name: longName, email: longEmail, role: 'member', since },
  ...{ href: `${HERE}/members/3`, self: false },
};
const change = { renew: { ...guarded, token }, revoke: guarded };
const membersFrame = frameSample('members');

const members: MembersPage = {
  frame: membersFrame,
  members: [ada, charles, somebody],
  inviteUrl: `${HERE}/members/invite`,
  invitations: [
    {
      email: 'grace@navy.example',
      role: 'admin',
      inviter: 'Ada Lovelace',
      expires,
      status: 'open',
      change,
    },
    { email: longEmail, role: 'member', expires, status: 'void', change },
    { email: 'alan@bombe.example', role: 'owner', inviter: longName, expires, status: 'expired' },
  ],
  ...{ firstUrl: `${HERE}/members`, nextUrl: `${HERE}/members?cursor=x` },
  nextInvitationsUrl: `${HERE}/members?invitations=x`,
};

const roles = (['member', 'admin', 'owner'] as const).map((role) => ({
  ...{ role, chosen: role === 'member' },
}));

const invite = {
  ...{ frame: membersFrame, form: guarded, token, listUrl: `${HERE}/members` },
  ...{ organization: 'Analytical Engines', email: '', roles },
};

const plan: PlanPage = {
  frame: frameSample('plan'),
  plan: { title: 'Developer' },
  modules: [
    { title: 'Discoveries', included: true },
    { title: 'Extractions', included: false },
  ],
  quotas: [
    {
      ...{ title: 'API requests in 30 days', limit: 50_000, used: 12_345 },
      ...{ windowSeconds: 2_592_000, resets: expires },
    },
    { title: 'Free discoveries', limit: 10, used: 10, windowSeconds: null },
    { title: 'Nothing at all', limit: 0, used: 0, windowSeconds: 86_400 },
  ],
  limits: [
    {
      ...{ title: 'API requests per minute', limit: 120, windowSeconds: 60 },
      ...{ per: 'organization', perKey: false },
    },
    { title: 'Calls per day', limit: 200, windowSeconds: 86_400, per: 'credential', perKey: true },
  ],
  rates: [{ kind: 'api_key', limit: 1000, windowSeconds: 3600 }],
  usageUrl: `${HERE}/usage`,
};

const log: AuditPage = {
  ...{ frame: frameSample('audit'), action: `${HERE}/audit` },
  events: [
    {
      ...{ id: '4711', when: since, event: 'membership_updated', type: 'membership.updated' },
      actor: { kind: 'user', name: 'Ada Lovelace', id: '019a8c9e-77b6-7bd1-a0c6-5ad2f4c1f3f0' },
      actorUrl: `${HERE}/audit?actor=user%3A1`,
      target: { kind: 'user', name: longName, id: '019a8c9e-77b6-7bd1-a0c6-5ad2f4c1f3f1' },
      address: '203.0.113.17',
      details: [
        { name: 'from', value: 'admin' },
        { name: 'to', value: 'member' },
      ],
    },
    {
      ...{ id: '4710', when: since, event: 'api_key_created', type: 'api_key.created' },
      ...{ actor: { kind: 'admin' }, actorUrl: `${HERE}/audit?actor=admin%3A`, details: [] },
      target: { kind: 'api_key', name: 'Nightly export', id: '019a8c9e' },
    },
  ],
  groups: [
    {
      kind: 'organization',
      types: [{ type: 'organization.created', event: 'organization_created', chosen: false }],
    },
    {
      kind: 'credentials',
      types: [{ type: 'api_key.created', event: 'api_key_created', chosen: true }],
    },
  ],
  actors: [{ kind: 'user', name: 'Ada Lovelace', value: 'user:1', chosen: true }],
  ...{ from: '2026-03-01', to: '', filtered: true, mostRows: 100_000 },
  ...{ firstUrl: `${HERE}/audit`, nextUrl: `${HERE}/audit?cursor=x` },
  exports: [
    { kind: 'csv', href: `${HERE}/audit/export?format=csv` },
    { kind: 'jsonl', href: `${HERE}/audit/export?format=jsonl` },
  ],
};

const account = { name: 'Grace Hopper', email: 'grace@navy.example' };
const invitation: InvitationPage = {
  ...{ organization: 'Analytical Engines', inviter: 'Ada Lovelace', role: 'admin', expires },
  email: account.email,
  visitor: { kind: 'invited', account, form: guarded, laterUrl: '/dashboard' },
};
const masked = { ...invitation, email: 'g•••@n•••.example' };
const settingsFrame = frameSample('settings');
const settings = {
  ...{ frame: settingsFrame, id: '019a8c9e-77b6-7bd1-a0c6-5ad2f4c1f3f0', name: longName },
  leaveUrl: `${HERE}/members/1/remove`,
};
const removal = {
  ...{ frame: membersFrame, organization: 'Analytical Engines', form: guarded },
  cancelUrl: charles.href,
};

const memberSamples: Sample[] = [
  { name: 'members', page: 'dashboard/members/list', model: members },
  {
    name: 'members-looking-on',
    page: 'dashboard/members/list',
    model: { frame: frameSample('members', 'member_removed'), members: [ada, charles] },
  },
  {
    name: 'members-throttled',
    page: 'dashboard/members/list',
    model: { ...members, invitations: [], error: { kind: 'throttled', waitSeconds: 600 } },
  },
  {
    name: 'member',
    page: 'dashboard/members/detail',
    model: {
      ...{ frame: membersFrame, member: charles, listUrl: `${HERE}/members` },
      ...{ change: { ...guarded, roles }, removeUrl: `${charles.href}/remove` },
    },
  },
  {
    name: 'member-last-owner',
    page: 'dashboard/members/detail',
    model: {
      ...{ frame: membersFrame, member: ada, listUrl: `${HERE}/members`, error: 'last_owner' },
      ...{ change: { ...guarded, roles }, removeUrl: `${ada.href}/remove` },
    },
  },
  {
    name: 'member-remove',
    page: 'dashboard/members/remove',
    model: { ...removal, kind: 'remove', member: charles },
  },
  {
    name: 'member-leave-last-owner',
    page: 'dashboard/members/remove',
    model: { ...removal, kind: 'leave', member: ada, error: 'last_owner' },
  },
  { name: 'invite', page: 'dashboard/members/invite', model: invite },
  {
    name: 'invite-invalid',
    page: 'dashboard/members/invite',
    model: { ...invite, email: 'grace@', error: { field: 'email', kind: 'invalid' } },
  },
  {
    name: 'invite-too-many',
    page: 'dashboard/members/invite',
    model: { ...invite, error: { field: 'form', kind: 'too_many', most: 100 } },
  },
  {
    name: 'invite-out-of-reach',
    page: 'dashboard/members/invite',
    model: { ...invite, error: { field: 'role', kind: 'out_of_reach' } },
  },
  {
    name: 'invite-link',
    page: 'dashboard/members/link',
    model: {
      ...{ frame: membersFrame, outcome: 'invited', email: account.email, role: 'admin', expires },
      link: 'https://auth.kaie.example/invitations/k9V2b7Qm4p7s3v6y8bAcDe9x2n0Q1m4p7s3v6y8bAcD',
      listUrl: `${HERE}/members`,
    },
  },
  {
    name: 'invite-link-renewed',
    page: 'dashboard/members/link',
    model: {
      ...{ frame: membersFrame, outcome: 'renewed', email: account.email, role: 'member', expires },
      link: 'https://auth.kaie.example/invitations/k9V2b7Qm4p7s3v6y8bAcDe9x2n0Q1m4p7s3v6y8bAcD',
      listUrl: `${HERE}/members`,
    },
  },
];

export const organizationSamples: Sample[] = [
  ...memberSamples,
  {
    name: 'settings',
    page: 'dashboard/organization/settings',
    model: {
      ...{ ...settings, name: 'Analytical Engines', form: guarded },
      newUrl: '/dashboard/organizations/new',
    },
  },
  { name: 'settings-looking-on', page: 'dashboard/organization/settings', model: settings },
  {
    name: 'settings-invalid',
    page: 'dashboard/organization/settings',
    model: { ...settings, name: '', form: guarded, error: 'required' },
  },
  {
    name: 'new-organization',
    page: 'dashboard/organization/new',
    model: { frame: settingsFrame, form: guarded, token, name: '' },
  },
  {
    name: 'new-organization-too-many',
    page: 'dashboard/organization/new',
    model: {
      ...{ frame: settingsFrame, form: guarded, token, name: 'Eleventh' },
      error: { field: 'form', most: 10 },
    },
  },
  { name: 'plan', page: 'dashboard/organization/plan', model: plan },
  {
    name: 'plan-bare',
    page: 'dashboard/organization/plan',
    model: {
      ...{ frame: frameSample('plan'), modules: [], limits: [], rates: [] },
      usageUrl: `${HERE}/usage`,
    },
  },
  { name: 'audit', page: 'dashboard/organization/audit', model: log },
  {
    name: 'audit-wrong-dates',
    page: 'dashboard/organization/audit',
    model: { ...log, events: [], from: '2026-03-09', to: '2026-03-02', error: 'dates' },
  },
  { name: 'invitation', page: 'invitations/invitation', model: invitation },
  {
    name: 'invitation-stranger',
    page: 'invitations/invitation',
    model: {
      ...{ ...masked, inviter: longName, organization: longName },
      visitor: { kind: 'stranger', signInUrl: '/sign-in', signUpUrl: '/sign-up' },
    },
  },
  {
    name: 'invitation-somebody-else',
    page: 'invitations/invitation',
    model: {
      ...masked,
      visitor: {
        ...{ kind: 'somebody_else', switchAccount: guarded },
        account: { name: ada.name, email: ada.email },
      },
    },
  },
  { name: 'invitation-gone', page: 'invitations/gone', model: { homeUrl: '/' } },
];
