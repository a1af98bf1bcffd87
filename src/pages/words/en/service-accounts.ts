/** The pages about programs that sign their own JWTs. */

interface Account {
  account: string;
}

/** In UTC: where the reader is, the server doesn't know. */
const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });

export const serviceAccounts = {
  'accounts.title': 'Service accounts',
  'accounts.lead':
    'Programs of yours that call the API by signing with a private key, which never leaves your side.',
  'accounts.new': 'Add a service account',
  'accounts.empty': 'There is no service account yet.',
  'accounts.empty_looking':
    'There is no service account yet. An owner or administrator can add one.',
  'accounts.column.name': 'Name',
  'accounts.column.id': 'ID',
  'accounts.column.keys': 'Keys',
  'accounts.column.last_used': 'Last used',
  'accounts.never_used': 'Never',
  'accounts.older': 'Older accounts',
  'accounts.disabled': 'Disabled',
  'accounts.day': (p: { date: Date }) => day.format(p.date),

  'accounts.form.new': 'Add a service account',
  'accounts.form.edit': (p: Account) => `Edit ${p.account}`,
  'accounts.form.name': 'Name',
  'accounts.form.name_hint': 'What it is for, such as “Nightly export”.',
  'accounts.form.key': 'Public key',
  'accounts.form.key_hint':
    'As PEM (a public key or a certificate) or as JWK. EC P-256 or P-384, Ed25519, or RSA from 2,048 bits. Never the private half.',
  'accounts.form.make': 'Make a key pair in this browser',
  'accounts.form.make_hint':
    'The private key is made here and stays here: only the public key is sent.',
  'accounts.form.making': 'Making it…',
  'accounts.form.made': 'Your private key, shown this once',
  'accounts.form.made_hint':
    'Download it now and keep it where your program can read it. It is not sent to us, and nobody can bring it back.',
  'accounts.form.download': 'Download private key',
  'accounts.form.saved': 'I have saved the private key',
  'accounts.form.failed': 'This browser could not make a key pair. Paste a public key instead.',
  'accounts.form.scopes': 'What it may do',
  'accounts.form.scopes_hint': 'Tick as little as it needs. With none it may do nothing.',
  'accounts.form.scopes_none': 'There is no permission that your role may hand on.',
  'accounts.form.submit_new': 'Add service account',
  'accounts.form.submit_edit': 'Save changes',
  'accounts.form.busy': 'Saving…',
  'accounts.form.cancel': 'Cancel',

  'accounts.error.summary': 'Please check these before you go on',
  'accounts.error.name.required': 'Give the account a name',
  'accounts.error.name.too_long': 'Use a name of at most 100 characters',
  'accounts.error.name.invalid': 'Use a name without special signs',
  'accounts.error.scope.beyond': 'Some of these permissions are not yours to hand on. Untick them',
  'accounts.key.error.required': 'Paste a public key',
  'accounts.key.error.private':
    'That is a private key, which nobody else may have. We have kept nothing of it, but it has left your machine: throw it away, make a new pair, and paste the public half alone',
  'accounts.key.error.unreadable':
    'This is neither PEM nor a JWK. PEM begins with -----BEGIN PUBLIC KEY-----, a JWK with {"kty"',
  'accounts.key.error.several': 'Paste one key at a time',
  'accounts.key.error.last':
    'An account keeps at least one key. Add the next one first, or disable the account',
  'accounts.key.error.refused': (p: { detail: string }) => `This key can’t be used: ${p.detail}`,

  'accounts.detail.id': 'ID',
  'accounts.detail.since': 'Added',
  'accounts.detail.last_used': 'Last used',
  'accounts.detail.permissions': 'May',
  'accounts.detail.permissions_none': 'Nothing.',
  'accounts.detail.edit': 'Edit',
  'accounts.detail.keys': 'Public keys',
  'accounts.detail.keys_hint':
    'To change keys without a gap, add the new one, let your program sign with it, then remove the old one.',
  'accounts.detail.column.kid': 'Key ID (kid)',
  'accounts.detail.column.alg': 'Algorithm',
  'accounts.detail.column.added': 'Added',
  'accounts.detail.column.remove': 'Remove',
  'accounts.detail.remove': 'Remove',
  'accounts.detail.remove_hint': 'What is signed with a key that is removed is refused at once.',
  'accounts.detail.add': 'Add a key',
  'accounts.detail.add_submit': 'Add key',
  'accounts.detail.sign': 'Sign a JWT',
  'accounts.detail.sign_hint': (p: { minutes: number }) =>
    `Send it as a bearer token. It may live for at most ${p.minutes} minutes; give each a jti of its own.`,
  'accounts.detail.language.typescript': 'TypeScript',
  'accounts.detail.language.python': 'Python',
  'accounts.detail.copy': 'Copy',
  'accounts.detail.copied': 'Copied',
  'accounts.detail.beyond': (p: { scopes: string }) =>
    `This account can do more than your role may hand on (${p.scopes}), so you can only take keys away, disable or delete it. An owner can do the rest.`,
  'accounts.detail.danger': 'Switch it off',
  'accounts.detail.disable': 'Disable account',
  'accounts.detail.disable_hint':
    'What a disabled account signs is refused, and its access tokens end at once. You can enable it again.',
  'accounts.detail.enable': 'Enable account',
  'accounts.detail.enable_hint': 'The account is shut out. Enabled, it can sign in again.',
  'accounts.detail.delete': 'Delete account',
  'accounts.detail.delete_hint': 'It goes with its keys and its access tokens. It can’t be undone.',

  'accounts.delete.title': (p: Account) => `Delete ${p.account}?`,
  'accounts.delete.text':
    'Whatever signs as this account is refused from then on, and its access tokens end. This can’t be undone.',
  'accounts.delete.submit': 'Delete account',
  'accounts.delete.busy': 'Deleting…',
  'accounts.delete.cancel': 'Keep it',

  'notice.account_created': 'The service account is ready: sign a JWT as shown below.',
  'notice.account_updated': 'The changes are saved.',
  'notice.account_disabled': 'The account is disabled: what it signs is refused.',
  'notice.account_enabled': 'The account is enabled.',
  'notice.account_deleted': 'The service account is deleted.',
  'notice.account_sent_before': 'That form was sent before, so nothing was added a second time.',
  'notice.account_key_added': 'The key is added: your program can sign with it now.',
  'notice.account_key_removed': 'The key is removed.',
};
