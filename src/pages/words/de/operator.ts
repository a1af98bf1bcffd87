import type { operator as english } from '../en/operator.ts';
import type { Translated } from '../translated.ts';
import { amount, day, figure, moment } from './formats.ts';

/** The operator's pages: organizations, clients, signing keys, throttled accounts and addresses. */

function minutes({ waitSeconds = 0 }: { waitSeconds?: number }): string {
  const count = Math.ceil(waitSeconds / 60);
  return count <= 1 ? 'eine Minute' : amount(count, 'minute');
}

export const operator: Translated<typeof english> = {
  'operator.nav': 'Betreiber',
  'operator.tab.organizations': 'Organisationen',
  'operator.tab.clients': 'Clients',
  'operator.tab.signing_keys': 'Signaturschlüssel',
  'operator.tab.throttles': 'Sperren',
  'operator.day': (p) => day.format(p.date),
  'operator.moment': (p) => `${moment.format(p.date)} UTC`,
  'operator.search': 'Suchen',
  'operator.pages': 'Seiten',
  'operator.first': 'Neueste',
  'operator.next': 'Ältere',
  'operator.never': 'Noch nicht',
  'operator.busy': 'Einen Moment…',

  'operator.organizations.title': 'Organisationen',
  'operator.organizations.find': 'Name oder ID',
  'operator.organizations.none': 'Keine Organisation hat diesen Namen oder diese ID.',
  'operator.organizations.name': 'Name',
  'operator.organizations.plan': 'Tarif',
  'operator.organizations.id': 'ID',
  'operator.organizations.since': 'Seit',

  'operator.organization.back': 'Alle Organisationen',
  'operator.organization.facts': 'Über diese Organisation',
  'operator.organization.change_plan': 'Tarif ändern',
  'operator.organization.change_plan_hint':
    'Module und Limits des neuen Tarifs gelten sofort, für alle ihre Zugänge.',
  'operator.organization.new_plan': 'Neuer Tarif',
  'operator.organization.save_plan': 'Tarif ändern',
  'operator.organization.members': 'Mitglieder',
  'operator.organization.no_members': 'Niemand gehört zu ihr.',
  'operator.organization.clients': 'Clients',
  'operator.organization.no_clients': 'Sie hat keine Clients.',
  'operator.organization.more': 'Es gibt noch mehr.',
  'operator.organization.plan_unknown': 'Wählen Sie einen der Tarife.',

  'operator.clients.title': 'Clients',
  'operator.clients.lead': 'Jede registrierte App, wem sie auch gehört.',
  'operator.clients.none': 'Es gibt keine Clients.',
  'operator.clients.name': 'Name',
  'operator.clients.owner': 'Organisation',
  'operator.clients.no_owner': 'Die Plattform',
  'operator.clients.id': 'Client-ID',
  'operator.clients.since': 'Seit',
  'operator.clients.disabled': 'Deaktiviert',
  'operator.clients.actions': 'Aktionen',
  'operator.clients.disable': 'Deaktivieren',
  'operator.clients.enable': 'Aktivieren',

  'operator.keys.title': 'Signaturschlüssel',
  'operator.keys.lead':
    'Womit Tokens signiert werden. Der aktuelle Schlüssel signiert; der nächste und die vorigen sind daneben veröffentlicht.',
  'operator.keys.kid': 'Schlüssel-ID',
  'operator.keys.status': 'Status',
  'operator.keys.status.current': 'Aktuell',
  'operator.keys.status.next': 'Nächster',
  'operator.keys.status.previous': 'Voriger',
  'operator.keys.activated': 'Signiert seit',
  'operator.keys.retires': 'Vergessen nach',
  'operator.keys.stays': 'Nicht festgelegt',
  'operator.keys.rotate': 'Jetzt wechseln',
  'operator.rotate.title': 'Signaturschlüssel wechseln?',
  'operator.rotate.about':
    'Von jetzt an signiert der nächste Schlüssel, und ein neuer nächster wird veröffentlicht. Vorher signierte Tokens gelten, bis sie ablaufen.',
  'operator.rotate.too_young': (p) =>
    `Der nächste Schlüssel ist neu: Caches kennen ihn vielleicht noch nicht. Warten Sie ${minutes(p)} oder wechseln Sie trotzdem.`,
  'operator.rotate.force': 'Trotzdem wechseln',
  'operator.rotate.force_about':
    'Wenn jemand anderes den aktuellen Schlüssel hat. Manche APIs weisen neue Tokens dann vielleicht fünf Minuten lang ab.',
  'operator.rotate.cancel': 'So lassen',
  'operator.rotate.submit': 'Wechseln',

  'operator.throttles.title': 'Gesperrte Konten und Adressen',
  'operator.throttles.lead':
    'Versuche werden unter Hashes mit Schlüssel gezählt. Darum gibt es keine Liste: Geben Sie ein, um wen es geht.',
  'operator.throttles.who': 'E-Mail-Adresse eines Kontos oder eine Netzadresse',
  'operator.throttles.who_hint': 'Etwa ada@example.com, 203.0.113.7 oder 2001:db8::1.',
  'operator.throttles.look': 'Nachsehen',
  'operator.throttles.error': 'Geben Sie eine E-Mail-Adresse oder eine Netzadresse ein.',
  'operator.throttles.nothing': (p) => `Für ${p.who} ist gerade nichts gezählt.`,
  'operator.throttles.counted': (p) => `Gezählt für ${p.who}`,
  'operator.throttles.kind.account': 'Anmeldeversuche des Kontos',
  'operator.throttles.kind.address': 'Anmeldeversuche aus dem Netz',
  'operator.throttles.kind.sign_up': 'Neue Konten aus dem Netz',
  'operator.throttles.kind': 'Was',
  'operator.throttles.attempts': 'Versuche',
  'operator.throttles.until': 'Bis',
  'operator.throttles.of': (p) => `${figure.format(p.attempts)} von ${figure.format(p.limit)}`,
  'operator.throttles.refused': 'Abgewiesen',
  'operator.throttles.clear': 'Aufheben',
  'operator.throttles.clear_hint': 'Als wäre nichts versucht worden.',

  'notice.plan_changed': 'Der Tarif ist geändert.',
  'notice.client_disabled': 'Der Client ist deaktiviert, und seine Tokens sind beendet.',
  'notice.client_enabled': 'Der Client ist aktiviert.',
  'notice.keys_rotated': 'Die Schlüssel sind gewechselt.',
  'notice.throttle_cleared': 'Die Sperre ist aufgehoben.',
};
