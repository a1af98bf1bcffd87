import type { dashboard as english } from '../en/dashboard.ts';
import type { Translated } from '../translated.ts';

/** The frame around every page of the dashboard, and its first page. */
export const dashboard: Translated<typeof english> = {
  'frame.menu': 'Menü',
  'frame.sections': 'Dashboard',
  'frame.skip': 'Zum Inhalt springen',
  'frame.switch': 'Organisation wechseln',
  'frame.sign_out': 'Abmelden',
  'frame.group.build': 'Entwickeln',
  'frame.group.organization': 'Organisation',
  'frame.group.account': 'Ihr Konto',
  'frame.group.operator': 'Betreiber',
  'frame.section.overview': 'Übersicht',
  'frame.section.keys': 'API-Schlüssel',
  'frame.section.apps': 'Apps',
  'frame.section.service_accounts': 'Dienstkonten',
  'frame.section.webhooks': 'Webhooks',
  'frame.section.usage': 'Nutzung',
  'frame.section.members': 'Mitglieder',
  'frame.section.plan': 'Tarif und Limits',
  'frame.section.audit': 'Protokoll',
  'frame.section.settings': 'Allgemein',
  'frame.section.connected_apps': 'Verbundene Apps',
  'frame.section.security': 'Sicherheit',
  'frame.section.playground': 'Playground',
  'frame.section.docs': 'Dokumentation',
  'frame.section.operator': 'Betreiber',

  'overview.title': (p) => p.organization,
  'overview.lead': (p) => `Alles, was Sie mit ${p.platform} bauen.`,
  'overview.usage': 'Zur ganzen Nutzung',
  'overview.start': 'Hier geht es los',
  'overview.about.keys': 'Legen Sie einen Schlüssel an und rufen Sie gleich die API auf.',
  'overview.about.apps': 'Lassen Sie andere ihr Konto mit Ihrer App verbinden.',
  'overview.about.service_accounts':
    'Rufen Sie die API von Ihren Servern aus auf, mit einem eigenen Schlüsselpaar.',
  'overview.about.webhooks': 'Erfahren Sie, was geschieht, sobald es geschieht.',
  'overview.about.usage': 'Sehen Sie, was aufgerufen und was abgewiesen wurde.',
  'overview.about.members': 'Laden Sie andere ein und bestimmen Sie, was sie dürfen.',
  'overview.about.playground': 'Probieren Sie jeden Ablauf aus, Schritt für Schritt.',
  'overview.about.docs': 'Wie man sich authentifiziert, mit Beispielen, die laufen (englisch).',
  'overview.no_organization.title': 'Sie gehören noch zu keiner Organisation',
  'overview.no_organization.text':
    'Schlüssel und Apps gehören einer Organisation. Bitten Sie um eine Einladung in eine, die es schon gibt.',
  'overview.no_organization.new': 'Organisation anlegen',
};
