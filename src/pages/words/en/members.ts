/** Members of an organization, and invitations into it. */

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' });

interface Organization {
  organization: string;
}

interface Name {
  name: string;
}

interface Email {
  email: string;
}

interface Wait {
  waitSeconds?: number;
}

function inMinutes({ waitSeconds = 60 }: Wait): string {
  const minutes = Math.ceil(waitSeconds / 60);
  return minutes === 1 ? 'in a minute' : `in ${minutes} minutes`;
}

export const members = {
  'notice.member_changed': 'The role is changed.',
  'notice.member_removed': 'They are no longer a member.',
  'notice.invitation_revoked': 'The invitation is revoked. Its link no longer works.',
  'notice.invitation_sent_before':
    'That form was sent before. The link was shown once, in the answer; send the invitation again for another one.',
  'notice.organization_joined': 'Welcome. You are a member now.',
  'notice.organization_left': 'You have left the organization.',

  'members.title': 'Members',
  'members.lead': (p: Organization) => `Who belongs to ${p.organization}, and what they may do.`,
  'members.invite': 'Invite a colleague',
  'members.name': 'Name',
  'members.email': 'Email',
  'members.role': 'Role',
  'members.since': 'Since',
  'members.you': 'You',
  'members.day': (p: { date: Date }) => day.format(p.date),
  'members.pages': 'Pages',
  'members.first': 'First members',
  'members.next': 'More members',
  'role_about.owner': 'Everything, and who owns the organization',
  'role_about.admin': 'Members, keys, apps and settings, except for owners',
  'role_about.member': 'Keys of their own; looks at the rest',

  'invitations.title': 'Open invitations',
  'invitations.lead':
    'Each link is for one address and works once. Nobody else can use it, and it is shown only when it is made.',
  'invitations.empty': 'Nobody is invited at the moment.',
  'invitations.inviter': 'Invited by',
  'invitations.expires': 'Until',
  'invitations.actions': 'Actions',
  'invitations.somebody': 'Somebody who left',
  'invitations.status.open': 'Open',
  'invitations.status.expired': 'Expired',
  'invitations.status.void': 'On hold',
  'invitations.void_about': 'Whoever sent it may not give this role any more. Send it again.',
  'invitations.renew': 'New link',
  'invitations.revoke': 'Revoke',
  'invitations.for': (p: Email) => `for ${p.email}`,
  'invitations.busy': 'One moment…',
  'invitations.next': 'Older invitations',
  'invitations.error.role_out_of_reach': 'Your role doesn’t reach that far: an owner can do this.',
  'invitations.error.gone': 'That invitation has been accepted or revoked in the meantime.',
  'invitations.error.throttled': (p: Wait) =>
    `Your organization has sent many invitations in a short time. Please go on ${inMinutes(p)}.`,

  'member.back': 'All members',
  'member.role': 'Role',
  'member.change': 'Change role',
  'member.busy': 'Changing…',
  'member.change_about':
    'A role with less power ends what apps and tokens may do in their name, at once.',
  'member.remove': 'Remove from the organization',
  'member.remove_about':
    'They lose access, and apps and tokens stop working in their name at once.',
  'member.leave': 'Leave the organization',
  'member.leave_about': 'You lose access, and apps and tokens stop working in your name at once.',
  'member.error.last_owner':
    'An organization must keep an owner. Make somebody else an owner first.',
  'member.error.role_out_of_reach': 'Your role doesn’t reach that far: an owner can do this.',
  'member.error.role': 'Choose one of the roles.',

  'member_remove.remove': (p: Name) => `Remove ${p.name}?`,
  'member_remove.remove_about': (p: Name & Organization) =>
    `${p.name} loses access to ${p.organization}. Apps and tokens stop working in their name at once; API keys they made go on, for those belong to the organization.`,
  'member_remove.remove_submit': 'Remove',
  'member_remove.leave': (p: Organization) => `Leave ${p.organization}?`,
  'member_remove.leave_about': (p: Organization) =>
    `You lose access to ${p.organization}. Apps and tokens stop working in your name at once; API keys you made go on, for those belong to the organization.`,
  'member_remove.leave_submit': 'Leave',
  'member_remove.busy': 'One moment…',
  'member_remove.cancel': 'Cancel',

  'invite.title': 'Invite a colleague',
  'invite.lead': (p: Organization) =>
    `You get a link into ${p.organization} and pass it on yourself, by mail or chat.`,
  'invite.errors': 'Please check this before you go on',
  'invite.email': 'Their email address',
  'invite.email_hint': 'Only somebody who is signed in with this address can accept.',
  'invite.role': 'What they may do',
  'invite.submit': 'Make the link',
  'invite.busy': 'Making it…',
  'invite.cancel': 'Cancel',
  'invite.error.email.required': 'Enter an email address',
  'invite.error.email.invalid': 'Enter a full email address, like ada@example.com',
  'invite.error.email.already_member': 'Whoever has this address is a member already',
  'invite.error.email.already_invited':
    'This address is invited already. Make a new link in the list of open invitations',
  'invite.error.role.out_of_reach': 'Choose a role that is not above your own',
  'invite.error.form.too_many': (p: { most?: number }) =>
    `There are ${p.most} open invitations, and no room for more. Revoke those that nobody waits for.`,
  'invite.error.form.throttled': (p: Wait) =>
    `Your organization has sent many invitations in a short time. Please go on ${inMinutes(p)}.`,

  'invite_link.title.invited': 'Your invitation is ready',
  'invite_link.title.renewed': 'Here is the new link',
  'invite_link.lead': (p: Email) => `Pass this link on to ${p.email}.`,
  'invite_link.once': 'This is the only time you see it. It works once, for that address alone.',
  'invite_link.before': 'The link before has stopped working.',
  'invite_link.label': 'Link',
  'invite_link.copy': 'Copy',
  'invite_link.copied': 'Copied',
  'invite_link.role': 'Role',
  'invite_link.expires': 'Works until',
  'invite_link.go_on': 'Done',

  'invitation.title': (p: Organization) => `Join ${p.organization}`,
  'invitation.by': (p: { inviter: string } & Organization) =>
    `${p.inviter} invites you to ${p.organization}.`,
  'invitation.by_nobody': (p: Organization) => `You are invited to ${p.organization}.`,
  'invitation.role': 'Your role',
  'invitation.for': 'For',
  'invitation.expires': 'Until',
  'invitation.stranger': (p: Email) =>
    `Sign in with the account that has the address ${p.email}, or create it, and you come back here.`,
  'invitation.stranger_sign_in': (p: Email) =>
    `Sign in with the account that has the address ${p.email}, and you come back here.`,
  'invitation.sign_in': 'Sign in',
  'invitation.sign_up': 'Create an account',
  'invitation.accept': 'Join',
  'invitation.busy': 'Joining…',
  'invitation.later': 'Not now',
  'invitation.other': (p: Email) =>
    `This invitation is for another account: the one with the address ${p.email}. Nobody else can use it.`,
  'invitation.signed_in_as': 'You are signed in as',
  'invitation.switch': 'Use another account',
  'invitation.switch_busy': 'One moment…',
  'invitation_gone.title': 'This invitation no longer works',
  'invitation_gone.explanation':
    'An invitation works once, for seven days, as long as whoever sent it may give its role. It can be taken back, or replaced by a newer one.',
  'invitation_gone.advice': 'Ask whoever invited you for a new link.',
  'invitation_gone.home': 'Go to the start page',
};
