/** A person's own security: sessions, password, passkeys, recovery codes; and the second step of a sign-in. */

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' });
const moment = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'medium',
  timeStyle: 'short',
  timeZone: 'UTC',
});

interface Wait {
  waitSeconds?: number;
}

function after({ waitSeconds = 0 }: Wait): string {
  const minutes = Math.ceil(waitSeconds / 60);
  return minutes <= 1 ? 'in a minute' : `in ${minutes} minutes`;
}

const signIn = {
  'sign_in.again': 'Confirm that it’s you',
  'sign_in.again_lead': 'You are about to change how you sign in. Sign in once more to go on.',
  'sign_in.passkey': 'Sign in with a passkey',
  'sign_in.error.passkey':
    'That passkey didn’t sign you in: it isn’t known here, or the page was open for too long. Try again, or use your password.',
  'passkey.or': 'or',
  'passkey.refused': 'No passkey was used. Try again when you are ready.',
  'passkey.needs_scripts': 'Passkeys need JavaScript. Without it, use a recovery code.',
  'passkey.impossible':
    'Browsers have no passkeys for this address: it has to be a name, not a number, and begin with https. Use a recovery code.',
  'second_step.title': 'One more step',
  'second_step.lead': 'The password is right. Now prove it’s really you:',
  'second_step.passkey': 'Use your passkey',
  'second_step.code': 'Or a recovery code',
  'second_step.code_hint':
    'One of the ten you kept for when your passkey isn’t at hand. Each works once.',
  'second_step.use_code': 'Use the code',
  'second_step.begin_anew': 'Sign in as somebody else',
  'second_step.error.passkey':
    'That passkey didn’t fit, or the page was open for too long. Try again.',
  'second_step.error.code': 'That isn’t one of your unused recovery codes. Check it and try again.',
  'second_step.error.throttled': (p: Wait) =>
    `There have been too many attempts. Please try again ${after(p)}.`,
};

const pages = {
  'connected.title': 'Connected apps',
  'connected.lead':
    'Apps that you have allowed to act for you. One that you disconnect loses its access at once.',
  'connected.empty': 'No app has access to your account.',

  'security.title': 'Security',
  'security.lead': 'Where you are signed in, and what it takes to sign in as you.',
  'security.summary': 'Please check this before you go on',

  'security.sessions': 'Where you are signed in',
  'security.sessions_hint':
    'A session that you end is over at once, wherever it is. When one was last seen is kept to the hour.',
  'security.this_session': 'This browser',
  'security.browser_on': (p: { browser: string; system: string }) => `${p.browser} on ${p.system}`,
  'security.unknown_browser': 'A browser',
  'security.since': (p: { date: Date }) => `Signed in ${moment.format(p.date)} UTC`,
  'security.last_seen': (p: { date: Date }) => `last seen ${moment.format(p.date)} UTC`,
  'security.end': 'End',
  'security.end_busy': 'Ending…',
  'security.end_others': 'End all other sessions',

  'security.password': 'Password',
  'security.password_hint':
    'A new password ends every other session, and disconnects what was signed in with the old one.',
  'security.current_password': 'Current password',
  'security.new_password': 'New password',
  'security.change_password': 'Change password',
  'security.change_password_busy': 'Changing…',
  'security.error.current_password.rejected': 'That isn’t your current password.',
  'security.error.new_password.too_short': 'Use at least 12 characters',
  'security.error.new_password.too_long': 'That password is too long. Use a shorter one',
  'security.error.new_password.too_common': 'That password is easy to guess. Choose another one',
  'security.error.wait.throttled': (p: Wait) =>
    `There have been too many attempts. Please try again ${after(p)}.`,
  'security.error.wait.overloaded': (p: Wait) =>
    `Many people are signing in just now. Please try again ${after(p)}.`,

  'security.passkeys': 'Passkeys',
  'security.passkeys_hint':
    'Sign in with your fingerprint, your face or your device’s PIN instead of a password. Nobody can guess a passkey, or lure it from you.',
  'security.passkeys_impossible':
    'Browsers have no passkeys for this address: it has to be a name, not a number, and begin with https (or be localhost).',
  'security.passkey_added': (p: { date: Date }) => `Added ${day.format(p.date)}`,
  'security.passkey_used': (p: { date: Date }) => `last used ${day.format(p.date)}`,
  'security.passkey_unused': 'not used yet',
  'security.passkey_synced': 'Synchronised',
  'security.passkey_edit': 'Edit',
  'security.passkey_name': 'Name of the new passkey',
  'security.passkey_name_hint': 'So that you know it later: “Phone”, “Blue security key”.',
  'security.passkey_add': 'Add a passkey',
  'security.passkeys_need_scripts': 'Adding a passkey needs JavaScript.',
  'security.confirm': 'Confirm that it’s you',
  'security.confirm_hint':
    'You signed in a while ago. To change passkeys, recovery codes or the second step, sign in once more.',
  'security.error.passkey_rejected':
    'That passkey couldn’t be added: it is known already, or the page was open for too long. Try again.',
  'security.error.passkey_too_many': 'You have as many passkeys as there may be. Remove one first.',
  'security.error.passkey_name_required': 'Give the passkey a name.',
  'security.error.passkey_name_invalid': 'Use a name in letters, without special signs.',
  'security.error.passkey_name_too_long': 'Use a name of up to 60 characters.',

  'security.second': 'Second step',
  'security.second_on': 'On',
  'security.second_off': 'Off',
  'security.second_hint':
    'Ask for a passkey after your password, too, so that a stolen password is not enough.',
  'security.second_needs_passkey': 'Add a passkey first.',
  'security.second_turn_on': 'Ask for a passkey, too',
  'security.second_turn_off': 'Turn off',
  'security.second_busy': 'One moment…',
  'security.codes': 'Recovery codes',
  'security.codes_left': (p: { count: number }) =>
    p.count === 1
      ? '1 unused code is left. Each stands in for your passkey, once.'
      : `${p.count} unused codes are left. Each stands in for your passkey, once.`,
  'security.codes_renew': 'Make new codes',
  'security.codes_renew_hint': 'New codes take the place of the ones you have.',

  'passkey_page.back': 'Security',
  'passkey_page.name': 'Name',
  'passkey_page.rename': 'Save',
  'passkey_page.renaming': 'Saving…',
  'passkey_page.remove_title': 'Remove this passkey',
  'passkey_page.remove_hint':
    'It stops signing you in at once. Your device keeps its own entry until you delete it there.',
  'passkey_page.remove': 'Remove',
  'passkey_page.removing': 'Removing…',
  'passkey_page.error.required': 'Give the passkey a name.',
  'passkey_page.error.invalid': 'Use a name in letters, without special signs.',
  'passkey_page.error.too_long': 'Use a name of up to 60 characters.',
  'passkey_page.error.needed':
    'This is your last passkey, and signing in asks for one. Add another, or turn the second step off, before you remove it.',

  'codes.title': 'Your recovery codes',
  'codes.lead.turned_on': 'From now on, signing in with your password asks for a passkey, too.',
  'codes.lead.renewed': 'These take the place of the ones you had, which have stopped working.',
  'codes.about':
    'If your passkey isn’t at hand, one of these lets you in instead. Each works once.',
  'codes.once':
    'This is the only time you see them. Print them or write them down, and keep them away from your devices.',
  'codes.copy': 'Copy',
  'codes.copied': 'Copied',
  'codes.saved': 'I have kept them safe',
  'codes.go_on': 'Done',
};

const notices = {
  'notice.app_disconnected': 'The app is disconnected. Its access has ended.',
  'notice.session_ended': 'The session is over.',
  'notice.sessions_ended': 'All other sessions are over.',
  'notice.password_changed': 'Your password is changed, and all other sessions are over.',
  'notice.passkey_added': 'The passkey is added. You can sign in with it from now on.',
  'notice.passkey_renamed': 'The passkey is renamed.',
  'notice.passkey_removed': 'The passkey is removed.',
  'notice.second_factor_off': 'Your password alone signs you in again.',
  'notice.codes_sent_before':
    'That form was sent before. Its codes were shown once, in the answer. If you don’t have them, make new ones.',
};

export const security = { ...signIn, ...pages, ...notices };
