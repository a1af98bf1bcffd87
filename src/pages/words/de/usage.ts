import type { usage as english } from '../en/usage.ts';
import type { Translated } from '../translated.ts';
import { figure } from './formats.ts';

/** How much the API is called, and what was refused. */

const hour = new Intl.DateTimeFormat('de', {
  ...{ hour: '2-digit', minute: '2-digit', timeZone: 'UTC' },
});
const day = new Intl.DateTimeFormat('de', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const dayAndHour = new Intl.DateTimeFormat('de', {
  ...{ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', timeZone: 'UTC' },
});

const requests = (count: number) =>
  `${figure.format(count)} ${count === 1 ? 'Anfrage' : 'Anfragen'}`;

export const usage: Translated<typeof english> = {
  'usage.reason.malformed_request': 'Die Anfrage ließ sich nicht sicher lesen',
  'usage.reason.route_not_found': 'Diesen Pfad gibt es nicht, oder nicht mit dieser Methode',
  'usage.reason.missing_credential': 'Es wurde kein Schlüssel und kein Token gesendet',
  'usage.reason.ambiguous_credential': 'Es wurde mehr als ein Schlüssel oder Token gesendet',
  'usage.reason.invalid_api_key': 'Der Schlüssel war unbekannt, deaktiviert oder widerrufen',
  'usage.reason.expired_credential': 'Der Schlüssel war abgelaufen',
  'usage.reason.invalid_token': 'Das Token war ungültig',
  'usage.reason.expired_token': 'Das Token war abgelaufen',
  'usage.reason.address_not_allowed': 'Die Adresse stand nicht auf der Liste des Schlüssels',
  'usage.reason.organization_required': 'Die Organisation war nicht angegeben',
  'usage.reason.organization_mismatch': 'Eine andere Organisation war angegeben',
  'usage.reason.insufficient_permission': 'Dem Schlüssel fehlte die Berechtigung',
  'usage.reason.insufficient_scope': 'Dem Token fehlte der Scope',
  'usage.reason.not_entitled': 'Der Tarif enthielt es nicht',
  'usage.reason.rate_limited': 'Zu viele Anfragen in kurzer Zeit',
  'usage.reason.quota_exceeded': 'Das Kontingent war aufgebraucht',
  'usage.reason.temporarily_unavailable': 'Ein Teil des Dienstes war nicht erreichbar',
  'usage.reason.upstream_unreachable': 'Die API war nicht erreichbar',
  'usage.reason.upstream_timeout': 'Die API hat nicht rechtzeitig geantwortet',
  'usage.title': 'Nutzung',
  'usage.lead':
    'Jede Anfrage, über die entschieden wurde, nach Stunden und Tagen. Die Zeiten sind in UTC.',
  'usage.range': 'Zeitraum',
  'usage.range.day': 'Letzte 24 Stunden',
  'usage.range.week': 'Letzte 7 Tage',
  'usage.range.month': 'Letzte 30 Tage',
  'usage.key': 'API-Schlüssel',
  'usage.any_key': 'Alle Zugänge',
  'usage.route': 'Route',
  'usage.any_route': 'Alle Routen',
  'usage.narrow': 'Anzeigen',
  'usage.plain': 'Alles anzeigen',
  'usage.busy':
    'Gerade sehen viele Menschen die Nutzung an. Laden Sie die Seite gleich noch einmal.',
  'usage.allowed': 'Zugelassen',
  'usage.refused': 'Abgewiesen',
  'usage.total': 'Anfragen',
  'usage.requests': (p) => figure.format(p.count),
  'usage.summary': (p) =>
    `${p.range}: ${requests(p.allowed + p.refused)}, davon ${figure.format(p.allowed)} zugelassen und ${figure.format(p.refused)} abgewiesen.`,
  'usage.bar': (p) =>
    `${p.when}: ${figure.format(p.allowed)} zugelassen, ${figure.format(p.refused)} abgewiesen`,
  'usage.none': 'Keine Anfragen in diesem Zeitraum.',
  'usage.table': 'Die Zahlen',
  'usage.start': 'Ab',
  'usage.reasons': 'Warum Anfragen abgewiesen wurden',
  'usage.no_refusals': 'Keine wurde abgewiesen.',
  'usage.reason': 'Grund',
  'usage.mark.day': (p) => hour.format(p.date),
  'usage.mark.week': (p) => day.format(p.date),
  'usage.mark.month': (p) => day.format(p.date),
  'usage.when.day': (p) => dayAndHour.format(p.date),
  'usage.when.week': (p) => day.format(p.date),
  'usage.when.month': (p) => day.format(p.date),
};
