/** The operator's pages: organizations, clients, signing keys, throttled accounts and addresses. */

const moment = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'medium',
  timeStyle: 'short',
  timeZone: 'UTC',
});
const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' });

interface Wait {
  waitSeconds?: number;
}

const minutes = ({ waitSeconds = 0 }: Wait) => {
  const count = Math.ceil(waitSeconds / 60);
  return count <= 1 ? 'a minute' : `${count} minutes`;
};

export const operator = {
  'operator.nav': 'Operator',
  'operator.tab.organizations': 'Organizations',
  'operator.tab.clients': 'Clients',
  'operator.tab.signing_keys': 'Signing keys',
  'operator.tab.throttles': 'Throttles',
  'operator.day': (p: { date: Date }) => day.format(p.date),
  'operator.moment': (p: { date: Date }) => `${moment.format(p.date)} UTC`,
  'operator.search': 'Search',
  'operator.pages': 'Pages',
  'operator.first': 'Newest',
  'operator.next': 'Older',
  'operator.never': 'Not yet',
  'operator.busy': 'One moment…',

  'operator.organizations.title': 'Organizations',
  'operator.organizations.find': 'Name or ID',
  'operator.organizations.none': 'No organization has that name or ID.',
  'operator.organizations.name': 'Name',
  'operator.organizations.plan': 'Plan',
  'operator.organizations.id': 'ID',
  'operator.organizations.since': 'Since',

  'operator.organization.back': 'All organizations',
  'operator.organization.facts': 'About this organization',
  'operator.organization.change_plan': 'Change the plan',
  'operator.organization.change_plan_hint':
    'The new plan’s modules and limits count at once, for all of its credentials.',
  'operator.organization.new_plan': 'New plan',
  'operator.organization.save_plan': 'Change plan',
  'operator.organization.members': 'Members',
  'operator.organization.no_members': 'Nobody belongs to it.',
  'operator.organization.clients': 'Clients',
  'operator.organization.no_clients': 'It has no clients.',
  'operator.organization.more': 'There are more.',
  'operator.organization.plan_unknown': 'Choose one of the plans.',

  'operator.clients.title': 'Clients',
  'operator.clients.lead': 'Every app that is registered, whoever it belongs to.',
  'operator.clients.none': 'There are no clients.',
  'operator.clients.name': 'Name',
  'operator.clients.owner': 'Organization',
  'operator.clients.no_owner': 'The platform',
  'operator.clients.id': 'Client ID',
  'operator.clients.since': 'Since',
  'operator.clients.disabled': 'Disabled',
  'operator.clients.actions': 'Actions',
  'operator.clients.disable': 'Disable',
  'operator.clients.enable': 'Enable',

  'operator.keys.title': 'Signing keys',
  'operator.keys.lead':
    'What tokens are signed with. The current key signs; the next and the previous ones are published beside it.',
  'operator.keys.kid': 'Key ID',
  'operator.keys.status': 'Status',
  'operator.keys.status.current': 'Current',
  'operator.keys.status.next': 'Next',
  'operator.keys.status.previous': 'Previous',
  'operator.keys.activated': 'Signs since',
  'operator.keys.retires': 'Forgotten after',
  'operator.keys.stays': 'Not set',
  'operator.keys.rotate': 'Rotate now',
  'operator.rotate.title': 'Rotate the signing keys?',
  'operator.rotate.about':
    'The next key signs from now on, and a new next one is published. Tokens signed before stay valid until they expire.',
  'operator.rotate.too_young': (p: Wait) =>
    `The next key is new: caches may not know it yet. Wait ${minutes(p)}, or rotate all the same.`,
  'operator.rotate.force': 'Rotate all the same',
  'operator.rotate.force_about':
    'For a current key that somebody else has. Some APIs may refuse new tokens for five minutes.',
  'operator.rotate.cancel': 'Leave them',
  'operator.rotate.submit': 'Rotate',

  'operator.throttles.title': 'Throttled accounts and addresses',
  'operator.throttles.lead':
    'Attempts are counted under keyed hashes, so there is no list of them: enter whom it is about.',
  'operator.throttles.who': 'Email address of an account, or a network address',
  'operator.throttles.who_hint': 'Like ada@example.com, 203.0.113.7 or 2001:db8::1.',
  'operator.throttles.look': 'Look',
  'operator.throttles.error': 'Enter an email address or a network address.',
  'operator.throttles.nothing': (p: { who: string }) => `Nothing is counted for ${p.who} just now.`,
  'operator.throttles.counted': (p: { who: string }) => `Counted for ${p.who}`,
  'operator.throttles.kind.account': 'Sign-in attempts of the account',
  'operator.throttles.kind.address': 'Sign-in attempts from the network',
  'operator.throttles.kind.sign_up': 'Sign-ups from the network',
  'operator.throttles.kind': 'What',
  'operator.throttles.attempts': 'Attempts',
  'operator.throttles.until': 'Until',
  'operator.throttles.of': (p: { attempts: number; limit: number }) =>
    `${p.attempts} of ${p.limit}`,
  'operator.throttles.refused': 'Refused',
  'operator.throttles.clear': 'Clear',
  'operator.throttles.clear_hint': 'As if nothing had been tried.',

  'notice.plan_changed': 'The plan is changed.',
  'notice.client_disabled': 'The client is disabled, and its tokens have ended.',
  'notice.client_enabled': 'The client is enabled.',
  'notice.keys_rotated': 'The keys are rotated.',
  'notice.throttle_cleared': 'The throttle is cleared.',
};
