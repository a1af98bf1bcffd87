import type { keys as english } from '../en/keys.ts';
import type { Translated } from '../translated.ts';
import { amount, day, figure, moment } from './formats.ts';

/** API keys: the list, the form, the key itself, and how it ends. */

const above = (name: string | undefined) =>
  name === undefined ? 'einen Schlüssel über ihm' : `den API-Schlüssel „${name}“`;

const hours = (count: number) => (count === 1 ? 'eine Stunde' : amount(count, 'hour'));
const days = (count: number) => (count === 1 ? 'einen Tag' : amount(count, 'day'));
const inDays = new Intl.RelativeTimeFormat('de', { numeric: 'always' });

export const keys: Translated<typeof english> = {
  'notice.key_revoked':
    'Der Schlüssel ist widerrufen. Wer ihn vorzeigt, wird nicht mehr eingelassen.',
  'notice.key_disabled':
    'Der Schlüssel ist deaktiviert. Sie können ihn jederzeit wieder aktivieren.',
  'notice.key_enabled': 'Der Schlüssel ist aktiviert und funktioniert wieder.',
  'notice.key_enabled_shut_out':
    'Der Schlüssel ist aktiviert, aber ein Schlüssel über ihm sperrt ihn aus. Er funktioniert, sobald dieser es tut.',
  'notice.key_form_sent':
    'Dieses Formular wurde schon gesendet. Der Schlüssel stand einmal in der Antwort und lässt sich nicht noch einmal anzeigen.',

  'keys.title': 'API-Schlüssel',
  'keys.lead':
    'Was Ihre Programme vorzeigen, wenn sie die API aufrufen. Ein Schlüssel wird nur einmal angezeigt: wenn er entsteht.',
  'keys.create': 'Neuen API-Schlüssel anlegen',
  'keys.empty':
    'Hier gibt es noch keine API-Schlüssel. Legen Sie einen an und rufen Sie gleich die API auf.',
  'keys.empty_page': 'Auf dieser Seite gibt es keine Schlüssel.',
  'keys.with_revoked': 'Auch widerrufene Schlüssel anzeigen',
  'keys.without_revoked': 'Widerrufene Schlüssel ausblenden',
  'keys.first': 'Neueste Schlüssel',
  'keys.next': 'Ältere Schlüssel',
  'keys.pages': 'Seiten',
  'keys.name': 'Name',
  'keys.hint': 'Schlüssel',
  'keys.status': 'Status',
  'keys.environment': 'Umgebung',
  'keys.permissions': 'Berechtigungen',
  'keys.created_by': 'Angelegt von',
  'keys.created': 'Angelegt',
  'keys.last_used': 'Zuletzt verwendet',
  'keys.expires': 'Läuft ab',
  'keys.actions': 'Aktionen',
  'keys.never_used': 'Nie',
  'keys.never_expires': 'Nie',
  'keys.day': (p) => day.format(p.date),
  'keys.moment': (p) => `${moment.format(p.date)} UTC`,
  'keys.figure': (p) => figure.format(p.count),
  'keys.status.active': 'Aktiv',
  'keys.status.shut_out': 'Ausgesperrt',
  'keys.status.disabled': 'Deaktiviert',
  'keys.status.expired': 'Abgelaufen',
  'keys.status.revoked': 'Widerrufen',
  'keys.shut_out.disabled': (p) => `Ausgesperrt durch ${above(p.name)}, der deaktiviert ist`,
  'keys.shut_out.expired': (p) => `Ausgesperrt durch ${above(p.name)}, der abgelaufen ist`,
  'keys.shut_out.revoked': (p) => `Ausgesperrt durch ${above(p.name)}, der widerrufen ist`,
  'keys.maker.person': (p) => p.name,
  'keys.maker.somebody': 'Jemand, der nicht mehr dabei ist',
  'keys.maker.operator': (p) => p.platform,
  'keys.maker.key': (p) => `API-Schlüssel „${p.name}“`,
  'keys.maker.account': (p) => `Dienstkonto „${p.name}“`,
  'keys.maker.app': (p) => `App „${p.name}“`,
  'keys.maker.credential': 'Ein anderer Zugang',
  'keys.maker.unknown': 'Nicht festgehalten',
  'keys.may.own': (p) =>
    p.count === 1 ? '1 Berechtigung' : `${figure.format(p.count)} Berechtigungen`,
  'keys.may.nothing': 'Keine',
  'keys.back': 'Alle API-Schlüssel',
  'keys.revoke': 'Widerrufen',

  'key_form.title': 'Neuen API-Schlüssel anlegen',
  'key_form.errors': 'Bitte prüfen Sie diese Angaben, bevor es weitergeht',
  'key_form.name': 'Geben Sie dem Schlüssel einen sprechenden Namen',
  'key_form.name_hint':
    'Wo er eingesetzt wird, damit Sie ihn später wiedererkennen: „Nächtlicher Export“.',
  'key_form.environment': 'Umgebung',
  'key_form.prefix': 'Beginnt mit',
  'key_form.read_only': 'Schlüssel dieser Umgebung lesen nur und ändern nie etwas.',
  'key_form.permissions': 'Wählen Sie die passenden Berechtigungen',
  'key_form.permissions_hint':
    'So wenige wie nötig. Weitergeben können Sie, was Sie selbst dürfen.',
  'key_form.own': 'Selbst auswählen',
  'key_form.own_about': 'Berechtigung für Berechtigung.',
  'key_form.nothing':
    'Was Sie weglassen, kann der Schlüssel nicht. Ist nichts gewählt, kann er gar nichts.',
  'key_form.level.none': 'Keine',
  'key_form.level.read': 'Lesen',
  'key_form.level.write': 'Schreiben',
  'key_form.level.admin': 'Verwalten',
  'key_form.more': 'Weitere Berechtigungen',
  'key_form.expiry': 'Läuft ab',
  'key_form.expiry.never': 'Nie',
  'key_form.expiry.days': (p) =>
    p.days === 1 ? 'In einem Tag' : inDays.format(p.days ?? 0, 'day').replace(/^i/, 'I'),
  'key_form.expiry.date': 'An einem bestimmten Tag',
  'key_form.expires_on': 'Letzter Tag',
  'key_form.expires_on_hint': 'Der Schlüssel gilt bis zum Ende dieses Tages, in UTC.',
  'key_form.extra': 'Limits und Adressen',
  'key_form.limit_hint': (p) =>
    `Höchstens ${figure.format(p.most)}. Bleibt das Feld leer, gilt der Wert Ihres Tarifs.`,
  'key_form.addresses': 'Erlaubte Adressen',
  'key_form.addresses_hint':
    'Eine Adresse oder ein Bereich pro Zeile, etwa 203.0.113.7 oder 203.0.113.0/24. Bleibt das Feld leer, gilt der Schlüssel von überall.',
  'key_form.submit': 'Schlüssel anlegen',
  'key_form.busy': 'Wird angelegt…',
  'key_form.cancel': 'Abbrechen',
  'keys.error.name': 'Geben Sie dem Schlüssel einen Namen mit höchstens 100 Zeichen.',
  'keys.error.environment': 'Wählen Sie eine der Umgebungen.',
  'keys.error.permissions': 'Wählen Sie Berechtigungen, die Sie selbst haben.',
  'keys.error.expires_on': 'Wählen Sie einen Tag, der in der Zukunft liegt.',
  'keys.error.limit': (p) =>
    `${p.title}: Geben Sie eine ganze Zahl von 0 bis ${figure.format(Number(p.value))} ein, oder nichts.`,
  'keys.error.addresses': (p) =>
    p.value === undefined
      ? 'Geben Sie höchstens 100 Adressen ein; ein Bereich steht für viele.'
      : `„${p.value}“ ist weder eine Adresse noch ein Bereich wie 203.0.113.0/24.`,

  'key_secret.title.created': 'Ihr neuer API-Schlüssel',
  'key_secret.title.rotated': 'Ihre neue Schlüsselzeichenfolge',
  'key_secret.lead': (p) => `„${p.name}“ ist bereit.`,
  'key_secret.once':
    'Sie sehen ihn nur dieses eine Mal. Kopieren Sie ihn jetzt und bewahren Sie ihn wie ein Passwort auf, nie im Quelltext.',
  'key_secret.label': 'API-Schlüssel',
  'key_secret.copy': 'Kopieren',
  'key_secret.copied': 'Kopiert',
  'key_secret.copy_command': 'Befehl kopieren',
  'key_secret.try': 'Gleich ausprobieren',
  'key_secret.saved': 'Ich habe ihn gespeichert',
  'key_secret.go_on': 'Fertig',
  'key_secret.before_until': (p) =>
    `Die bisherige Zeichenfolge ${p.hint} gilt noch bis ${moment.format(p.date)} UTC. Ersetzen Sie sie bis dahin.`,
  'key_secret.before_ended': (p) => `Die bisherige Zeichenfolge ${p.hint} gilt nicht mehr.`,

  'key.facts': 'Über diesen Schlüssel',
  'key.older': (p) => `${p.hint} gilt ebenfalls, bis ${moment.format(p.date)} UTC`,
  'key.may': 'Was er darf',
  'key.may_nothing': 'Nichts. Er gilt dort, wo keine Berechtigung verlangt wird.',
  'key.limits': 'Limits',
  'key.limit_own': 'für diesen Schlüssel',
  'key.limit_plan': 'laut Ihrem Tarif',
  'key.addresses': 'Erlaubte Adressen',
  'key.anywhere': 'Alle',
  'key.usage': 'Nutzung',
  'key.usage_all': 'Die ganze Nutzung dieses Schlüssels',
  'key.usage_busy':
    'Die Nutzung lässt sich gerade nicht anzeigen. Laden Sie die Seite gleich noch einmal.',
  'key.shut_out_about':
    'Er wurde mit jenem Schlüssel angelegt, oder mit einem, der es wurde, und wird abgewiesen, solange jener nicht funktioniert.',
  'key.rotate': 'Erneuern',
  'key.rotate_about':
    'Gibt dem Schlüssel eine neue Zeichenfolge. Name, Berechtigungen und Limits bleiben.',
  'key.overlap': 'Die jetzige Zeichenfolge gilt noch',
  'key.overlap.now': 'Gar nicht: Sie endet sofort',
  'key.overlap.hours': (p) => `Für ${hours(p.count)}`,
  'key.overlap.days': (p) => `Für ${days(p.count)}`,
  'key.rotate_submit': 'Schlüssel erneuern',
  'key.rotate_busy': 'Wird erneuert…',
  'key.disable': 'Deaktivieren',
  'key.disable_about': 'Sperrt den Schlüssel aus, bis Sie ihn wieder aktivieren.',
  'key.disable_submit': 'Schlüssel deaktivieren',
  'key.enable': 'Aktivieren',
  'key.enable_about': 'Lässt den Schlüssel wieder ein.',
  'key.enable_submit': 'Schlüssel aktivieren',
  'key.shut_busy': 'Einen Moment…',
  'key.revoke_about': 'Beendet den Schlüssel endgültig. Das lässt sich nicht rückgängig machen.',
  'key.error.beyond':
    'Dieser Schlüssel darf mehr als Sie. Das kann jemand mit mehr Rechten tun, oder wer ihn angelegt hat.',
  'key.error.overlap': 'Wählen Sie, wie lange die jetzige Zeichenfolge noch gilt.',

  'key_revoke.title': (p) => `„${p.name}“ widerrufen?`,
  'key_revoke.about':
    'Der Schlüssel endet sofort und endgültig. Programme, die ihn vorzeigen, werden von da an abgewiesen.',
  'key_revoke.descendants': (p) =>
    p.count === 1
      ? 'Ein Schlüssel, der mit ihm angelegt wurde, endet ebenfalls.'
      : `${figure.format(p.count)} Schlüssel, die mit ihm oder mit diesen angelegt wurden, enden ebenfalls.`,
  'key_revoke.last_used': (p) =>
    `Er wurde zuletzt am ${moment.format(p.date)} UTC verwendet. Ist alles umgestellt, was ihn verwendet?`,
  'key_revoke.never_used': 'Er wurde nie verwendet.',
  'key_revoke.submit': 'Widerrufen',
  'key_revoke.busy': 'Wird widerrufen…',
  'key_revoke.cancel': 'Behalten',
};
