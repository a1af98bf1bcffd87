import { curl } from './curl.ts';
import type { DescribedRequest } from './described-request.ts';
import { go } from './go.ts';
import { java } from './java.ts';
import { python } from './python.ts';
import { typescript } from './typescript.ts';

/** In the order in which pages show them. */
export const SNIPPET_LANGUAGES = ['curl', 'typescript', 'python', 'go', 'java'] as const;

export type SnippetLanguage = (typeof SNIPPET_LANGUAGES)[number];

const RENDERERS: Record<SnippetLanguage, (request: DescribedRequest) => string> = {
  ...{ curl, typescript, python, go, java },
};

export interface Snippet {
  /** The words are `snippet.<kind>`. */
  readonly kind: SnippetLanguage;
  readonly code: string;
}

/** A request in every language: whole programs that read what is secret from the environment. */
export const snippetsOf = (request: DescribedRequest): Snippet[] =>
  SNIPPET_LANGUAGES.map((kind) => ({ kind, code: RENDERERS[kind](request) }));

/** What is done without a request, as a whole program in every language. */
export const programs = (codes: Readonly<Record<SnippetLanguage, string>>): Snippet[] =>
  SNIPPET_LANGUAGES.map((kind) => ({ kind, code: codes[kind] }));
