import type { people as english } from '../en/people.ts';
import type { Translated } from '../translated.ts';
import { inTime, longDay } from './formats.ts';

/** What everybody reads: signing in and up, consent, errors, the account. */

const after = ({ waitSeconds }: { waitSeconds?: number }) =>
  waitSeconds ? inTime(waitSeconds) : 'etwas später';

export const people: Translated<typeof english> = {
  'page.title': (p) => `${p.title} · ${p.platform}`,
  'page.title_failed': (p) => `Fehler: ${p.title} · ${p.platform}`,
  'language.switch': 'Sprache',
  'language.en': 'English',
  'language.de': 'Deutsch',
  'page.links': 'Über diesen Dienst',
  'link.docs': 'Dokumentation',
  'link.support': 'Hilfe',
  'link.terms': 'Nutzungsbedingungen',
  'link.privacy': 'Datenschutz',

  'field.name': 'Ihr Name',
  'field.email': 'E-Mail-Adresse',
  'field.password': 'Passwort',
  'field.organization': 'Organisation',
  'field.optional': 'freiwillig',
  'password.show': 'Anzeigen',
  'password.hide': 'Verbergen',
  'password.noun': 'Passwort',

  'sign_in.title': (p) => `Bei ${p.platform} anmelden`,
  'sign_in.continue': (p) => `um mit ${p.app} fortzufahren`,
  'sign_in.remember': 'Auf diesem Gerät angemeldet bleiben',
  'sign_in.submit': 'Anmelden',
  'sign_in.busy': 'Sie werden angemeldet…',
  'sign_in.error.credentials':
    'Zu dieser E-Mail-Adresse und diesem Passwort gibt es kein Konto. Prüfen Sie beides und versuchen Sie es noch einmal.',
  'sign_in.error.throttled': (p) =>
    `Es gab zu viele Anmeldeversuche. Bitte versuchen Sie es ${after(p)} noch einmal.`,
  'sign_in.error.overloaded': (p) =>
    `Gerade melden sich viele Menschen an. Bitte versuchen Sie es ${after(p)} noch einmal.`,
  'sign_in.new_here': (p) => `Neu bei ${p.platform}?`,
  'sign_in.create': 'Konto anlegen',

  'sign_up.title': (p) => `Ihr Konto bei ${p.platform} anlegen`,
  'sign_up.password_hint':
    'Mindestens 12 Zeichen. Gut sind einige Wörter, die nichts miteinander zu tun haben.',
  'sign_up.organization_hint':
    'Hier sind Ihr Team und Ihre Schlüssel zu Hause. Bleibt das Feld leer, benennen wir sie nach Ihnen.',
  'sign_up.submit': 'Konto anlegen',
  'sign_up.busy': 'Ihr Konto wird angelegt…',
  'sign_up.have_one': 'Sie haben schon ein Konto?',
  'sign_up.sign_in': 'Anmelden',
  'sign_up.errors': 'Bitte prüfen Sie diese Angaben, bevor es weitergeht',
  'sign_up.error.name.required': 'Geben Sie Ihren Namen ein',
  'sign_up.error.name.too_long': 'Dieser Name ist zu lang. Ein kürzerer genügt',
  'sign_up.error.name.invalid': 'Geben Sie Ihren Namen in Buchstaben ein, ohne Sonderzeichen',
  'sign_up.error.email.required': 'Geben Sie Ihre E-Mail-Adresse ein',
  'sign_up.error.email.invalid':
    'Geben Sie eine vollständige E-Mail-Adresse ein, etwa ada@example.com',
  'sign_up.error.password.too_short': 'Nehmen Sie mindestens 12 Zeichen',
  'sign_up.error.password.too_long': 'Dieses Passwort ist zu lang. Nehmen Sie ein kürzeres',
  'sign_up.error.password.too_common':
    'Dieses Passwort ist leicht zu erraten. Wählen Sie ein anderes',
  'sign_up.error.organization.too_long': 'Dieser Name der Organisation ist zu lang',
  'sign_up.error.organization.invalid': 'Geben Sie einen Namen ohne Sonderzeichen ein',
  'sign_up.error.form.refused':
    'Mit diesen Angaben konnten wir kein Konto anlegen. Falls Sie schon eines haben, melden Sie sich stattdessen an.',
  'sign_up.error.form.throttled': (p) =>
    `Aus Ihrem Netz gab es zu viele Versuche. Bitte versuchen Sie es ${after(p)} noch einmal.`,
  'sign_up.error.form.overloaded': (p) =>
    `Gerade legen viele Menschen ein Konto an. Bitte versuchen Sie es ${after(p)} noch einmal.`,

  'role.owner': 'Inhaber',
  'role.admin': 'Administrator',
  'role.member': 'Mitglied',

  'consent.title': (p) => `${p.app} möchte auf Ihr Konto bei ${p.platform} zugreifen`,
  'consent.publisher': (p) => `Eine App von ${p.publisher}`,
  'consent.unverified': (p) =>
    `Von ihrem Entwickler registriert, nicht von ${p.platform} überprüft`,
  'consent.account': 'Ihr Konto',
  'consent.switch': 'Anderes Konto verwenden',
  'consent.organization': 'Organisation',
  'consent.choose_organization': 'Welche Organisation darf sie verwenden?',
  'consent.pick': 'Bitte wählen…',
  'consent.error.organization_missing':
    'Wählen Sie die Organisation, die diese App verwenden darf.',
  'consent.error.organization_powerless':
    'Ihre Rolle in dieser Organisation umfasst nichts von dem, worum die App bittet. Wählen Sie eine andere.',
  'consent.organization_powerless': (p) =>
    `${p.organization} (dort können Sie nichts davon erlauben)`,
  'consent.role_powerless': 'Ihre Rolle dort umfasst nichts von dem, worum diese App bittet.',
  'consent.powerless.title': 'Das können Sie nicht erlauben',
  'consent.powerless.here': (p) =>
    `Worum die App bittet, können Sie nicht vergeben: Ihre Rolle in ${p.organization} (${p.role}) umfasst nichts davon.`,
  'consent.powerless.everywhere':
    'Worum die App bittet, können Sie nicht vergeben: In keiner Ihrer Organisationen umfasst Ihre Rolle etwas davon.',
  'consent.powerless.advice':
    'Bitten Sie einen Inhaber oder Administrator der Organisation, die App zu verbinden, oder verwenden Sie ein anderes Konto.',
  'consent.powerless.shared': (p) => `Mit ${p.app} wird nichts geteilt.`,
  'consent.redirect': 'Leitet Sie weiter zu',
  'consent.redirect_device': 'einer App auf diesem Gerät',
  'consent.asks': 'Diese App darf dann',
  'consent.untick': 'Entfernen Sie die Häkchen bei allem, was Sie lieber nicht teilen.',
  'consent.always': 'Sie erkennen',
  'consent.access.read': 'Lesen',
  'consent.access.write': 'Ändern',
  'consent.access.admin': 'Verwalten',
  'consent.offline.title': 'Zugriff behalten, wenn Sie nicht da sind',
  'consent.offline.description': 'Bis Sie ihn widerrufen.',
  'consent.offline.group': 'Verbunden bleiben',
  'consent.already': 'Schon erlaubt',
  'consent.withheld': 'Die App bekommt nicht',
  'consent.withheld_here': (p) =>
    `Sie bittet auch darum, aber Sie können es nicht erlauben: Ihre Rolle in ${p.organization} (${p.role}) umfasst es nicht.`,
  'consent.withheld_everywhere':
    'Sie bittet auch darum, aber Sie können es nicht erlauben: In keiner Ihrer Organisationen umfasst Ihre Rolle es.',
  'consent.not_in': (p) => `Nicht in ${p.organizations}: Ihre Rolle dort umfasst das nicht.`,
  'consent.not_in_more': (p) => `${p.count} weiteren`,
  'consent.allow': 'Erlauben',
  'consent.allow_busy': 'Wird erlaubt…',
  'consent.deny': 'Ablehnen',
  'consent.deny_busy': 'Es geht zurück…',
  'consent.revoke_at': 'Das können Sie jederzeit widerrufen unter',
  'consent.revoke_link': 'Ihre verbundenen Apps',
  'consent.revoke': (p) => `Das können Sie jederzeit in Ihrem Konto bei ${p.platform} widerrufen.`,
  'consent.app_links': (p) => `Mehr über ${p.app}:`,
  'consent.app_home': 'Website',
  'consent.app_terms': 'Nutzungsbedingungen',
  'consent.app_privacy': 'Datenschutzerklärung',
  'identity.openid': 'Wissen, wer Sie sind',
  'identity.profile': 'Ihren Namen sehen',
  'identity.email': 'Ihre E-Mail-Adresse sehen',

  'error.bad_link.title': 'Dieser Link funktioniert nicht',
  'error.bad_link.explanation': () =>
    'Die App, die Sie hierher geschickt hat, hat um etwas gebeten, das wir nicht annehmen können. Es wurde nichts weitergegeben.',
  'error.bad_link.advice':
    'Gehen Sie zurück zur App und versuchen Sie es noch einmal. Passiert es wieder, helfen ihrem Entwickler die Angaben unten.',
  'error.bad_sign_out.title': 'Dieser Link kann Sie nicht abmelden',
  'error.bad_sign_out.explanation': () =>
    'Wir können die Bitte, Sie abzumelden, so nicht annehmen. Deshalb wurde nichts beendet.',
  'error.bad_sign_out.advice':
    'Abmelden können Sie sich auf der Startseite. Falls das öfter passiert, helfen die Angaben unten dem Entwickler der App.',
  'error.expired.title': 'Das hat etwas zu lange gedauert',
  'error.expired.explanation': () =>
    'Zu Ihrer Sicherheit wartet eine Anmeldung nur begrenzte Zeit, und jede gilt nur einmal.',
  'error.expired.advice':
    'Gehen Sie zurück zu der App, aus der Sie kamen, und beginnen Sie von vorn.',
  'error.stale_form.title': 'Dieses Formular ist veraltet',
  'error.stale_form.explanation': () =>
    'Es wurde vor einer Weile oder in einer anderen Sitzung geöffnet. Darum wurde nichts gesendet.',
  'error.stale_form.advice':
    'Gehen Sie zurück, laden Sie die Seite neu und versuchen Sie es noch einmal.',
  'error.forbidden.title': 'Hier haben Sie keinen Zutritt',
  'error.forbidden.explanation': () => 'Das Konto, das Sie verwenden, hat hier keinen Zugriff.',
  'error.forbidden.advice':
    'Verwenden Sie ein anderes Konto oder fragen Sie einen Administrator Ihrer Organisation.',
  'error.not_found.title': 'Hier ist nichts',
  'error.not_found.explanation': () =>
    'Die Seite ist vielleicht umgezogen, oder in der Adresse ist ein Tippfehler.',
  'error.not_found.advice': 'Prüfen Sie die Adresse oder beginnen Sie auf der Startseite.',
  'error.throttled.title': 'Einen Moment, bitte',
  'error.throttled.explanation': () => 'Aus Ihrem Netz kamen in kurzer Zeit sehr viele Anfragen.',
  'error.throttled.advice': (p) => `Bitte versuchen Sie es ${after(p)} noch einmal.`,
  'error.unavailable.title': 'Wir sind gleich wieder da',
  'error.unavailable.explanation': (p) =>
    `Bei ${p.platform} ist gerade keine Anmeldung möglich. Bereits verbundene Apps funktionieren vielleicht weiter.`,
  'error.unavailable.advice': (p) => `Bitte versuchen Sie es ${after(p)} noch einmal.`,
  'error.unexpected.title': 'Bei uns ist etwas schiefgegangen',
  'error.unexpected.explanation': () => 'Es lag nicht an Ihnen, und wir haben es festgehalten.',
  'error.unexpected.advice':
    'Bitte versuchen Sie es noch einmal. Passiert es wieder, nennen Sie uns die Kennung unten.',
  'error.home': 'Zur Startseite',
  'error.code': 'Code',
  'error.reference': 'Kennung',
  'error.detail': 'Für den Entwickler',

  'sign_out.title': (p) => `Von ${p.platform} abmelden?`,
  'sign_out.explanation': 'Um zurückzukommen, brauchen Sie Ihr Passwort.',
  'sign_out.asked': (p) => `${p.app} hat darum gebeten, Ihre Sitzung zu beenden.`,
  'sign_out.yes': 'Ja, abmelden',
  'sign_out.busy': 'Sie werden abgemeldet…',
  'sign_out.no': 'Angemeldet bleiben',
  'nobody_signed_in.title': 'Sie sind nicht angemeldet',
  'nobody_signed_in.explanation': (p) =>
    `Auf diesem Gerät gibt es keine Sitzung bei ${p.platform}, die zu beenden wäre.`,
  'nobody_signed_in.continue': 'Weiter',
  'nobody_signed_in.return': (p) => `Weiter zu ${p.app}`,
  'nobody_signed_in.busy': 'Es geht weiter…',
  'signed_out.title': 'Sie sind abgemeldet',
  'signed_out.explanation': (p) => `Ihre Sitzung bei ${p.platform} auf diesem Gerät ist beendet.`,
  'signed_out.app': (p) => `Bei ${p.app} sind Sie möglicherweise noch angemeldet.`,
  'signed_out.again': 'Wieder anmelden',

  'home.title': 'Willkommen',
  'home.explanation': (p) =>
    `Hier melden Sie sich bei ${p.platform} an und entscheiden, welche Apps Ihr Konto verwenden dürfen.`,
  'home.sign_in': 'Anmelden',
  'home.sign_up': 'Konto anlegen',

  'destination.title': 'Für Entwickler',
  'destination.dashboard': 'Dashboard',
  'destination.dashboard_about': 'API-Schlüssel, Apps, Nutzung und Mitglieder',
  'destination.playground': 'Playground',
  'destination.playground_about': 'Jeden Ablauf Schritt für Schritt ausprobieren',
  'destination.docs': 'Leitfaden zur Authentifizierung',
  'destination.docs_about': 'Schlüssel, Tokens und Scopes, mit Beispielen (englisch)',
  'destination.reference': 'API-Referenz',
  'destination.reference_about': 'Jede Anfrage und jede Antwort (englisch)',
  'destination.metadata': 'Metadaten des Servers',
  'destination.metadata_about': 'Was OAuth-Clients lesen, um sich einzurichten',

  'account.title': (p) => `Hallo, ${p.name}`,
  'account.signed_in_as': 'Sie sind angemeldet als',
  'account.organizations': 'Ihre Organisationen',
  'account.no_organizations': 'Sie gehören noch zu keiner Organisation.',
  'account.apps': 'Verbundene Apps',
  'account.apps_hint': 'Eine App, die Sie trennen, verliert ihren Zugriff sofort.',
  'account.no_apps': 'Keine App hat Zugriff auf Ihr Konto.',
  'account.app_publisher': (p) => `von ${p.publisher}`,
  'account.app_organization': (p) => `für ${p.organization}`,
  'account.app_since': 'Verbunden seit',
  'account.app_last_used': 'Zuletzt verwendet',
  'account.day': (p) => longDay.format(p.date),
  'account.disconnect': 'Trennen',
  'account.disconnect_busy': 'Wird getrennt…',
  'account.sign_out': 'Abmelden',

  'form_post.title': 'Zurück zur App',
  'form_post.explanation': (p) => `Ihre Antwort geht zurück an ${p.app}.`,
  'form_post.explanation_nameless': 'Ihre Antwort geht zurück an die App.',
  'form_post.continue': 'Weiter',
  'form_post.busy': 'Es geht weiter…',

  'demo.code.title': 'Sie sind zurück bei der App',
  'demo.code.explanation':
    'Die App hat einen Autorisierungscode erhalten. Er gilt eine Minute und nur einmal. So wird er gegen Tokens eingetauscht:',
  'demo.copy': 'Kopieren',
  'demo.copied': 'Kopiert',
  'demo.refused.title': 'Die App wurde abgewiesen',
  'demo.refused.explanation': 'Es wurde nichts weitergegeben. Das hat die App erfahren:',
  'demo.error': 'Fehler',
  'demo.description': 'Beschreibung',
  'demo.again': 'Von vorn beginnen',
};
