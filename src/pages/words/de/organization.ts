import type { organization as english } from '../en/organization.ts';
import type { Translated } from '../translated.ts';
import { figure, moment, per } from './formats.ts';

/** An organization's settings, and its plan with what is left of it. */
export const organization: Translated<typeof english> = {
  'notice.organization_renamed': 'Der Name ist geändert.',
  'notice.organization_created': 'Ihre neue Organisation ist bereit. Sie sind ihr Inhaber.',
  'notice.organization_sent_before':
    'Dieses Formular wurde schon gesendet, und seine Organisation gibt es.',

  'settings.title': 'Organisation',
  'settings.errors': 'Bitte prüfen Sie diese Angabe, bevor es weitergeht',
  'settings.name': 'Name',
  'settings.name_hint': 'Ihn sehen alle Mitglieder, und wer Ihre Apps verbindet.',
  'settings.submit': 'Namen ändern',
  'settings.busy': 'Wird geändert…',
  'settings.error.required': 'Geben Sie einen Namen ein',
  'settings.error.invalid': 'Geben Sie einen Namen ohne Sonderzeichen ein',
  'settings.error.too_long': 'Dieser Name ist zu lang. Nehmen Sie höchstens 200 Zeichen',
  'settings.id': 'ID der Organisation',
  'settings.id_hint': 'So nennen Programme sie, wenn die API nach einer Organisation fragt.',
  'settings.copy': 'Kopieren',
  'settings.copied': 'Kopiert',
  'settings.another': 'Eine weitere Organisation',
  'settings.another_about': 'Mit eigenen Mitgliedern, Schlüsseln, Apps und eigenem Tarif.',
  'settings.new': 'Organisation anlegen',
  'settings.leave': 'Verlassen',
  'settings.leave_about':
    'Sie verlieren den Zugriff; für die anderen Mitglieder bleibt die Organisation bestehen.',
  'settings.leave_link': 'Organisation verlassen',

  'new_organization.title': 'Organisation anlegen',
  'new_organization.lead': 'Sie werden ihr Inhaber und können andere einladen.',
  'new_organization.name': 'Name',
  'new_organization.submit': 'Organisation anlegen',
  'new_organization.busy': 'Wird angelegt…',
  'new_organization.errors': 'Bitte prüfen Sie diese Angabe, bevor es weitergeht',
  'new_organization.too_many': (p) =>
    `Ihnen gehören ${p.most} Organisationen, mehr kann eine Person nicht haben. Machen Sie zuerst jemand anderen zum Inhaber einer davon.`,

  'plan.title': 'Tarif und Limits',
  'plan.current': (p) => `Sie haben den Tarif ${p.plan}.`,
  'plan.none':
    'Der Tarif Ihrer Organisation wird nicht mehr angeboten. Bitten Sie um einen anderen.',
  'plan.used': 'Bisher verbraucht',
  'plan.used_of': (p) => `${figure.format(p.used)} von ${figure.format(p.limit)}`,
  'plan.left': (p) =>
    p.used >= p.limit ? 'Aufgebraucht' : `noch ${figure.format(p.limit - p.used)}`,
  'plan.resets': (p) => `Beginnt neu am ${moment.format(p.date)} UTC`,
  'plan.window': (p) =>
    p.windowSeconds === null
      ? 'Zählt insgesamt'
      : `Beginnt mit der ersten Anfrage und dann immer wieder neu: einmal ${per(p.windowSeconds)}`,
  'plan.busy':
    'Der Verbrauch lässt sich gerade nicht anzeigen. Laden Sie die Seite gleich noch einmal.',
  'plan.usage': 'Nutzung nach Stunden ansehen',
  'plan.modules': 'Module',
  'plan.included': 'Enthalten',
  'plan.not_included': 'Nicht enthalten',
  'plan.limits': 'Limits',
  'plan.limit': 'Limit',
  'plan.figure': 'Wert',
  'plan.often': (p) => `${figure.format(p.limit)} ${per(p.windowSeconds)}`,
  'plan.per': 'Gezählt',
  'plan.per.credential': 'für jeden Zugang einzeln',
  'plan.per.organization': 'für die ganze Organisation',
  'plan.per_key': 'Ein Schlüssel kann einen niedrigeren Wert bekommen.',
  'plan.rates': 'Außerdem zählt jede Anfrage',
  'plan.rate.api_key': 'Mit einem API-Schlüssel',
  'plan.rate.access_token': 'Mit einem Access-Token',
  'plan.rate.service_jwt': 'Mit dem JWT eines Dienstkontos',
  'plan.unlimited': 'Ihr Tarif hat keine Limits.',
};
