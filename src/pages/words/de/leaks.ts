import type { leaks as english } from '../en/leaks.ts';
import type { Translated } from '../translated.ts';
import { day } from './formats.ts';

/** Schlüssel, die öffentlich gefunden wurden: was die erfahren, denen sie gehören. */
export const leaks: Translated<typeof english> = {
  'notice.leak_dismissed': 'Der Hinweis ist ausgeblendet. Der Schlüssel bleibt widerrufen.',

  'leak.found': (p) =>
    p.place === ''
      ? `öffentlich gefunden, ${day.format(p.date)}`
      : `öffentlich gefunden unter ${p.place}, ${day.format(p.date)}`,
  'leak.title': (p) =>
    p.count === 1
      ? 'Ein API-Schlüssel wurde öffentlich gefunden und widerrufen'
      : 'API-Schlüssel wurden öffentlich gefunden und widerrufen',
  'leak.about':
    'Programme, die ihn vorzeigen, werden abgewiesen. Geben Sie ihnen einen neuen Schlüssel und prüfen Sie an der Nutzung, wofür er gebraucht wurde.',
  'leak.deeds.rotated':
    'Mit ihm wurden diese Schlüssel erneuert; wer ihn hatte, kann also ihre Zeichenfolgen haben. Erneuern Sie sie noch einmal, ohne dass die jetzige Zeichenfolge weiter gilt:',
  'leak.deeds.changed':
    'Mit ihm wurden diese Schlüssel geändert. Sehen Sie sich jeden an und berichtigen Sie, was nicht so sein soll:',
  'leak.deeds.more': 'Es gibt weitere; das Protokoll nennt sie alle.',
  'leak.dismiss': 'Ausblenden',
  'leak.dismiss_busy': 'Einen Moment …',
};
