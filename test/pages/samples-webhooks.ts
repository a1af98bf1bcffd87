import type {
  DeliveryPage,
  WebhookFormPage,
  WebhookPage,
  WebhookRow,
} from '../../src/pages/webhook-models.ts';
import { OWN_EVENTS } from '../../src/webhooks/events.ts';
import { ATTEMPT_ERRORS } from '../../src/webhooks/webhook.ts';
import { frameSample } from './frame-sample.ts';
import type { Sample } from './samples.ts';

const HERE = '/dashboard/organizations/019a8c9e-77b6-7bd1-a0c6-5ad2f4c1f3f0/webhooks';
const guarded = { action: `${HERE}/1`, csrf: 'k2nVdW5pdA' };
const token = '9x2n0Q1m4p7s3v6y8bAcDe';
const frame = frameSample('webhooks');
const since = new Date('2026-03-02T08:00:00Z');
const later = new Date('2026-03-02T08:05:17Z');
const longHost = `${'very-long-subdomain.'.repeat(5)}example`;

const northwind: WebhookRow = {
  ...{ host: 'hooks.northwind.example', url: 'https://hooks.northwind.example/kaie' },
  ...{ href: `${HERE}/1`, status: 'active', all: true, events: [] },
};
const failing: WebhookRow = {
  ...{ host: longHost, url: `https://${longHost}/${'path/'.repeat(30)}`, href: `${HERE}/2` },
  ...{ status: 'disabled', failing: since, all: false },
  events: ['workflow.run.completed', 'workflow.run.failed', 'api_key.created'],
};

const form: WebhookFormPage = {
  ...{ ...guarded, frame, token, url: '', which: { all: true, some: false }, errors: [] },
  platformEvents: [
    { name: 'workflow.created', description: 'A workflow was created.', chosen: false },
    { name: 'trigger.fired', description: 'A trigger started a workflow.', chosen: true },
  ],
  ownEvents: OWN_EVENTS.map(({ name }) => ({ event: name, chosen: name === 'quota.warning' })),
  cancelUrl: HERE,
};

const detail: WebhookPage = {
  ...{ frame, listUrl: HERE, webhook: { ...northwind, since } },
  deliveries: (['pending', 'delivered', 'dead'] as const).map((status, attempts) => ({
    ...{ href: `${HERE}/1/deliveries/${attempts}`, type: 'workflow.created', status, attempts },
    created: later,
  })),
  ...{ firstUrl: `${HERE}/1`, nextUrl: `${HERE}/1?cursor=x` },
  manage: {
    ...{ editUrl: `${HERE}/1/edit`, deleteUrl: `${HERE}/1/delete`, test: guarded },
    ...{ toggle: guarded, rotate: { ...guarded, token } },
    overlaps: [
      { seconds: 86_400, kind: 'day' },
      { seconds: 3_600, kind: 'hour' },
      { seconds: 604_800, kind: 'week' },
      { seconds: 0, kind: 'none' },
    ],
  },
};

const delivery: DeliveryPage = {
  ...{ frame, webhook: northwind, body: '{"type":"workflow.created","data":{"id":"wf_1"}}' },
  delivery: {
    ...{ href: `${HERE}/1/deliveries/1`, type: 'workflow.created', status: 'pending' },
    ...{
      attempts: 2,
      created: since,
      next: later,
      eventId: '019a8c9e-77b6-7bd1-a0c6-5ad2f4c1f3f1',
    },
  },
  made: [...ATTEMPT_ERRORS, 'open' as const, 'taken' as const].map((outcome, index) => ({
    ...{ number: index + 1, started: later, outcome, took: 1_234, answered: 200 },
    ...(index === 0 ? { answer: `<h1>${'Internal server error '.repeat(9)}</h1>` } : {}),
  })),
  redeliver: guarded,
};

export const webhookSamples: Sample[] = [
  {
    name: 'webhooks',
    page: 'dashboard/webhooks/list',
    model: {
      ...{ frame: frameSample('webhooks', 'hook_deleted'), newUrl: `${HERE}/new` },
      webhooks: [northwind, { ...northwind, status: 'paused' }, failing],
    },
  },
  { name: 'webhooks-empty', page: 'dashboard/webhooks/list', model: { frame, webhooks: [] } },
  { name: 'webhook-new', page: 'dashboard/webhooks/form', model: form },
  {
    name: 'webhook-edit-wrong',
    page: 'dashboard/webhooks/form',
    model: {
      ...{ ...form, host: longHost, which: { all: false, some: true } },
      errors: [
        { field: 'url', error: 'url_refused', detail: 'must begin with https://' },
        { field: 'events', error: 'events' },
      ],
    },
  },
  {
    name: 'webhook-too-many',
    page: 'dashboard/webhooks/form',
    model: { ...form, errors: [{ field: 'form', error: 'too_many', most: 20 }] },
  },
  {
    name: 'webhook-secret',
    page: 'dashboard/webhooks/secret',
    model: {
      ...{ frame, outcome: 'rotated', host: northwind.host, oldUntil: later },
      ...{ secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', header: 'X-Kaie-Signature' },
      ...{ docsUrl: '/docs/authentication', webhookUrl: `${HERE}/1` },
    },
  },
  { name: 'webhook', page: 'dashboard/webhooks/detail', model: detail },
  {
    name: 'webhook-disabled',
    page: 'dashboard/webhooks/detail',
    model: {
      ...{ frame, listUrl: HERE, webhook: { ...failing, since }, deliveries: [] },
    },
  },
  {
    name: 'webhook-overlap-missing',
    page: 'dashboard/webhooks/detail',
    model: { ...detail, error: 'overlap' },
  },
  {
    name: 'webhook-test-refused',
    page: 'dashboard/webhooks/detail',
    model: {
      ...{ ...detail, error: 'inactive', webhook: { ...detail.webhook, status: 'paused' } },
      manage: { ...detail.manage!, test: undefined },
    },
  },
  {
    name: 'webhook-delete',
    page: 'dashboard/webhooks/delete',
    model: { ...guarded, frame, host: longHost, cancelUrl: `${HERE}/1` },
  },
  { name: 'webhook-delivery', page: 'dashboard/webhooks/delivery', model: delivery },
  {
    name: 'webhook-delivery-inactive',
    page: 'dashboard/webhooks/delivery',
    model: { ...delivery, redeliver: undefined, inactive: 'told' },
  },
  {
    name: 'webhook-delivery-refused',
    page: 'dashboard/webhooks/delivery',
    model: { ...delivery, redeliver: undefined, inactive: 'refused' },
  },
];
