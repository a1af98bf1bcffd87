import { duration, per } from './amounts.ts';

/** An organization's settings, and its plan with what is left of it. */

const figure = new Intl.NumberFormat('en-GB');
const moment = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'medium',
  timeStyle: 'short',
  timeZone: 'UTC',
});

interface Figure {
  limit: number;
  windowSeconds: number | null;
}

/** "120 per minute", "10 for life" */
const often = ({ limit, windowSeconds }: Figure) => `${figure.format(limit)} ${per(windowSeconds)}`;

export const organization = {
  'notice.organization_renamed': 'The name is changed.',
  'notice.organization_created': 'Your new organization is ready. You are its owner.',
  'notice.organization_sent_before': 'That form was sent before, and its organization is there.',

  'settings.title': 'Organization',
  'settings.errors': 'Please check this before you go on',
  'settings.name': 'Name',
  'settings.name_hint': 'Your colleagues see it, and people who connect your apps.',
  'settings.submit': 'Change name',
  'settings.busy': 'Changing…',
  'settings.error.required': 'Enter a name',
  'settings.error.invalid': 'Enter a name without special signs',
  'settings.error.too_long': 'That name is too long. Use up to 200 characters',
  'settings.id': 'Organization ID',
  'settings.id_hint': 'What programs call it, where the API asks for an organization.',
  'settings.copy': 'Copy',
  'settings.copied': 'Copied',
  'settings.another': 'Another organization',
  'settings.another_about': 'With members, keys, apps and a plan of its own.',
  'settings.new': 'Create an organization',
  'settings.leave': 'Leave',
  'settings.leave_about': 'You lose access; the organization stays for its other members.',
  'settings.leave_link': 'Leave the organization',

  'new_organization.title': 'Create an organization',
  'new_organization.lead': 'You become its owner, and can invite others.',
  'new_organization.name': 'Name',
  'new_organization.submit': 'Create organization',
  'new_organization.busy': 'Creating…',
  'new_organization.errors': 'Please check this before you go on',
  'new_organization.too_many': (p: { most?: number }) =>
    `You own ${p.most} organizations, which is as many as one person can. Make somebody else the owner of one first.`,

  'plan.title': 'Plan and limits',
  'plan.current': (p: { plan: string }) => `You are on the plan ${p.plan}.`,
  'plan.none': 'Your organization’s plan is no longer offered. Ask for another one.',
  'plan.used': 'Used so far',
  'plan.used_of': (p: { used: number; limit: number }) =>
    `${figure.format(p.used)} of ${figure.format(p.limit)}`,
  'plan.left': (p: { used: number; limit: number }) =>
    p.used >= p.limit ? 'Used up' : `${figure.format(p.limit - p.used)} left`,
  'plan.resets': (p: { date: Date }) => `Starts again on ${moment.format(p.date)} UTC`,
  'plan.window': (p: { windowSeconds: number | null }) =>
    p.windowSeconds === null
      ? 'Counts for life'
      : `Starts with the first request, and again every ${duration(p.windowSeconds)}`,
  'plan.busy': 'Counts can’t be shown just now. Load the page again in a moment.',
  'plan.usage': 'See usage hour by hour',
  'plan.modules': 'Modules',
  'plan.included': 'Included',
  'plan.not_included': 'Not included',
  'plan.limits': 'Limits',
  'plan.limit': 'Limit',
  'plan.figure': 'Figure',
  'plan.often': (p: Figure) => often(p),
  'plan.per': 'Counted',
  'plan.per.credential': 'for each credential by itself',
  'plan.per.organization': 'for the whole organization',
  'plan.per_key': 'A key can be given a lower figure.',
  'plan.rates': 'Every request counts, too',
  'plan.rate.api_key': 'With an API key',
  'plan.rate.access_token': 'With an access token',
  'plan.rate.service_jwt': 'With a service account’s JWT',
  'plan.unlimited': 'Your plan has no limits.',
};
