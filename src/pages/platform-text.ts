import type { Platform, PlatformScope, Translated } from '../platform/platform.ts';
import { spokenLanguage } from './language.ts';
import type { Permission } from './view-models.ts';
import type { Language } from './words/words.ts';

/** A text of the platform file as a page shows it: bare where it is in the page's language. */
export type PlatformText = string | ForeignText;

/** One in another language than the page it stands on, which its element has to say (WCAG 2.2 §3.1.2). */
export interface ForeignText {
  readonly text: string;
  readonly language: Language;
  /** For the places that only take text: a gap in a sentence, an attribute. */
  toString(): string;
}

/**
 * What the platform file says of something in the language of the request; else as the file is written.
 * The template shows it through `/partials/platform-text`.
 */
export function platformText<Field extends string>(
  { language }: Pick<Platform, 'language'>,
  declared: Translated<Field> & { readonly [Name in Field]?: string },
  field: Field,
): PlatformText {
  const spoken = spokenLanguage();
  const translation = declared.translations?.[spoken]?.[field];
  if (translation !== undefined) return translation;
  const text: string = declared[field] ?? '';
  return spoken === language ? text : { text, language, toString: () => text };
}

/** A scope in the words for whoever may allow it. */
export const permissionOf = (
  platform: Pick<Platform, 'language'>,
  scope: PlatformScope,
): Permission & { description: PlatformText } => ({
  scope: scope.name,
  title: platformText(platform, scope, 'title'),
  description: platformText(platform, scope, 'description'),
  access: scope.access,
});
