/** The pages about an organization's OAuth clients. */

interface App {
  app: string;
}

interface Uri {
  uri: string;
}

/** In UTC: where the reader is, the server doesn't know. */
const moment = new Intl.DateTimeFormat('en-GB', {
  ...{ dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' },
});

export const apps = {
  'apps.title': 'Apps',
  'apps.lead':
    'OAuth clients: apps that people connect to their account, and services that act for your organization.',
  'apps.new': 'Register an app',
  'apps.empty': 'No app is registered yet.',
  'apps.empty_looking': 'No app is registered yet. An owner or administrator can register one.',
  'apps.column.name': 'Name',
  'apps.column.kind': 'Kind',
  'apps.column.client_id': 'Client ID',
  'apps.column.since': 'Registered',
  'apps.older': 'Older apps',
  'apps.day': (p: { date: Date }) => moment.format(p.date).split(' at ')[0]!,
  'apps.disabled': 'Disabled',
  'apps.copy': 'Copy',
  'apps.copied': 'Copied',

  'apps.kind.web': 'Web app with a server',
  'apps.kind.single_page': 'Single-page app',
  'apps.kind.native': 'Mobile or desktop app',
  'apps.kind.service': 'Service',
  'apps.kind.other': 'Set up through the API',
  'apps.kind.about.web':
    'People sign in, and your server keeps the secret. Authorization code with PKCE, and refresh tokens.',
  'apps.kind.about.single_page':
    'Runs in the browser alone, where nothing stays secret. Authorization code with PKCE.',
  'apps.kind.about.native':
    'Installed on a device. Comes back by a loopback address or a scheme of its own.',
  'apps.kind.about.service': 'No person present: it acts for itself, with client credentials.',

  'apps.form.new': 'Register an app',
  'apps.form.edit': (p: App) => `Edit ${p.app}`,
  'apps.form.kind': 'What kind of app is it?',
  'apps.form.name': 'Name',
  'apps.form.name_hint': 'People see it when they are asked for access.',
  'apps.form.redirect_uris': 'Redirect URIs',
  'apps.form.redirect_uris_hint': 'One a line. Each is compared as a whole, to the last slash.',
  'apps.form.redirect_uris_hint.web':
    'With https, or http on localhost while you develop. For example https://app.example.com/callback',
  'apps.form.redirect_uris_hint.native':
    'For example http://127.0.0.1/callback (any port will do) or com.example.app:/callback',
  'apps.form.redirect_uris_hint.service':
    'A service needs none; what stands here is left out for it.',
  'apps.form.redirect_uris_good': 'These can be registered.',
  'apps.form.scopes': 'What it may ask for',
  'apps.form.scopes_hint':
    'Tick as little as it needs. With none it can only learn who somebody is; a service can do nothing.',
  'apps.form.scopes_none': 'There is no permission that your role may hand on.',
  'apps.form.links': 'Links for the people who are asked',
  'apps.form.client_uri': 'Website',
  'apps.form.tos_uri': 'Terms of service',
  'apps.form.policy_uri': 'Privacy policy',
  'apps.form.submit_new': 'Register app',
  'apps.form.submit_edit': 'Save changes',
  'apps.form.busy': 'Saving…',
  'apps.form.cancel': 'Cancel',

  'apps.error.summary': 'Please check these before you go on',
  'apps.error.kind.required': 'Choose what kind of app it is',
  'apps.error.name.required': 'Give the app a name',
  'apps.error.name.too_long': 'Use a name of at most 200 characters',
  'apps.error.name.invalid': 'Use a name without special signs',
  'apps.error.redirect_uris.required': 'Enter at least one redirect URI',
  'apps.error.redirect_uris.wrong': 'Some of the redirect URIs can’t be used',
  'apps.error.redirect_uris.too_many': 'Enter at most 100 redirect URIs',
  'apps.error.scope.beyond': 'Some of these permissions are not yours to hand on. Untick them',
  'apps.error.client_uri.invalid': 'Enter a full address, like https://example.com',
  'apps.error.tos_uri.invalid': 'Enter a full address, like https://example.com/terms',
  'apps.error.policy_uri.invalid': 'Enter a full address, like https://example.com/privacy',
  'apps.error.form.refused': (p: { detail: string }) => `This can’t be registered: ${p.detail}`,

  'apps.redirect.scheme': (p: Uri) => `${p.uri} has a scheme that doesn’t lead to an app`,
  'apps.redirect.characters': (p: Uri) =>
    `${p.uri} has a space, a backslash or a control sign in it`,
  'apps.redirect.wildcard': (p: Uri) =>
    `${p.uri} has a wildcard. List each address by itself instead`,
  'apps.redirect.relative': (p: Uri) =>
    `${p.uri} is not a full address. Begin it with https:// or your app’s scheme`,
  'apps.redirect.fragment': (p: Uri) => `${p.uri} has a fragment. Leave out # and what follows`,
  'apps.redirect.user': (p: Uri) => `${p.uri} has a user name in it. Leave out everything up to @`,
  'apps.redirect.host': (p: Uri) => `${p.uri} has no plain host name`,
  'apps.redirect.insecure': (p: Uri) =>
    `${p.uri} must begin with https://. Only localhost, 127.0.0.1 and [::1] may go without`,
  'apps.redirect.private_scheme': (p: Uri) =>
    `${p.uri} has a scheme that others may use as well. Take your domain turned round, like com.example.app:/callback`,
  'apps.redirect.web_only': (p: Uri) =>
    `${p.uri} has a scheme of its own, which is for mobile and desktop apps. Use https://`,
  'apps.redirect.secure_loopback': (p: Uri) =>
    `${p.uri} leads to this device. Use http:// there, with 127.0.0.1`,
  'apps.redirect.too_long': (p: Uri) => `${p.uri} is longer than 2,000 characters`,

  'apps.secret.created': (p: App) => `${p.app} is registered`,
  'apps.secret.rotated': (p: App) => `A new secret for ${p.app}`,
  'apps.secret.once':
    'This is the only time the secret is shown. Keep it where your server reads it from, and never in code or in a browser.',
  'apps.secret.old_until': (p: { date: Date }) =>
    `The secret before it goes on working until ${moment.format(p.date)} UTC.`,
  'apps.secret.old_ended': 'The secret before it no longer works.',
  'apps.secret.label': 'Client secret',
  'apps.secret.saved': 'I have saved it',
  'apps.secret.next': 'Go on to the app',

  'apps.detail.client_id': 'Client ID',
  'apps.detail.auth_method': 'Proves who it is by',
  'apps.detail.since': 'Registered',
  'apps.detail.redirect_uris': 'Redirect URIs',
  'apps.detail.settings': 'Settings',
  'apps.detail.permissions': 'What it may ask for',
  'apps.detail.permissions_none': 'Nothing beyond who somebody is.',
  'apps.detail.client_uri': 'Website',
  'apps.detail.tos_uri': 'Terms of service',
  'apps.detail.policy_uri': 'Privacy policy',
  'apps.detail.edit': 'Edit',
  'apps.detail.secrets': 'Client secret',
  'apps.detail.secret_current': 'Works until you replace it',
  'apps.detail.secret_until': (p: { date: Date }) => `Works until ${moment.format(p.date)} UTC`,
  'apps.detail.secrets_none': 'No secret works any more. Make a new one.',
  'apps.detail.rotate': 'Make a new secret',
  'apps.detail.rotate_hint':
    'Both work during the overlap, so that your servers can change over one by one.',
  'apps.detail.overlap': 'The secret in use goes on working',
  'apps.overlap.none': 'not at all: it ends at once',
  'apps.overlap.hour': 'for an hour',
  'apps.overlap.day': 'for a day',
  'apps.overlap.week': 'for a week',
  'apps.overlap.month': 'for 30 days',
  'apps.detail.rotate_busy': 'Making it…',
  'apps.detail.endpoints': 'Endpoints',
  'apps.detail.endpoints_hint':
    'Most libraries ask only for the issuer or the discovery document and find the rest by themselves.',
  'apps.endpoint.issuer': 'Issuer',
  'apps.endpoint.authorize': 'Authorize',
  'apps.endpoint.token': 'Token',
  'apps.endpoint.jwks': 'Keys (JWKS)',
  'apps.endpoint.discovery': 'Discovery',
  'apps.detail.try': 'Try it in the playground',
  'apps.detail.try_missing': 'To try it there, first add this to its redirect URIs:',
  'apps.detail.beyond': (p: { scopes: string }) =>
    `This app may ask for more than your role may hand on (${p.scopes}), so you can only disable or delete it. An owner can do the rest.`,
  'apps.detail.danger': 'Switch it off',
  'apps.detail.disable': 'Disable app',
  'apps.detail.disable_hint':
    'A disabled app gets no tokens, and those it has end at once. You can enable it again.',
  'apps.detail.enable': 'Enable app',
  'apps.detail.enable_hint': 'The app is shut out. Enabled, it can get tokens again.',
  'apps.detail.delete': 'Delete app',
  'apps.detail.delete_hint':
    'Deleting it also ends what people have allowed it. It can’t be undone.',

  'apps.delete.title': (p: App) => `Delete ${p.app}?`,
  'apps.delete.text':
    'Its tokens and secrets end at once, and people who connected it are disconnected. This can’t be undone.',
  'apps.delete.submit': 'Delete app',
  'apps.delete.busy': 'Deleting…',
  'apps.delete.cancel': 'Keep it',

  'notice.app_created': 'The app is registered.',
  'notice.app_updated': 'The changes are saved.',
  'notice.app_disabled': 'The app is disabled: it gets no tokens, and those it had have ended.',
  'notice.app_enabled': 'The app is enabled.',
  'notice.app_deleted': 'The app is deleted.',
  'notice.app_sent_before':
    'That form was sent before, so nothing was registered a second time. If you missed the secret, open the app and make a new one.',
  'notice.app_secret_sent_before':
    'That form was sent before, so the secret was not replaced again. If you missed it, make a new one.',
};
