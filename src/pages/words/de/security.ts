import type { security as english } from '../en/security.ts';
import type { Translated } from '../translated.ts';
import { day, inMinutes, moment } from './formats.ts';

/** A person's own security: sessions, password, passkeys, recovery codes; and the second step of a sign-in. */
export const security: Translated<typeof english> = {
  'sign_in.again': 'Bestätigen Sie, dass Sie es sind',
  'sign_in.again_lead':
    'Sie sind dabei zu ändern, wie Sie sich anmelden. Melden Sie sich dafür noch einmal an.',
  'sign_in.passkey': 'Mit einem Passkey anmelden',
  'sign_in.error.passkey':
    'Mit diesem Passkey hat die Anmeldung nicht geklappt: Er ist hier nicht bekannt, oder die Seite war zu lange offen. Versuchen Sie es noch einmal oder nehmen Sie Ihr Passwort.',
  'passkey.or': 'oder',
  'passkey.refused':
    'Es wurde kein Passkey verwendet. Versuchen Sie es noch einmal, sobald Sie bereit sind.',
  'passkey.needs_scripts':
    'Passkeys brauchen JavaScript. Nehmen Sie sonst einen Wiederherstellungscode.',
  'passkey.impossible':
    'Für diese Adresse haben Browser keine Passkeys: Sie muss ein Name sein, keine Zahl, und mit https beginnen. Nehmen Sie einen Wiederherstellungscode.',
  'second_step.title': 'Noch ein Schritt',
  'second_step.lead': 'Das Passwort stimmt. Weisen Sie nun nach, dass Sie es wirklich sind:',
  'second_step.passkey': 'Passkey verwenden',
  'second_step.code': 'Oder ein Wiederherstellungscode',
  'second_step.code_hint':
    'Einer der zehn, die Sie für den Fall aufbewahren, dass Ihr Passkey nicht zur Hand ist. Jeder gilt einmal.',
  'second_step.use_code': 'Code verwenden',
  'second_step.begin_anew': 'Als jemand anderes anmelden',
  'second_step.error.passkey':
    'Dieser Passkey passte nicht, oder die Seite war zu lange offen. Versuchen Sie es noch einmal.',
  'second_step.error.code':
    'Das ist keiner Ihrer unbenutzten Wiederherstellungscodes. Prüfen Sie ihn und versuchen Sie es noch einmal.',
  'second_step.error.throttled': (p) =>
    `Es gab zu viele Versuche. Bitte versuchen Sie es ${inMinutes(p)} noch einmal.`,

  'connected.title': 'Verbundene Apps',
  'connected.lead':
    'Apps, denen Sie erlaubt haben, für Sie zu handeln. Eine, die Sie trennen, verliert ihren Zugriff sofort.',
  'connected.empty': 'Keine App hat Zugriff auf Ihr Konto.',

  'security.title': 'Sicherheit',
  'security.lead': 'Wo Sie angemeldet sind und was es braucht, um sich als Sie anzumelden.',
  'security.summary': 'Bitte prüfen Sie diese Angabe, bevor es weitergeht',

  'security.sessions': 'Wo Sie angemeldet sind',
  'security.sessions_hint':
    'Eine Sitzung, die Sie beenden, ist sofort vorbei, wo immer sie ist. Wann sie zuletzt gesehen wurde, wird auf die Stunde genau festgehalten.',
  'security.this_session': 'Dieser Browser',
  'security.browser_on': (p) => `${p.browser} unter ${p.system}`,
  'security.unknown_browser': 'Ein Browser',
  'security.since': (p) => `Angemeldet ${moment.format(p.date)} UTC`,
  'security.last_seen': (p) => `zuletzt gesehen ${moment.format(p.date)} UTC`,
  'security.end': 'Beenden',
  'security.end_busy': 'Wird beendet…',
  'security.end_others': 'Alle anderen Sitzungen beenden',

  'security.password': 'Passwort',
  'security.password_hint':
    'Ein neues Passwort beendet alle anderen Sitzungen und trennt, was mit dem alten angemeldet war.',
  'security.current_password': 'Jetziges Passwort',
  'security.new_password': 'Neues Passwort',
  'security.change_password': 'Passwort ändern',
  'security.change_password_busy': 'Wird geändert…',
  'security.error.current_password.rejected': 'Das ist nicht Ihr jetziges Passwort.',
  'security.error.new_password.too_short': 'Nehmen Sie mindestens 12 Zeichen',
  'security.error.new_password.too_long': 'Dieses Passwort ist zu lang. Nehmen Sie ein kürzeres',
  'security.error.new_password.too_common':
    'Dieses Passwort ist leicht zu erraten. Wählen Sie ein anderes',
  'security.error.wait.throttled': (p) =>
    `Es gab zu viele Versuche. Bitte versuchen Sie es ${inMinutes(p)} noch einmal.`,
  'security.error.wait.overloaded': (p) =>
    `Gerade melden sich viele Menschen an. Bitte versuchen Sie es ${inMinutes(p)} noch einmal.`,

  'security.passkeys': 'Passkeys',
  'security.passkeys_hint':
    'Melden Sie sich mit Fingerabdruck, Gesicht oder der PIN Ihres Geräts an statt mit einem Passwort. Einen Passkey kann niemand erraten oder Ihnen entlocken.',
  'security.passkeys_impossible':
    'Für diese Adresse haben Browser keine Passkeys: Sie muss ein Name sein, keine Zahl, und mit https beginnen (oder localhost sein).',
  'security.passkey_added': (p) => `Hinzugefügt ${day.format(p.date)}`,
  'security.passkey_used': (p) => `zuletzt verwendet ${day.format(p.date)}`,
  'security.passkey_unused': 'noch nicht verwendet',
  'security.passkey_synced': 'Synchronisiert',
  'security.passkey_edit': 'Bearbeiten',
  'security.passkey_name': 'Name des neuen Passkeys',
  'security.passkey_name_hint':
    'Damit Sie ihn später erkennen: „Telefon“, „Blauer Sicherheitsschlüssel“.',
  'security.passkey_add': 'Passkey hinzufügen',
  'security.passkeys_need_scripts': 'Um einen Passkey hinzuzufügen, braucht es JavaScript.',
  'security.confirm': 'Bestätigen Sie, dass Sie es sind',
  'security.confirm_hint':
    'Ihre Anmeldung ist eine Weile her. Um Passkeys, Wiederherstellungscodes oder den zweiten Schritt zu ändern, melden Sie sich noch einmal an.',
  'security.error.passkey_rejected':
    'Dieser Passkey ließ sich nicht hinzufügen: Er ist schon bekannt, oder die Seite war zu lange offen. Versuchen Sie es noch einmal.',
  'security.error.passkey_too_many':
    'Sie haben so viele Passkeys, wie es geben kann. Entfernen Sie zuerst einen.',
  'security.error.passkey_name_required': 'Geben Sie dem Passkey einen Namen.',
  'security.error.passkey_name_invalid':
    'Nehmen Sie einen Namen aus Buchstaben, ohne Sonderzeichen.',
  'security.error.passkey_name_too_long': 'Nehmen Sie einen Namen mit höchstens 60 Zeichen.',

  'security.second': 'Zweiter Schritt',
  'security.second_on': 'Ein',
  'security.second_off': 'Aus',
  'security.second_hint':
    'Nach dem Passwort auch nach einem Passkey fragen, damit ein gestohlenes Passwort nicht genügt.',
  'security.second_needs_passkey': 'Fügen Sie zuerst einen Passkey hinzu.',
  'security.second_turn_on': 'Auch nach einem Passkey fragen',
  'security.second_turn_off': 'Ausschalten',
  'security.second_busy': 'Einen Moment…',
  'security.codes': 'Wiederherstellungscodes',
  'security.codes_left': (p) =>
    p.count === 1
      ? '1 unbenutzter Code ist übrig. Jeder vertritt einmal Ihren Passkey.'
      : `${p.count} unbenutzte Codes sind übrig. Jeder vertritt einmal Ihren Passkey.`,
  'security.codes_renew': 'Neue Codes erzeugen',
  'security.codes_renew_hint': 'Neue Codes ersetzen die, die Sie haben.',

  'passkey_page.back': 'Sicherheit',
  'passkey_page.name': 'Name',
  'passkey_page.rename': 'Speichern',
  'passkey_page.renaming': 'Wird gespeichert…',
  'passkey_page.remove_title': 'Diesen Passkey entfernen',
  'passkey_page.remove_hint':
    'Mit ihm ist sofort keine Anmeldung mehr möglich. Ihr Gerät behält seinen eigenen Eintrag, bis Sie ihn dort löschen.',
  'passkey_page.remove': 'Entfernen',
  'passkey_page.removing': 'Wird entfernt…',
  'passkey_page.error.required': 'Geben Sie dem Passkey einen Namen.',
  'passkey_page.error.invalid': 'Nehmen Sie einen Namen aus Buchstaben, ohne Sonderzeichen.',
  'passkey_page.error.too_long': 'Nehmen Sie einen Namen mit höchstens 60 Zeichen.',
  'passkey_page.error.needed':
    'Das ist Ihr letzter Passkey, und die Anmeldung fragt nach einem. Fügen Sie einen weiteren hinzu oder schalten Sie den zweiten Schritt aus, bevor Sie ihn entfernen.',

  'codes.title': 'Ihre Wiederherstellungscodes',
  'codes.lead.turned_on':
    'Von jetzt an fragt die Anmeldung mit Ihrem Passwort auch nach einem Passkey.',
  'codes.lead.renewed': 'Sie ersetzen Ihre bisherigen, die nicht mehr gelten.',
  'codes.about':
    'Ist Ihr Passkey nicht zur Hand, kommen Sie mit einem dieser Codes hinein. Jeder gilt einmal.',
  'codes.once':
    'Sie sehen sie nur dieses eine Mal. Drucken Sie sie aus oder schreiben Sie sie auf, und bewahren Sie sie getrennt von Ihren Geräten auf.',
  'codes.copy': 'Kopieren',
  'codes.copied': 'Kopiert',
  'codes.saved': 'Ich habe sie sicher aufbewahrt',
  'codes.go_on': 'Fertig',

  'notice.app_disconnected': 'Die App ist getrennt. Ihr Zugriff ist beendet.',
  'notice.session_ended': 'Die Sitzung ist beendet.',
  'notice.sessions_ended': 'Alle anderen Sitzungen sind beendet.',
  'notice.password_changed': 'Ihr Passwort ist geändert, und alle anderen Sitzungen sind beendet.',
  'notice.passkey_added':
    'Der Passkey ist hinzugefügt. Von jetzt an können Sie sich mit ihm anmelden.',
  'notice.passkey_renamed': 'Der Passkey ist umbenannt.',
  'notice.passkey_removed': 'Der Passkey ist entfernt.',
  'notice.second_factor_off': 'Zur Anmeldung genügt wieder Ihr Passwort allein.',
  'notice.codes_sent_before':
    'Dieses Formular wurde schon gesendet. Seine Codes standen einmal in der Antwort. Falls Sie sie nicht haben, erzeugen Sie neue.',
};
