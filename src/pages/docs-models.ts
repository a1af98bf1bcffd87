import type { SampleLanguage } from '../docs/document.ts';
import type { Run } from '../docs/inline.ts';

// What the documentation page and the reference need to know.

/** A page with contents at its side. */
export interface DocumentFrame {
  title: string;
  /** For search engines. */
  description: string;
  contents: readonly ContentsEntry[];
  /** Whether what is in a section is folded in the contents. */
  isFolded?: boolean;
  /** Other pages; the words are `docs.<kind>`. */
  links: readonly { kind: 'dashboard' | 'docs' | 'playground' | 'reference'; href: string }[];
  /** The same in another form; the words are `docs.alternate.<kind>`. */
  alternate: { kind: 'markdown' | 'openapi'; type: string; href: string };
}

export interface ContentsEntry {
  /** The anchor. */
  id: string;
  title: string;
  entries: readonly Omit<ContentsEntry, 'entries'>[];
}

export interface DocsPage extends DocumentFrame {
  blocks: readonly BlockView[];
  sections: readonly SectionView[];
}

export interface SectionView {
  id: string;
  title: string;
  blocks: readonly BlockView[];
  parts: readonly Omit<SectionView, 'parts'>[];
}

/** A block with its texts taken apart. */
export type BlockView =
  | { kind: 'paragraph' | 'note'; runs: readonly Run[] }
  | { kind: 'list'; ordered: boolean; items: readonly (readonly Run[])[] }
  | {
      kind: 'table';
      caption: string;
      columns: readonly string[];
      rows: readonly (readonly (readonly Run[])[])[];
    }
  | CodeView;

export interface CodeView {
  kind: 'code';
  /** One of its kind on the page. */
  name: string;
  samples: readonly SampleView[];
}

export interface SampleView {
  /** The element that holds the code. */
  id: string;
  kind: SampleLanguage;
  code: string;
}

export interface ReferencePage extends DocumentFrame {
  blocks: readonly BlockView[];
  groups: readonly OperationGroup[];
  problems: readonly ProblemView[];
  schemas: readonly SchemaView[];
}

export interface OperationGroup {
  id: string;
  title: string;
  operations: readonly OperationView[];
}

export interface OperationView {
  id: string;
  method: string;
  path: string;
  summary: string;
  description: readonly (readonly Run[])[];
  /** Who may call; the words are `reference.access.<access>`. */
  access: 'anyone' | 'operator' | 'tenant';
  request: CodeView;
  parameters: readonly FieldView[];
  body?: { required: boolean; fields: readonly FieldView[] };
  answers: readonly AnswerView[];
  problems: readonly ProblemAnswerView[];
}

export interface ProblemAnswerView {
  status: string;
  code: string;
  /** Its anchor. */
  id: string;
}

export interface AnswerView {
  status: string;
  runs: readonly Run[];
  /** Which kind of body, by the anchor of its schema. */
  schema?: { name: string; id: string };
  example?: CodeView;
  fields: readonly FieldView[];
}

export interface FieldView {
  name: string;
  /** `string`, `integer or null`, `list of Scope`. */
  type: string;
  /** The anchor of the schema that the type names. */
  schema?: string;
  /** Of a parameter: `path` or `query`. */
  where?: string;
  required: boolean;
  runs: readonly Run[];
  /** What else holds: formats, bounds, values. */
  rules: readonly string[];
  fields: readonly FieldView[];
}

export interface ProblemView {
  /** `problem-<code>`: what the `type` of a problem document points to. */
  id: string;
  code: string;
  status: number;
  title: string;
  mend: string;
}

export interface SchemaView {
  id: string;
  name: string;
  runs: readonly Run[];
  fields: readonly FieldView[];
}

/** Template name → its model. */
export interface DocumentationPages {
  'docs/authentication': DocsPage;
  'reference/reference': ReferencePage;
}
