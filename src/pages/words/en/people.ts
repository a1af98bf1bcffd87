/**
 * Every word that people read on the pages. One flat catalogue; a sentence with a gap is a
 * function of what fills it, so that another language can put the gap where it belongs.
 */

interface App {
  app: string;
}

interface Platform {
  platform: string;
}

interface Wait {
  waitSeconds?: number;
}

/** "about a minute", "3 minutes": rounded up, so that it is never too early. */
function duration(seconds: number): string {
  if (seconds <= 5) return 'a few seconds';
  if (seconds < 60) return `${Math.ceil(seconds / 5) * 5} seconds`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes === 1) return 'a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.ceil(minutes / 60);
  return hours === 1 ? 'an hour' : `${hours} hours`;
}

/** In UTC: where the reader is, the server doesn't know. */
const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });

function after({ waitSeconds }: Wait): string {
  return waitSeconds ? `in ${duration(waitSeconds)}` : 'in a little while';
}

export const people = {
  'page.title': (p: { title: string } & Platform) => `${p.title} · ${p.platform}`,
  'page.title_failed': (p: { title: string } & Platform) => `Error: ${p.title} · ${p.platform}`,
  'language.switch': 'Language',
  'language.en': 'English',
  'language.de': 'Deutsch',
  'page.links': 'About this service',
  'link.docs': 'Docs',
  'link.support': 'Help',
  'link.terms': 'Terms',
  'link.privacy': 'Privacy',

  'field.name': 'Your name',
  'field.email': 'Email address',
  'field.password': 'Password',
  'field.organization': 'Organization',
  'field.optional': 'optional',
  'password.show': 'Show',
  'password.hide': 'Hide',
  'password.noun': 'password',

  'sign_in.title': (p: Platform) => `Sign in to ${p.platform}`,
  'sign_in.continue': (p: App) => `to continue to ${p.app}`,
  'sign_in.remember': 'Keep me signed in on this device',
  'sign_in.submit': 'Sign in',
  'sign_in.busy': 'Signing in…',
  'sign_in.error.credentials':
    'That email and password don’t match an account. Check both and try again.',
  'sign_in.error.throttled': (p: Wait) =>
    `There have been too many attempts to sign in. Please try again ${after(p)}.`,
  'sign_in.error.overloaded': (p: Wait) =>
    `Many people are signing in just now. Please try again ${after(p)}.`,
  'sign_in.new_here': (p: Platform) => `New to ${p.platform}?`,
  'sign_in.create': 'Create an account',

  'sign_up.title': (p: Platform) => `Create your ${p.platform} account`,
  'sign_up.password_hint': 'At least 12 characters. A few unrelated words work well.',
  'sign_up.organization_hint':
    'Where your team and your keys live. Leave it empty and we’ll name it after you.',
  'sign_up.submit': 'Create account',
  'sign_up.busy': 'Creating your account…',
  'sign_up.have_one': 'Already have an account?',
  'sign_up.sign_in': 'Sign in',
  'sign_up.errors': 'Please check these before you go on',
  'sign_up.error.name.required': 'Enter your name',
  'sign_up.error.name.too_long': 'That name is too long. A shorter one will do',
  'sign_up.error.name.invalid': 'Enter your name in letters, without special signs',
  'sign_up.error.email.required': 'Enter your email address',
  'sign_up.error.email.invalid': 'Enter a full email address, like ada@example.com',
  'sign_up.error.password.too_short': 'Use at least 12 characters',
  'sign_up.error.password.too_long': 'That password is too long. Use a shorter one',
  'sign_up.error.password.too_common': 'That password is easy to guess. Choose another one',
  'sign_up.error.organization.too_long': 'That organization name is too long',
  'sign_up.error.organization.invalid': 'Enter a name without special signs',
  'sign_up.error.form.refused':
    'We couldn’t create an account with these details. If you already have one, sign in instead.',
  'sign_up.error.form.throttled': (p: Wait) =>
    `There have been too many attempts from your network. Please try again ${after(p)}.`,
  'sign_up.error.form.overloaded': (p: Wait) =>
    `Many people are signing up just now. Please try again ${after(p)}.`,

  'role.owner': 'Owner',
  'role.admin': 'Administrator',
  'role.member': 'Member',

  'consent.title': (p: App & Platform) => `${p.app} wants access to your ${p.platform} account`,
  'consent.publisher': (p: { publisher: string }) => `An app by ${p.publisher}`,
  'consent.unverified': (p: Platform) =>
    `Registered by its developer; not verified by ${p.platform}`,
  'consent.account': 'Your account',
  'consent.switch': 'Use another account',
  'consent.organization': 'Organization',
  'consent.choose_organization': 'Which organization may it use?',
  'consent.pick': 'Choose one…',
  'consent.error.organization_missing': 'Choose the organization this app may use.',
  'consent.error.organization_powerless':
    'Your role in that organization includes nothing of what this app asks for. Choose another one.',
  'consent.organization_powerless': (p: { organization: string }) =>
    `${p.organization} (nothing of this is yours to give there)`,
  'consent.role_powerless': 'Your role there includes nothing of what this app asks for.',
  'consent.powerless.title': 'You can’t allow this',
  'consent.powerless.here': (p: { organization: string; role: string }) =>
    `What the app asks for is not yours to give: your role in ${p.organization} (${p.role}) includes none of it.`,
  'consent.powerless.everywhere':
    'What the app asks for is not yours to give: your role includes none of it in any of your organizations.',
  'consent.powerless.advice':
    'Ask an owner or administrator of the organization to connect the app, or use another account.',
  'consent.powerless.shared': (p: App) => `Nothing is shared with ${p.app}.`,
  'consent.redirect': 'Sends you to',
  'consent.redirect_device': 'an app on this device',
  'consent.asks': 'This app will be able to',
  'consent.untick': 'Untick anything you would rather not share.',
  'consent.always': 'Know you',
  'consent.access.read': 'Read',
  'consent.access.write': 'Make changes',
  'consent.access.admin': 'Administer',
  'consent.offline.title': 'Keep access when you are not here',
  'consent.offline.description': 'Until you revoke it.',
  'consent.offline.group': 'Stay connected',
  'consent.already': 'Already allowed',
  'consent.withheld': 'The app will not get',
  'consent.withheld_here': (p: { organization: string; role: string }) =>
    `It asked for these, too, but they are not yours to give: your role in ${p.organization} (${p.role}) does not include them.`,
  'consent.withheld_everywhere':
    'It asked for these, too, but they are not yours to give: your role does not include them in any of your organizations.',
  'consent.not_in': (p: { organizations: string }) =>
    `Not in ${p.organizations}: your role there does not include it.`,
  'consent.not_in_more': (p: { count: number }) => `${p.count} more`,
  'consent.allow': 'Allow',
  'consent.allow_busy': 'Allowing…',
  'consent.deny': 'Don’t allow',
  'consent.deny_busy': 'Going back…',
  'consent.revoke_at': 'You can take this back at any time in',
  'consent.revoke_link': 'your connected apps',
  'consent.revoke': (p: Platform) =>
    `You can take this back at any time from your ${p.platform} account.`,
  'consent.app_links': (p: App) => `More about ${p.app}:`,
  'consent.app_home': 'website',
  'consent.app_terms': 'terms',
  'consent.app_privacy': 'privacy policy',
  'identity.openid': 'Know who you are',
  'identity.profile': 'See your name',
  'identity.email': 'See your email address',

  'error.bad_link.title': 'This link doesn’t work',
  'error.bad_link.explanation': () =>
    'The app that sent you here made a request we can’t accept, so we stopped before anything was shared.',
  'error.bad_link.advice':
    'Go back to the app and try again. If it keeps happening, its developer will want the details below.',
  'error.bad_sign_out.title': 'This link can’t sign you out',
  'error.bad_sign_out.explanation': () =>
    'We can’t accept the request to sign you out as it was made, so nothing was ended.',
  'error.bad_sign_out.advice':
    'You can sign out from the start page. If it keeps happening, the app’s developer will want the details below.',
  'error.expired.title': 'This took a little too long',
  'error.expired.explanation': () =>
    'For your safety, a sign-in waits only so long, and each one works once.',
  'error.expired.advice': 'Go back to the app you came from and start again.',
  'error.stale_form.title': 'This form is out of date',
  'error.stale_form.explanation': () =>
    'It was opened a while ago or in another session, so nothing was sent.',
  'error.stale_form.advice': 'Go back, reload the page and try once more.',
  'error.forbidden.title': 'This isn’t open to you',
  'error.forbidden.explanation': () => 'The account you are using doesn’t have access to this.',
  'error.forbidden.advice': 'Use another account, or ask an administrator of your organization.',
  'error.not_found.title': 'There is nothing here',
  'error.not_found.explanation': () => 'The page may have moved, or the address may have a typo.',
  'error.not_found.advice': 'Check the address, or begin again from the start page.',
  'error.throttled.title': 'A moment, please',
  'error.throttled.explanation': () =>
    'We have had many requests from your network in a short time.',
  'error.throttled.advice': (p: Wait) => `Please try again ${after(p)}.`,
  'error.unavailable.title': 'We’ll be right back',
  'error.unavailable.explanation': (p: Platform) =>
    `${p.platform} can’t take sign-ins just now. Apps that are already connected may still work.`,
  'error.unavailable.advice': (p: Wait) => `Please try again ${after(p)}.`,
  'error.unexpected.title': 'Something went wrong on our side',
  'error.unexpected.explanation': () =>
    'It wasn’t anything you did, and we have made a note of it.',
  'error.unexpected.advice':
    'Please try again. If it keeps happening, send us the reference below.',
  'error.home': 'Go to the start page',
  'error.code': 'Code',
  'error.reference': 'Reference',
  'error.detail': 'For the developer',

  'sign_out.title': (p: Platform) => `Sign out of ${p.platform}?`,
  'sign_out.explanation': 'You’ll need your password to come back.',
  'sign_out.asked': (p: App) => `${p.app} asked to end your session.`,
  'sign_out.yes': 'Yes, sign me out',
  'sign_out.busy': 'Signing out…',
  'sign_out.no': 'Stay signed in',
  'nobody_signed_in.title': 'You are not signed in',
  'nobody_signed_in.explanation': (p: Platform) =>
    `On this device there is no ${p.platform} session to end.`,
  'nobody_signed_in.continue': 'Continue',
  'nobody_signed_in.return': (p: App) => `Continue to ${p.app}`,
  'nobody_signed_in.busy': 'Continuing…',
  'signed_out.title': 'You are signed out',
  'signed_out.explanation': (p: Platform) => `Your ${p.platform} session on this device has ended.`,
  'signed_out.app': (p: App) => `You may still be signed in to ${p.app}.`,
  'signed_out.again': 'Sign in again',

  'home.title': 'Welcome',
  'home.explanation': (p: Platform) =>
    `This is where you sign in to ${p.platform} and decide which apps may use your account.`,
  'home.sign_in': 'Sign in',
  'home.sign_up': 'Create an account',

  'destination.title': 'For developers',
  'destination.dashboard': 'Dashboard',
  'destination.dashboard_about': 'API keys, apps, usage and members',
  'destination.playground': 'Playground',
  'destination.playground_about': 'Try every flow, step by step',
  'destination.docs': 'Authentication guide',
  'destination.docs_about': 'Keys, tokens and scopes, with examples',
  'destination.reference': 'API reference',
  'destination.reference_about': 'Every request and response',
  'destination.metadata': 'Server metadata',
  'destination.metadata_about': 'What OAuth clients read to set themselves up',

  'account.title': (p: { name: string }) => `Hello, ${p.name}`,
  'account.signed_in_as': 'You are signed in as',
  'account.organizations': 'Your organizations',
  'account.no_organizations': 'You don’t belong to an organization yet.',
  'account.apps': 'Connected apps',
  'account.apps_hint': 'An app that you disconnect loses its access at once.',
  'account.no_apps': 'No app has access to your account.',
  'account.app_publisher': (p: { publisher: string }) => `by ${p.publisher}`,
  'account.app_organization': (p: { organization: string }) => `for ${p.organization}`,
  'account.app_since': 'Connected since',
  'account.app_last_used': 'Last used',
  'account.day': (p: { date: Date }) => day.format(p.date),
  'account.disconnect': 'Disconnect',
  'account.disconnect_busy': 'Disconnecting…',
  'account.sign_out': 'Sign out',

  'form_post.title': 'Back to the app',
  'form_post.explanation': (p: App) => `Your answer goes back to ${p.app}.`,
  'form_post.explanation_nameless': 'Your answer goes back to the app.',
  'form_post.continue': 'Continue',
  'form_post.busy': 'Continuing…',

  'demo.code.title': 'You are back at the app',
  'demo.code.explanation':
    'The app received an authorization code. It lives for a minute and works once. This trades it in for tokens:',
  'demo.copy': 'Copy',
  'demo.copied': 'Copied',
  'demo.refused.title': 'The app was refused',
  'demo.refused.explanation': 'Nothing was shared. This is what the app heard:',
  'demo.error': 'Error',
  'demo.description': 'Description',
  'demo.again': 'Start over',
};
