import type { webhooks as english } from '../en/webhooks.ts';
import type { Translated } from '../translated.ts';
import { figure, moment } from './formats.ts';

/** Webhooks: the list, the form, the secret, and what became of each event. */

const precise = new Intl.DateTimeFormat('de', {
  ...{ dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' },
});

export const webhooks: Translated<typeof english> = {
  'notice.hook_updated': 'Die Änderungen sind gespeichert. Was wartet, geht an die neue URL.',
  'notice.hook_paused': 'Der Webhook pausiert: Ereignisse warten, bis Sie ihn fortsetzen.',
  'notice.hook_resumed': 'Der Webhook ist aktiv: Es gehen wieder Ereignisse hinaus.',
  'notice.hook_deleted': 'Der Webhook ist gelöscht.',
  'notice.hook_sent_before':
    'Dieses Formular wurde schon gesendet, darum geschah nichts ein zweites Mal. Ein Geheimnis, das Sie nicht gespeichert haben, lässt sich durch ein neues ersetzen.',
  'notice.hook_test_sent':
    'Ein Testereignis ist unterwegs. Laden Sie diese Seite neu, um zu sehen, was zurückkam.',
  'notice.hook_redelivered':
    'Das Ereignis ist wieder unterwegs. Laden Sie diese Seite neu, um zu sehen, was zurückkam.',

  'hooks.title': 'Webhooks',
  'hooks.lead': 'Wenn etwas geschieht, senden wir es signiert per POST an eine URL von Ihnen.',
  'hooks.new': 'Webhook hinzufügen',
  'hooks.empty': 'Es gibt noch keinen Webhook.',
  'hooks.empty_looking':
    'Es gibt noch keinen Webhook. Ein Inhaber oder Administrator kann einen hinzufügen.',
  'hooks.url': 'URL',
  'hooks.events': 'Ereignisse',
  'hooks.status': 'Status',
  'hooks.everything': 'Alle Ereignisse',
  'hooks.status.active': 'Aktiv',
  'hooks.status.paused': 'Pausiert',
  'hooks.status.disabled': 'Deaktiviert',
  'hooks.failing': (p) => `Scheitert seit ${moment.format(p.date)} UTC`,
  'hooks.moment': (p) => `${moment.format(p.date)} UTC`,
  'hooks.precise': (p) => `${precise.format(p.date)} UTC`,
  'hooks.back': 'Alle Webhooks',

  'hook_form.new': 'Webhook hinzufügen',
  'hook_form.edit': (p) => `${p.host} bearbeiten`,
  'hook_form.summary': 'Es wurde noch nichts gespeichert. Bitte sehen Sie sich das noch einmal an:',
  'hook_form.url': 'URL',
  'hook_form.url_hint': 'Im öffentlichen Internet, über https. Weiterleitungen wird nicht gefolgt.',
  'hook_form.events': 'Ereignisse',
  'hook_form.all': 'Alle Ereignisse',
  'hook_form.all_about': 'Auch solche, die eines Tages dazukommen.',
  'hook_form.some': 'Nur einige',
  'hook_form.some_about': 'Sie wählen aus, wofür Ihr Empfänger da ist.',
  'hook_form.of_platform': (p) => `Von ${p.platform}`,
  'hook_form.of_account': 'Von Ihrer Organisation',
  'hook_form.event.api_key_created': 'Ein API-Schlüssel wurde angelegt.',
  'hook_form.event.api_key_rotated': 'Ein API-Schlüssel bekam eine neue Zeichenfolge.',
  'hook_form.event.api_key_revoked': 'Ein API-Schlüssel wurde endgültig widerrufen.',
  'hook_form.event.api_key_leaked': 'Ein API-Schlüssel wurde öffentlich gefunden und widerrufen.',
  'hook_form.event.consent_granted':
    'Jemand hat einer App erlaubt, für die Organisation zu handeln.',
  'hook_form.event.consent_revoked': 'Jemand hat das widerrufen.',
  'hook_form.event.quota_warning': '80 % eines Kontingents sind verbraucht.',
  'hook_form.event.quota_exhausted': 'Ein Kontingent ist ganz verbraucht.',
  'hook_form.event.member_joined': 'Jemand wurde Mitglied der Organisation.',
  'hook_form.error.url':
    'Geben Sie die URL ein, an die Ereignisse gesendet werden. Sie beginnt mit https://.',
  'hook_form.error.url_refused': (p) => `Diese URL lässt sich nicht verwenden: ${p.detail}.`,
  'hook_form.error.events':
    'Wählen Sie alle Ereignisse oder setzen Sie mindestens ein Häkchen bei den angezeigten.',
  'hook_form.error.too_many': (p) =>
    `Eine Organisation hat höchstens ${p.most} Webhooks. Löschen Sie zuerst einen, der nicht mehr gebraucht wird.`,
  'hook_form.submit_new': 'Webhook hinzufügen',
  'hook_form.submit_edit': 'Änderungen speichern',
  'hook_form.busy': 'Wird gespeichert…',
  'hook_form.cancel': 'Abbrechen',

  'hook_secret.title.created': 'Ihr Webhook ist bereit',
  'hook_secret.title.rotated': 'Ihr neues Geheimnis',
  'hook_secret.lead': (p) =>
    `Mit diesem Geheimnis erkennt ${p.host}, dass eine Sendung von uns kommt.`,
  'hook_secret.label': 'Geheimnis',
  'hook_secret.copy': 'Kopieren',
  'hook_secret.copied': 'Kopiert',
  'hook_secret.once':
    'Es wird nur dieses eine Mal angezeigt. Speichern Sie es dort, wo Ihr Empfänger es lesen kann.',
  'hook_secret.old_until': (p) =>
    `Bis ${moment.format(p.date)} UTC wird jedes Ereignis auch mit dem bisherigen Geheimnis signiert. Stellen Sie bis dahin um.`,
  'hook_secret.old_ended': 'Das bisherige Geheimnis signiert nicht mehr.',
  'hook_secret.header': (p) => `Die Signatur steht im Header ${p.header}.`,
  'hook_secret.docs': 'Wie man sie prüft (englisch)',
  'hook_secret.saved': 'Ich habe das Geheimnis gespeichert',
  'hook_secret.go_on': 'Weiter zum Webhook',

  'hook.edit': 'Bearbeiten',
  'hook.since': 'Hinzugefügt',
  'hook.about.paused': 'Ereignisse warten, bis er fortgesetzt wird.',
  'hook.about.disabled':
    'Er ist tagelang gescheitert oder hat geantwortet, dass es ihn nicht mehr gibt. Was inzwischen geschieht, wird nicht gesendet. Bringen Sie den Empfänger in Ordnung und setzen Sie ihn dann fort.',
  'hook.deliveries': 'Zustellungen',
  'hook.deliveries_hint': 'Die neuesten zuerst. Sie werden 30 Tage aufbewahrt.',
  'hook.deliveries_none': 'Es wurde noch nichts gesendet.',
  'hook.event': 'Ereignis',
  'hook.when': 'Geschehen',
  'hook.attempts': 'Versuche',
  'hook.pages': 'Seiten der Zustellungen',
  'hook.first': 'Neueste',
  'hook.next': 'Ältere',
  'hook.test': 'Testereignis senden',
  'hook.test_hint': 'Ein webhook.test, für welche Ereignisse dieser Webhook auch da ist.',
  'hook.test_inactive':
    'Setzen Sie den Webhook zuerst fort: Solange er pausiert oder deaktiviert ist, wird nichts gesendet.',
  'hook.test_submit': 'Test senden',
  'hook.busy': 'Einen Moment…',
  'hook.rotate': 'Geheimnis erneuern',
  'hook.rotate_hint':
    'Gibt dem Webhook ein neues Geheimnis. In der Übergangszeit wird jedes Ereignis mit beiden signiert, damit nichts verloren geht, während Sie umstellen.',
  'hook.overlap': 'Das jetzige Geheimnis signiert noch',
  'hook.overlap.none': 'Gar nicht: Es endet sofort',
  'hook.overlap.hour': 'Eine Stunde',
  'hook.overlap.day': 'Einen Tag',
  'hook.overlap.week': 'Eine Woche',
  'hook.error.inactive':
    'Es wurde nichts gesendet, weil der Webhook pausiert oder deaktiviert ist. Setzen Sie ihn zuerst fort.',
  'hook.error.overlap': 'Wählen Sie, wie lange das jetzige Geheimnis noch signiert.',
  'hook.rotate_submit': 'Geheimnis erneuern',
  'hook.off': 'Abschalten',
  'hook.pause': 'Pausieren',
  'hook.pause_hint': 'Ereignisse werden zurückgehalten und gehen hinaus, wenn Sie fortsetzen.',
  'hook.resume': 'Fortsetzen',
  'hook.resume_hint': 'Es gehen wieder Ereignisse hinaus.',
  'hook.delete': 'Löschen',
  'hook.delete_hint': 'Beendet den Webhook endgültig. Was auf ihn wartet, wird nicht gesendet.',

  'hook_delete.title': (p) => `Webhook zu ${p.host} löschen?`,
  'hook_delete.text':
    'Dorthin wird nichts mehr gesendet, auch nicht, was noch wartet, und seine Zustellungen sind nicht mehr zu lesen. Das lässt sich nicht rückgängig machen.',
  'hook_delete.submit': 'Webhook löschen',
  'hook_delete.busy': 'Wird gelöscht…',
  'hook_delete.cancel': 'Behalten',

  'delivery.back': (p) => `Webhook zu ${p.host}`,
  'delivery.status.pending': 'Wartet',
  'delivery.status.delivered': 'Zugestellt',
  'delivery.status.dead': 'Aufgegeben',
  'delivery.id': 'ID des Ereignisses',
  'delivery.happened': 'Geschehen',
  'delivery.next': 'Wieder fällig',
  'delivery.body': 'Was gesendet wird',
  'delivery.attempts': 'Versuche',
  'delivery.attempts_none': 'Es gab noch keinen.',
  'delivery.attempt': (p) => `Versuch ${p.number}`,
  'delivery.took': (p) => `nach ${figure.format(p.ms)} ms`,
  'delivery.answer': 'Wie die Antwort begann',
  'delivery.outcome.taken': (p) => `Angenommen mit Status ${p.answered}`,
  'delivery.outcome.open': 'Unterwegs oder abgeschnitten',
  'delivery.outcome.http_status': (p) => `Abgewiesen mit Status ${p.answered}`,
  'delivery.outcome.redirect': 'Mit einer Weiterleitung beantwortet, der nicht gefolgt wird',
  'delivery.outcome.timeout': 'Keine Antwort in der verfügbaren Zeit',
  'delivery.outcome.forbidden_target':
    'Keine Adresse, die aufgerufen wird: Sie ist nicht öffentlich oder nicht https',
  'delivery.outcome.unknown_host': 'Diesen Host gibt es nicht',
  'delivery.outcome.connection_refused': 'Die Verbindung wurde abgelehnt',
  'delivery.outcome.tls': 'Keine sichere Verbindung: Prüfen Sie das Zertifikat',
  'delivery.outcome.connection_failed': 'Die Verbindung ist gescheitert',
  'delivery.outcome.interrupted': 'Bei uns unterbrochen; er wird wiederholt',
  'delivery.redeliver': 'Noch einmal senden',
  'delivery.inactive':
    'Der Webhook ist pausiert oder deaktiviert. Setzen Sie ihn zuerst fort, um dies noch einmal zu senden.',

  'given_up.title': 'Webhook-Zustellungen wurden aufgegeben',
  'given_up.about':
    'Der Empfänger hat sie einen Tag lang nicht angenommen. Bringen Sie ihn in Ordnung und senden Sie noch einmal, was beim Webhook als aufgegeben steht.',
  'given_up.count': (p) =>
    `${p.count === 1 ? 'eine Zustellung' : `${figure.format(p.count)} ${p.isMore ? 'oder mehr ' : ''}Zustellungen`}, zuletzt ${moment.format(p.date)} UTC`,
};
