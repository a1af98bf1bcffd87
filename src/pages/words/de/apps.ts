import type { apps as english } from '../en/apps.ts';
import type { Translated } from '../translated.ts';
import { longDay, longMoment } from './formats.ts';

/** The pages about an organization's OAuth clients. */
export const apps: Translated<typeof english> = {
  'apps.title': 'Apps',
  'apps.lead':
    'OAuth-Clients: Apps, die andere mit ihrem Konto verbinden, und Dienste, die für Ihre Organisation handeln.',
  'apps.new': 'App registrieren',
  'apps.empty': 'Es ist noch keine App registriert.',
  'apps.empty_looking':
    'Es ist noch keine App registriert. Das kann ein Inhaber oder Administrator tun.',
  'apps.column.name': 'Name',
  'apps.column.kind': 'Art',
  'apps.column.client_id': 'Client-ID',
  'apps.column.since': 'Registriert',
  'apps.older': 'Ältere Apps',
  'apps.day': (p) => longDay.format(p.date),
  'apps.disabled': 'Deaktiviert',
  'apps.copy': 'Kopieren',
  'apps.copied': 'Kopiert',

  'apps.kind.web': 'Web-App mit Server',
  'apps.kind.single_page': 'Single-Page-App',
  'apps.kind.native': 'Mobile oder Desktop-App',
  'apps.kind.service': 'Dienst',
  'apps.kind.other': 'Über die API eingerichtet',
  'apps.kind.about.web':
    'Menschen melden sich an, und Ihr Server bewahrt das Geheimnis auf. Autorisierungscode mit PKCE und Refresh-Tokens.',
  'apps.kind.about.single_page':
    'Läuft allein im Browser, wo nichts geheim bleibt. Autorisierungscode mit PKCE.',
  'apps.kind.about.native':
    'Auf einem Gerät installiert. Kehrt über eine Loopback-Adresse oder ein eigenes Schema zurück.',
  'apps.kind.about.service':
    'Ohne Menschen: Der Dienst handelt für sich selbst, mit Client Credentials.',

  'apps.form.new': 'App registrieren',
  'apps.form.edit': (p) => `${p.app} bearbeiten`,
  'apps.form.kind': 'Was für eine App ist es?',
  'apps.form.name': 'Name',
  'apps.form.name_hint': 'Diesen Namen sieht, wer um Zugriff gebeten wird.',
  'apps.form.redirect_uris': 'Redirect-URIs',
  'apps.form.redirect_uris_hint':
    'Eine pro Zeile. Jede wird als Ganzes verglichen, bis zum letzten Schrägstrich.',
  'apps.form.redirect_uris_hint.web':
    'Mit https, oder während der Entwicklung mit http auf localhost. Zum Beispiel https://app.example.com/callback',
  'apps.form.redirect_uris_hint.native':
    'Zum Beispiel http://127.0.0.1/callback (jeder Port ist recht) oder com.example.app:/callback',
  'apps.form.redirect_uris_hint.service':
    'Ein Dienst braucht keine; was hier steht, zählt für ihn nicht.',
  'apps.form.redirect_uris_good': 'Diese lassen sich registrieren.',
  'apps.form.scopes': 'Worum sie bitten darf',
  'apps.form.scopes_hint':
    'So wenig wie nötig. Ohne Häkchen erfährt sie nur, wer jemand ist; ein Dienst kann dann nichts.',
  'apps.form.scopes_none': 'Es gibt keine Berechtigung, die Ihre Rolle weitergeben darf.',
  'apps.form.links': 'Links für alle, die gefragt werden',
  'apps.form.client_uri': 'Website',
  'apps.form.tos_uri': 'Nutzungsbedingungen',
  'apps.form.policy_uri': 'Datenschutzerklärung',
  'apps.form.submit_new': 'App registrieren',
  'apps.form.submit_edit': 'Änderungen speichern',
  'apps.form.busy': 'Wird gespeichert…',
  'apps.form.cancel': 'Abbrechen',

  'apps.error.summary': 'Bitte prüfen Sie diese Angaben, bevor es weitergeht',
  'apps.error.kind.required': 'Wählen Sie, was für eine App es ist',
  'apps.error.name.required': 'Geben Sie der App einen Namen',
  'apps.error.name.too_long': 'Nehmen Sie einen Namen mit höchstens 200 Zeichen',
  'apps.error.name.invalid': 'Nehmen Sie einen Namen ohne Sonderzeichen',
  'apps.error.redirect_uris.required': 'Geben Sie mindestens eine Redirect-URI ein',
  'apps.error.redirect_uris.wrong': 'Einige der Redirect-URIs lassen sich nicht verwenden',
  'apps.error.redirect_uris.too_many': 'Geben Sie höchstens 100 Redirect-URIs ein',
  'apps.error.scope.beyond':
    'Einige dieser Berechtigungen dürfen Sie nicht weitergeben. Entfernen Sie die Häkchen',
  'apps.error.client_uri.invalid':
    'Geben Sie eine vollständige Adresse ein, etwa https://example.com',
  'apps.error.tos_uri.invalid':
    'Geben Sie eine vollständige Adresse ein, etwa https://example.com/terms',
  'apps.error.policy_uri.invalid':
    'Geben Sie eine vollständige Adresse ein, etwa https://example.com/privacy',
  'apps.error.form.refused': (p) => `Das lässt sich nicht registrieren: ${p.detail}`,

  'apps.redirect.scheme': (p) => `${p.uri} hat ein Schema, das nicht zu einer App führt`,
  'apps.redirect.characters': (p) =>
    `${p.uri} enthält ein Leerzeichen, einen umgekehrten Schrägstrich oder ein Steuerzeichen`,
  'apps.redirect.wildcard': (p) =>
    `${p.uri} enthält einen Platzhalter. Führen Sie stattdessen jede Adresse einzeln auf`,
  'apps.redirect.relative': (p) =>
    `${p.uri} ist keine vollständige Adresse. Beginnen Sie mit https:// oder dem Schema Ihrer App`,
  'apps.redirect.fragment': (p) => `${p.uri} hat ein Fragment. Lassen Sie # und alles danach weg`,
  'apps.redirect.user': (p) =>
    `${p.uri} enthält einen Benutzernamen. Lassen Sie alles bis zum @ weg`,
  'apps.redirect.host': (p) => `${p.uri} hat keinen einfachen Hostnamen`,
  'apps.redirect.insecure': (p) =>
    `${p.uri} muss mit https:// beginnen. Nur localhost, 127.0.0.1 und [::1] kommen ohne aus`,
  'apps.redirect.private_scheme': (p) =>
    `${p.uri} hat ein Schema, das auch andere verwenden können. Nehmen Sie Ihre umgedrehte Domain, etwa com.example.app:/callback`,
  'apps.redirect.web_only': (p) =>
    `${p.uri} hat ein eigenes Schema, und das ist mobilen und Desktop-Apps vorbehalten. Nehmen Sie https://`,
  'apps.redirect.secure_loopback': (p) =>
    `${p.uri} führt zu diesem Gerät. Nehmen Sie dort http:// mit 127.0.0.1`,
  'apps.redirect.too_long': (p) => `${p.uri} ist länger als 2.000 Zeichen`,

  'apps.secret.created': (p) => `${p.app} ist registriert`,
  'apps.secret.rotated': (p) => `Ein neues Geheimnis für ${p.app}`,
  'apps.secret.once':
    'Das Geheimnis wird nur dieses eine Mal angezeigt. Bewahren Sie es dort auf, wo Ihr Server es liest, und nie im Quelltext oder in einem Browser.',
  'apps.secret.old_until': (p) =>
    `Das bisherige Geheimnis gilt noch bis ${longMoment.format(p.date)} UTC.`,
  'apps.secret.old_ended': 'Das bisherige Geheimnis gilt nicht mehr.',
  'apps.secret.label': 'Client-Geheimnis',
  'apps.secret.saved': 'Ich habe es gespeichert',
  'apps.secret.next': 'Weiter zur App',

  'apps.detail.client_id': 'Client-ID',
  'apps.detail.auth_method': 'Weist sich aus durch',
  'apps.detail.since': 'Registriert',
  'apps.detail.redirect_uris': 'Redirect-URIs',
  'apps.detail.settings': 'Einstellungen',
  'apps.detail.permissions': 'Worum sie bitten darf',
  'apps.detail.permissions_none': 'Nur darum zu erfahren, wer jemand ist.',
  'apps.detail.client_uri': 'Website',
  'apps.detail.tos_uri': 'Nutzungsbedingungen',
  'apps.detail.policy_uri': 'Datenschutzerklärung',
  'apps.detail.edit': 'Bearbeiten',
  'apps.detail.secrets': 'Client-Geheimnis',
  'apps.detail.secret_current': 'Gilt, bis Sie es ersetzen',
  'apps.detail.secret_until': (p) => `Gilt bis ${longMoment.format(p.date)} UTC`,
  'apps.detail.secrets_none': 'Es gilt kein Geheimnis mehr. Erzeugen Sie ein neues.',
  'apps.detail.rotate': 'Neues Geheimnis erzeugen',
  'apps.detail.rotate_hint':
    'In der Übergangszeit gelten beide, damit Sie Ihre Server nacheinander umstellen können.',
  'apps.detail.overlap': 'Das jetzige Geheimnis gilt noch',
  'apps.overlap.none': 'gar nicht: Es endet sofort',
  'apps.overlap.hour': 'eine Stunde',
  'apps.overlap.day': 'einen Tag',
  'apps.overlap.week': 'eine Woche',
  'apps.overlap.month': '30 Tage',
  'apps.detail.rotate_busy': 'Wird erzeugt…',
  'apps.detail.endpoints': 'Endpunkte',
  'apps.detail.endpoints_hint':
    'Die meisten Bibliotheken fragen nur nach dem Issuer oder dem Discovery-Dokument und finden den Rest selbst.',
  'apps.endpoint.issuer': 'Issuer',
  'apps.endpoint.authorize': 'Autorisierung',
  'apps.endpoint.token': 'Token',
  'apps.endpoint.jwks': 'Schlüssel (JWKS)',
  'apps.endpoint.discovery': 'Discovery',
  'apps.detail.try': 'Im Playground ausprobieren',
  'apps.detail.try_missing': 'Um sie dort auszuprobieren, ergänzen Sie zuerst diese Redirect-URI:',
  'apps.detail.beyond': (p) =>
    `Diese App darf um mehr bitten, als Ihre Rolle weitergeben darf (${p.scopes}). Sie können sie darum nur deaktivieren oder löschen. Alles andere kann ein Inhaber.`,
  'apps.detail.danger': 'Abschalten',
  'apps.detail.disable': 'App deaktivieren',
  'apps.detail.disable_hint':
    'Eine deaktivierte App bekommt keine Tokens, und die sie hat, enden sofort. Sie können sie wieder aktivieren.',
  'apps.detail.enable': 'App aktivieren',
  'apps.detail.enable_hint':
    'Die App ist ausgesperrt. Ist sie aktiviert, kann sie wieder Tokens bekommen.',
  'apps.detail.delete': 'App löschen',
  'apps.detail.delete_hint':
    'Mit ihr endet auch, was andere ihr erlaubt haben. Das lässt sich nicht rückgängig machen.',

  'apps.delete.title': (p) => `${p.app} löschen?`,
  'apps.delete.text':
    'Ihre Tokens und Geheimnisse enden sofort, und wer sie verbunden hat, wird von ihr getrennt. Das lässt sich nicht rückgängig machen.',
  'apps.delete.submit': 'App löschen',
  'apps.delete.busy': 'Wird gelöscht…',
  'apps.delete.cancel': 'Behalten',

  'notice.app_created': 'Die App ist registriert.',
  'notice.app_updated': 'Die Änderungen sind gespeichert.',
  'notice.app_disabled':
    'Die App ist deaktiviert: Sie bekommt keine Tokens, und ihre bisherigen sind beendet.',
  'notice.app_enabled': 'Die App ist aktiviert.',
  'notice.app_deleted': 'Die App ist gelöscht.',
  'notice.app_sent_before':
    'Dieses Formular wurde schon gesendet, darum wurde nichts ein zweites Mal registriert. Falls Ihnen das Geheimnis entgangen ist, öffnen Sie die App und erzeugen Sie ein neues.',
  'notice.app_secret_sent_before':
    'Dieses Formular wurde schon gesendet, darum wurde das Geheimnis nicht noch einmal ersetzt. Falls es Ihnen entgangen ist, erzeugen Sie ein neues.',
};
