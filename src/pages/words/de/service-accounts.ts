import type { serviceAccounts as english } from '../en/service-accounts.ts';
import type { Translated } from '../translated.ts';
import { amount, longDay } from './formats.ts';

/** The pages about programs that sign their own JWTs. */
export const serviceAccounts: Translated<typeof english> = {
  'accounts.title': 'Dienstkonten',
  'accounts.lead':
    'Ihre Programme, die beim Aufruf der API mit einem privaten Schlüssel signieren. Er bleibt immer bei Ihnen.',
  'accounts.new': 'Dienstkonto hinzufügen',
  'accounts.empty': 'Es gibt noch kein Dienstkonto.',
  'accounts.empty_looking':
    'Es gibt noch kein Dienstkonto. Ein Inhaber oder Administrator kann eines hinzufügen.',
  'accounts.column.name': 'Name',
  'accounts.column.id': 'ID',
  'accounts.column.keys': 'Schlüssel',
  'accounts.column.last_used': 'Zuletzt verwendet',
  'accounts.never_used': 'Nie',
  'accounts.older': 'Ältere Konten',
  'accounts.disabled': 'Deaktiviert',
  'accounts.day': (p) => longDay.format(p.date),

  'accounts.form.new': 'Dienstkonto hinzufügen',
  'accounts.form.edit': (p) => `${p.account} bearbeiten`,
  'accounts.form.name': 'Name',
  'accounts.form.name_hint': 'Wozu es da ist, etwa „Nächtlicher Export“.',
  'accounts.form.key': 'Öffentlicher Schlüssel',
  'accounts.form.key_hint':
    'Als PEM (öffentlicher Schlüssel oder Zertifikat) oder als JWK. EC P-256 oder P-384, Ed25519 oder RSA ab 2.048 Bit. Nie die private Hälfte.',
  'accounts.form.make': 'Schlüsselpaar in diesem Browser erzeugen',
  'accounts.form.make_hint':
    'Der private Schlüssel entsteht hier und bleibt hier: Gesendet wird nur der öffentliche.',
  'accounts.form.making': 'Wird erzeugt…',
  'accounts.form.made': 'Ihr privater Schlüssel, nur dieses eine Mal angezeigt',
  'accounts.form.made_hint':
    'Laden Sie ihn jetzt herunter und bewahren Sie ihn dort auf, wo Ihr Programm ihn lesen kann. Er wird nicht an uns gesendet, und niemand kann ihn wiederherstellen.',
  'accounts.form.download': 'Privaten Schlüssel herunterladen',
  'accounts.form.saved': 'Ich habe den privaten Schlüssel gespeichert',
  'accounts.form.failed':
    'Dieser Browser konnte kein Schlüsselpaar erzeugen. Fügen Sie stattdessen einen öffentlichen Schlüssel ein.',
  'accounts.form.scopes': 'Was es darf',
  'accounts.form.scopes_hint': 'So wenig wie nötig. Ohne Häkchen darf es nichts.',
  'accounts.form.scopes_none': 'Es gibt keine Berechtigung, die Ihre Rolle weitergeben darf.',
  'accounts.form.submit_new': 'Dienstkonto hinzufügen',
  'accounts.form.submit_edit': 'Änderungen speichern',
  'accounts.form.busy': 'Wird gespeichert…',
  'accounts.form.cancel': 'Abbrechen',

  'accounts.error.summary': 'Bitte prüfen Sie diese Angaben, bevor es weitergeht',
  'accounts.error.name.required': 'Geben Sie dem Konto einen Namen',
  'accounts.error.name.too_long': 'Nehmen Sie einen Namen mit höchstens 100 Zeichen',
  'accounts.error.name.invalid': 'Nehmen Sie einen Namen ohne Sonderzeichen',
  'accounts.error.scope.beyond':
    'Einige dieser Berechtigungen dürfen Sie nicht weitergeben. Entfernen Sie die Häkchen',
  'accounts.key.error.required': 'Fügen Sie einen öffentlichen Schlüssel ein',
  'accounts.key.error.private':
    'Das ist ein privater Schlüssel, den niemand sonst haben darf. Wir haben nichts davon behalten, aber er hat Ihren Rechner verlassen: Werfen Sie ihn weg, erzeugen Sie ein neues Paar und fügen Sie nur die öffentliche Hälfte ein',
  'accounts.key.error.unreadable':
    'Das ist weder PEM noch ein JWK. PEM beginnt mit -----BEGIN PUBLIC KEY-----, ein JWK mit {"kty"',
  'accounts.key.error.several': 'Fügen Sie immer nur einen Schlüssel ein',
  'accounts.key.error.last':
    'Ein Konto behält mindestens einen Schlüssel. Fügen Sie zuerst den nächsten hinzu oder deaktivieren Sie das Konto',
  'accounts.key.error.refused': (p) => `Dieser Schlüssel lässt sich nicht verwenden: ${p.detail}`,

  'accounts.detail.id': 'ID',
  'accounts.detail.since': 'Hinzugefügt',
  'accounts.detail.last_used': 'Zuletzt verwendet',
  'accounts.detail.permissions': 'Darf',
  'accounts.detail.permissions_none': 'Nichts.',
  'accounts.detail.edit': 'Bearbeiten',
  'accounts.detail.keys': 'Öffentliche Schlüssel',
  'accounts.detail.keys_hint':
    'So wechseln Sie Schlüssel ohne Lücke: den neuen hinzufügen, Ihr Programm damit signieren lassen, dann den alten entfernen.',
  'accounts.detail.column.kid': 'Schlüssel-ID (kid)',
  'accounts.detail.column.alg': 'Algorithmus',
  'accounts.detail.column.added': 'Hinzugefügt',
  'accounts.detail.column.remove': 'Entfernen',
  'accounts.detail.remove': 'Entfernen',
  'accounts.detail.remove_hint':
    'Was mit einem entfernten Schlüssel signiert ist, wird sofort abgewiesen.',
  'accounts.detail.add': 'Schlüssel hinzufügen',
  'accounts.detail.add_submit': 'Schlüssel hinzufügen',
  'accounts.detail.sign': 'JWT signieren',
  'accounts.detail.sign_hint': (p) =>
    `Senden Sie es als Bearer-Token. Es darf höchstens ${amount(p.minutes, 'minute')} gelten; geben Sie jedem ein eigenes jti.`,
  'accounts.detail.language.typescript': 'TypeScript',
  'accounts.detail.language.python': 'Python',
  'accounts.detail.copy': 'Kopieren',
  'accounts.detail.copied': 'Kopiert',
  'accounts.detail.beyond': (p) =>
    `Dieses Konto kann mehr, als Ihre Rolle weitergeben darf (${p.scopes}). Sie können darum nur Schlüssel entfernen, es deaktivieren oder löschen. Alles andere kann ein Inhaber.`,
  'accounts.detail.danger': 'Abschalten',
  'accounts.detail.disable': 'Konto deaktivieren',
  'accounts.detail.disable_hint':
    'Was ein deaktiviertes Konto signiert, wird abgewiesen, und seine Access-Tokens enden sofort. Sie können es wieder aktivieren.',
  'accounts.detail.enable': 'Konto aktivieren',
  'accounts.detail.enable_hint':
    'Das Konto ist ausgesperrt. Ist es aktiviert, kann es sich wieder anmelden.',
  'accounts.detail.delete': 'Konto löschen',
  'accounts.detail.delete_hint':
    'Seine Schlüssel und Access-Tokens verschwinden mit ihm. Das lässt sich nicht rückgängig machen.',

  'accounts.delete.title': (p) => `${p.account} löschen?`,
  'accounts.delete.text':
    'Was als dieses Konto signiert, wird von da an abgewiesen, und seine Access-Tokens enden. Das lässt sich nicht rückgängig machen.',
  'accounts.delete.submit': 'Konto löschen',
  'accounts.delete.busy': 'Wird gelöscht…',
  'accounts.delete.cancel': 'Behalten',

  'notice.account_created': 'Das Dienstkonto ist bereit: Signieren Sie ein JWT, wie unten gezeigt.',
  'notice.account_updated': 'Die Änderungen sind gespeichert.',
  'notice.account_disabled': 'Das Konto ist deaktiviert: Was es signiert, wird abgewiesen.',
  'notice.account_enabled': 'Das Konto ist aktiviert.',
  'notice.account_deleted': 'Das Dienstkonto ist gelöscht.',
  'notice.account_sent_before':
    'Dieses Formular wurde schon gesendet, darum wurde nichts ein zweites Mal hinzugefügt.',
  'notice.account_key_added':
    'Der Schlüssel ist hinzugefügt: Ihr Programm kann jetzt damit signieren.',
  'notice.account_key_removed': 'Der Schlüssel ist entfernt.',
};
