/** Webhooks: the list, the form, the secret, and what became of each event. */

interface Host {
  host: string;
}

/** In UTC: where the reader is, the server doesn't know. */
const moment = new Intl.DateTimeFormat('en-GB', {
  ...{ dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' },
});
const precise = new Intl.DateTimeFormat('en-GB', {
  ...{ dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' },
});
const figure = new Intl.NumberFormat('en');

export const webhooks = {
  'notice.hook_updated': 'The changes are saved. What waits goes to the new URL.',
  'notice.hook_paused': 'The webhook is paused: events wait until you resume it.',
  'notice.hook_resumed': 'The webhook is active: events go out again.',
  'notice.hook_deleted': 'The webhook is deleted.',
  'notice.hook_sent_before':
    'That form was sent before, so nothing was done a second time. A secret that was not saved can be replaced by rotating it.',
  'notice.hook_test_sent':
    'A test event is on its way. Load this page again to see what came back.',
  'notice.hook_redelivered':
    'The event is on its way again. Load this page again to see what came back.',

  'hooks.title': 'Webhooks',
  'hooks.lead': 'When something happens, we post it to a URL of yours, signed.',
  'hooks.new': 'Add a webhook',
  'hooks.empty': 'There is no webhook yet.',
  'hooks.empty_looking': 'There is no webhook yet. An owner or administrator can add one.',
  'hooks.url': 'URL',
  'hooks.events': 'Events',
  'hooks.status': 'Status',
  'hooks.everything': 'Every event',
  'hooks.status.active': 'Active',
  'hooks.status.paused': 'Paused',
  'hooks.status.disabled': 'Disabled',
  'hooks.failing': (p: { date: Date }) => `Failing since ${moment.format(p.date)} UTC`,
  'hooks.moment': (p: { date: Date }) => `${moment.format(p.date)} UTC`,
  'hooks.precise': (p: { date: Date }) => `${precise.format(p.date)} UTC`,
  'hooks.back': 'All webhooks',

  'hook_form.new': 'Add a webhook',
  'hook_form.edit': (p: Host) => `Edit ${p.host}`,
  'hook_form.summary': 'Nothing was saved yet. Please look at this once more:',
  'hook_form.url': 'URL',
  'hook_form.url_hint': 'On the public internet, by https. Redirects are not followed.',
  'hook_form.events': 'Events',
  'hook_form.all': 'Every event',
  'hook_form.all_about': 'Also those that are added one day.',
  'hook_form.some': 'Only some',
  'hook_form.some_about': 'You tick what your receiver is for.',
  'hook_form.of_platform': (p: { platform: string }) => `From ${p.platform}`,
  'hook_form.of_account': 'From your organization',
  'hook_form.event.api_key_created': 'An API key was made.',
  'hook_form.event.api_key_rotated': 'An API key was given a new secret.',
  'hook_form.event.api_key_revoked': 'An API key was revoked for good.',
  'hook_form.event.api_key_leaked': 'An API key was found in public, and revoked.',
  'hook_form.event.consent_granted': 'A user allowed an app to act for the organization.',
  'hook_form.event.consent_revoked': 'A user took that back.',
  'hook_form.event.quota_warning': '80 % of a quota is used.',
  'hook_form.event.quota_exhausted': 'All of a quota is used.',
  'hook_form.event.member_joined': 'Somebody became a member of the organization.',
  'hook_form.error.url': 'Enter the URL that events are posted to, beginning with https://.',
  'hook_form.error.url_refused': (p: { detail: string }) => `The URL ${p.detail}.`,
  'hook_form.error.events': 'Choose every event, or tick at least one of those shown.',
  'hook_form.error.too_many': (p: { most: number }) =>
    `An organization has at most ${p.most} webhooks. Delete one that is no longer used first.`,
  'hook_form.submit_new': 'Add webhook',
  'hook_form.submit_edit': 'Save changes',
  'hook_form.busy': 'Saving…',
  'hook_form.cancel': 'Cancel',

  'hook_secret.title.created': 'Your webhook is ready',
  'hook_secret.title.rotated': 'Your new secret',
  'hook_secret.lead': (p: Host) =>
    `With this secret, ${p.host} can tell that what it is sent comes from us.`,
  'hook_secret.label': 'Secret',
  'hook_secret.copy': 'Copy',
  'hook_secret.copied': 'Copied',
  'hook_secret.once': 'It is shown this once. Save it where your receiver can read it.',
  'hook_secret.old_until': (p: { date: Date }) =>
    `Until ${moment.format(p.date)} UTC each event is signed with the secret before, too. Change over by then.`,
  'hook_secret.old_ended': 'The secret before no longer signs.',
  'hook_secret.header': (p: { header: string }) => `The signature is in the header ${p.header}.`,
  'hook_secret.docs': 'How to check it',
  'hook_secret.saved': 'I have saved the secret',
  'hook_secret.go_on': 'Go on to the webhook',

  'hook.edit': 'Edit',
  'hook.since': 'Added',
  'hook.about.paused': 'Events wait until it is resumed.',
  'hook.about.disabled':
    'It failed for days, or answered that it is gone. What happens meanwhile is not sent. Mend the receiver, then resume it.',
  'hook.deliveries': 'Deliveries',
  'hook.deliveries_hint': 'The newest first. They are kept for 30 days.',
  'hook.deliveries_none': 'Nothing was sent yet.',
  'hook.event': 'Event',
  'hook.when': 'Happened',
  'hook.attempts': 'Attempts',
  'hook.pages': 'Pages of deliveries',
  'hook.first': 'Newest',
  'hook.next': 'Older',
  'hook.test': 'Send a test event',
  'hook.test_hint': 'A webhook.test, whatever events this webhook is for.',
  'hook.test_inactive': 'Resume the webhook first: nothing is sent while it is paused or disabled.',
  'hook.test_submit': 'Send test',
  'hook.busy': 'One moment…',
  'hook.rotate': 'Rotate the secret',
  'hook.rotate_hint':
    'Gives the webhook a new secret. During the overlap each event is signed with both, so that nothing is lost while you change over.',
  'hook.overlap': 'The secret in use goes on signing',
  'hook.overlap.none': 'Not at all: it stops at once',
  'hook.overlap.hour': 'For an hour',
  'hook.overlap.day': 'For a day',
  'hook.overlap.week': 'For a week',
  'hook.error.inactive':
    'Nothing was sent, because the webhook is paused or disabled. Resume it first.',
  'hook.error.overlap': 'Choose how long the secret in use goes on signing.',
  'hook.rotate_submit': 'Rotate secret',
  'hook.off': 'Pause or delete',
  'hook.pause': 'Pause',
  'hook.pause_hint': 'Events are held back and go out when you resume it.',
  'hook.resume': 'Resume',
  'hook.resume_hint': 'Events go out again.',
  'hook.delete': 'Delete',
  'hook.delete_hint': 'Ends the webhook for good. What waits for it is not sent.',

  'hook_delete.title': (p: Host) => `Delete the webhook to ${p.host}?`,
  'hook_delete.text':
    'Nothing is posted there any more, what waits is not sent, and its deliveries can no longer be read. This can’t be undone.',
  'hook_delete.submit': 'Delete webhook',
  'hook_delete.busy': 'Deleting…',
  'hook_delete.cancel': 'Keep it',

  'delivery.back': (p: Host) => `Webhook to ${p.host}`,
  'delivery.status.pending': 'Waiting',
  'delivery.status.delivered': 'Delivered',
  'delivery.status.dead': 'Given up',
  'delivery.id': 'Event ID',
  'delivery.happened': 'Happened',
  'delivery.next': 'Due again',
  'delivery.body': 'What is sent',
  'delivery.attempts': 'Attempts',
  'delivery.attempts_none': 'None was made yet.',
  'delivery.attempt': (p: { number: number }) => `Attempt ${p.number}`,
  'delivery.took': (p: { ms: number }) => `after ${figure.format(p.ms)} ms`,
  'delivery.answer': 'How the answer began',
  'delivery.outcome.taken': (p: { answered?: number }) => `Taken with status ${p.answered}`,
  'delivery.outcome.open': 'Under way, or cut short',
  'delivery.outcome.http_status': (p: { answered?: number }) => `Refused with status ${p.answered}`,
  'delivery.outcome.redirect': 'Answered with a redirect, which is not followed',
  'delivery.outcome.timeout': 'No answer in time',
  'delivery.outcome.forbidden_target':
    'Not an address that is called: it is not public, or not https',
  'delivery.outcome.unknown_host': 'There is no such host',
  'delivery.outcome.connection_refused': 'The connection was refused',
  'delivery.outcome.tls': 'No secure connection: look at the certificate',
  'delivery.outcome.connection_failed': 'The connection failed',
  'delivery.outcome.interrupted': 'Interrupted on our side; it is made again',
  'delivery.redeliver': 'Send again',
  'delivery.inactive':
    'The webhook is paused or disabled. Resume it first to have this sent again.',

  'given_up.title': 'Webhook deliveries were given up',
  'given_up.about':
    'The receiver did not take them within a day. Set it right, and send again what is listed at the webhook as given up.',
  'given_up.count': (p: { count: number; isMore: boolean; date: Date }) =>
    `${p.count === 1 ? 'one delivery' : `${figure.format(p.count)} ${p.isMore ? 'or more ' : ''}deliveries`}, the last ${moment.format(p.date)} UTC`,
};
