/** API keys: the list, the form, the key itself, and how it ends. */

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' });
const moment = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'medium',
  timeStyle: 'short',
  timeZone: 'UTC',
});
const figure = new Intl.NumberFormat('en-GB');

interface Count {
  count: number;
}

interface Name {
  name: string;
}

/** A key that one descends from. */
interface ShutOut {
  name?: string;
}

const above = ({ name }: ShutOut) =>
  name === undefined ? 'a key above it' : `the API key “${name}”`;

const hours = (count: number) => (count === 1 ? 'an hour' : `${count} hours`);
const days = (count: number) => (count === 1 ? 'a day' : `${count} days`);

export const keys = {
  'notice.key_revoked': 'The key is revoked. Nothing that presents it gets in any more.',
  'notice.key_disabled': 'The key is disabled. You can enable it again at any time.',
  'notice.key_enabled': 'The key is enabled and works again.',
  'notice.key_enabled_shut_out':
    'The key is enabled, but a key above it shuts it out. It works as soon as that one does.',
  'notice.key_form_sent':
    'That form was sent before. Its key was shown once, in the answer; it can’t be shown again.',

  'keys.title': 'API Keys',
  'keys.lead': 'What your programs present to call the API. A key is shown once, when it is made.',
  'keys.create': 'Create New API Key',
  'keys.empty': 'There are no API keys here yet. Make one, and call the API in a minute.',
  'keys.empty_page': 'There are no keys on this page.',
  'keys.with_revoked': 'Show revoked keys, too',
  'keys.without_revoked': 'Leave out revoked keys',
  'keys.first': 'Newest keys',
  'keys.next': 'Older keys',
  'keys.pages': 'Pages',
  'keys.name': 'Name',
  'keys.hint': 'Key',
  'keys.status': 'Status',
  'keys.environment': 'Environment',
  'keys.permissions': 'Permissions',
  'keys.created_by': 'Created by',
  'keys.created': 'Created',
  'keys.last_used': 'Last used',
  'keys.expires': 'Expires',
  'keys.actions': 'Actions',
  'keys.never_used': 'Never',
  'keys.never_expires': 'Never',
  'keys.day': (p: { date: Date }) => day.format(p.date),
  'keys.moment': (p: { date: Date }) => `${moment.format(p.date)} UTC`,
  'keys.figure': (p: Count) => figure.format(p.count),
  'keys.status.active': 'Active',
  'keys.status.shut_out': 'Shut out',
  'keys.status.disabled': 'Disabled',
  'keys.status.expired': 'Expired',
  'keys.status.revoked': 'Revoked',
  'keys.shut_out.disabled': (p: ShutOut) => `Shut out by ${above(p)}, which is disabled`,
  'keys.shut_out.expired': (p: ShutOut) => `Shut out by ${above(p)}, which has expired`,
  'keys.shut_out.revoked': (p: ShutOut) => `Shut out by ${above(p)}, which is revoked`,
  'keys.maker.person': (p: Name) => p.name,
  'keys.maker.somebody': 'Somebody who left',
  'keys.maker.operator': (p: { platform: string }) => p.platform,
  'keys.maker.key': (p: Name) => `API key “${p.name}”`,
  'keys.maker.account': (p: Name) => `Service account “${p.name}”`,
  'keys.maker.app': (p: Name) => `App “${p.name}”`,
  'keys.maker.credential': 'Another credential',
  'keys.maker.unknown': 'Not recorded',
  'keys.may.own': (p: Count) => (p.count === 1 ? '1 permission' : `${p.count} permissions`),
  'keys.may.nothing': 'None',
  'keys.back': 'All API keys',
  'keys.revoke': 'Revoke',

  'key_form.title': 'Create New API Key',
  'key_form.errors': 'Please check these before you go on',
  'key_form.name': 'Give your key a descriptive name',
  'key_form.name_hint': 'Where it will be used, so that you recognise it later: “Nightly export”.',
  'key_form.environment': 'Environment',
  'key_form.prefix': 'Begins with',
  'key_form.read_only': 'Its keys read and never change anything.',
  'key_form.permissions': 'Select the appropriate permissions',
  'key_form.permissions_hint': 'As few as it needs. You can hand on what you may do yourself.',
  'key_form.own': 'Choose yourself',
  'key_form.own_about': 'Permission by permission.',
  'key_form.nothing':
    'What you leave out, the key can’t do. With nothing chosen, it can do nothing.',
  'key_form.level.none': 'None',
  'key_form.level.read': 'Read',
  'key_form.level.write': 'Write',
  'key_form.level.admin': 'Admin',
  'key_form.more': 'Other permissions',
  'key_form.expiry': 'Expires',
  'key_form.expiry.never': 'Never',
  'key_form.expiry.days': (p: { days?: number }) => `In ${days(p.days ?? 0)}`,
  'key_form.expiry.date': 'On a date',
  'key_form.expires_on': 'Last day',
  'key_form.expires_on_hint': 'It works until the end of this day, in UTC.',
  'key_form.extra': 'Limits and addresses',
  'key_form.limit_hint': (p: { most: number }) =>
    `At the most ${figure.format(p.most)}. Left empty, your plan’s figure counts.`,
  'key_form.addresses': 'Allowed addresses',
  'key_form.addresses_hint':
    'One address or range per line, like 203.0.113.7 or 203.0.113.0/24. Left empty, the key works from anywhere.',
  'key_form.submit': 'Create Key',
  'key_form.busy': 'Creating…',
  'key_form.cancel': 'Cancel',
  'keys.error.name': 'Give the key a name of up to 100 characters.',
  'keys.error.environment': 'Choose one of the environments.',
  'keys.error.permissions': 'Choose permissions that you have yourself.',
  'keys.error.expires_on': 'Choose a day that lies ahead.',
  'keys.error.limit': (p: { title?: string; value?: string | number }) =>
    `${p.title}: enter a whole number from 0 to ${figure.format(Number(p.value))}, or nothing.`,
  'keys.error.addresses': (p: { value?: string | number }) =>
    p.value === undefined
      ? 'Enter 100 addresses at the most; a range stands for many.'
      : `“${p.value}” is neither an address nor a range like 203.0.113.0/24.`,

  'key_secret.title.created': 'Your new API key',
  'key_secret.title.rotated': 'Your new key string',
  'key_secret.lead': (p: Name) => `“${p.name}” is ready.`,
  'key_secret.once':
    'This is the only time you see it. Copy it now and keep it where you keep passwords, never in your code.',
  'key_secret.label': 'API key',
  'key_secret.copy': 'Copy',
  'key_secret.copied': 'Copied',
  'key_secret.copy_command': 'Copy command',
  'key_secret.try': 'Try it',
  'key_secret.saved': 'I have saved it',
  'key_secret.go_on': 'Done',
  'key_secret.before_until': (p: { hint: string; date: Date }) =>
    `The one before, ${p.hint}, works until ${moment.format(p.date)} UTC. Replace it by then.`,
  'key_secret.before_ended': (p: { hint: string }) =>
    `The one before, ${p.hint}, has stopped working.`,

  'key.facts': 'About this key',
  'key.older': (p: { hint: string; date: Date }) =>
    `${p.hint} works, too, until ${moment.format(p.date)} UTC`,
  'key.may': 'What it may do',
  'key.may_nothing': 'Nothing. It gets in where no permission is asked for.',
  'key.limits': 'Limits',
  'key.limit_own': 'for this key',
  'key.limit_plan': 'by your plan',
  'key.addresses': 'Allowed addresses',
  'key.anywhere': 'Any',
  'key.usage': 'Usage',
  'key.usage_all': 'All usage of this key',
  'key.usage_busy': 'Usage can’t be shown just now. Load the page again in a moment.',
  'key.shut_out_about':
    'It was made with that key, or with one that was, and is refused as long as that one does not work.',
  'key.rotate': 'Rotate',
  'key.rotate_about': 'Gives the key a new string. Name, permissions and limits stay.',
  'key.overlap': 'The string it has now goes on working',
  'key.overlap.now': 'Not at all: it stops at once',
  'key.overlap.hours': (p: Count) => `For ${hours(p.count)}`,
  'key.overlap.days': (p: Count) => `For ${days(p.count)}`,
  'key.rotate_submit': 'Rotate key',
  'key.rotate_busy': 'Rotating…',
  'key.disable': 'Disable',
  'key.disable_about': 'Shuts the key out until you enable it again.',
  'key.disable_submit': 'Disable key',
  'key.enable': 'Enable',
  'key.enable_about': 'Lets the key in again.',
  'key.enable_submit': 'Enable key',
  'key.shut_busy': 'One moment…',
  'key.revoke_about': 'Ends the key for good. This can’t be undone.',
  'key.error.beyond':
    'This key may do more than you may. Somebody with more rights, or its maker, can do this.',
  'key.error.overlap': 'Choose how long the string it has now goes on working.',

  'key_revoke.title': (p: Name) => `Revoke “${p.name}”?`,
  'key_revoke.about':
    'It stops working at once, and for good. Programs that present it are refused from then on.',
  'key_revoke.descendants': (p: Count) =>
    p.count === 1
      ? 'A key that was made with it ends, too.'
      : `${figure.format(p.count)} keys that were made with it, or by those, end, too.`,
  'key_revoke.last_used': (p: { date: Date }) =>
    `It was last used on ${moment.format(p.date)} UTC. Is everything that uses it changed over?`,
  'key_revoke.never_used': 'It has never been used.',
  'key_revoke.submit': 'Revoke',
  'key_revoke.busy': 'Revoking…',
  'key_revoke.cancel': 'Keep it',
};
