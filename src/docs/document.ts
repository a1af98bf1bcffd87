import type { DescribedRequest } from '../snippets/described-request.ts';
import { snippetsOf } from '../snippets/snippets.ts';
import type { Text } from './inline.ts';

// What a documentation page says, before it is HTML or Markdown.

export interface Document {
  readonly title: string;
  readonly description: string;
  readonly blocks: readonly Block[];
  readonly sections: readonly Section[];
}

export interface Section {
  /** The anchor. */
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
  readonly parts: readonly Omit<Section, 'parts'>[];
}

export type Part = Section['parts'][number];

export type Block =
  | { readonly kind: 'paragraph'; readonly text: Text }
  /** Something that must not be overlooked. */
  | { readonly kind: 'note'; readonly text: Text }
  | { readonly kind: 'list'; readonly ordered: boolean; readonly items: readonly Text[] }
  | {
      readonly kind: 'table';
      /** For people who hear it; says what the rows are. */
      readonly caption: string;
      readonly columns: readonly string[];
      readonly rows: readonly (readonly Text[])[];
    }
  | {
      readonly kind: 'code';
      /** Names it among all of the page; the samples' ids begin with it. */
      readonly name: string;
      readonly samples: readonly Sample[];
    };

export interface Sample {
  readonly language: SampleLanguage;
  readonly code: string;
}

export type SampleLanguage =
  | 'curl'
  | 'typescript'
  | 'python'
  | 'go'
  | 'java'
  | 'http'
  | 'json'
  | 'shell'
  | 'text';

export const paragraph = (text: Text): Block => ({ kind: 'paragraph', text });
export const note = (text: Text): Block => ({ kind: 'note', text });
export const bullets = (items: readonly Text[]): Block => ({ kind: 'list', ordered: false, items });
export const steps = (items: readonly Text[]): Block => ({ kind: 'list', ordered: true, items });

export const table = (
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly Text[])[],
): Block => ({ kind: 'table', caption, columns, rows });

export const sample = (name: string, language: SampleLanguage, code: string): Block => ({
  kind: 'code',
  name,
  samples: [{ language, code }],
});

/** A request in every language there are snippets for. */
export const request = (name: string, described: DescribedRequest): Block => ({
  kind: 'code',
  name,
  samples: snippetsOf(described).map(({ kind, code }) => ({ language: kind, code })),
});

/** Blocks that are there under a condition. */
export const when = <T>(is: unknown, ...those: readonly T[]): readonly T[] => (is ? those : []);
