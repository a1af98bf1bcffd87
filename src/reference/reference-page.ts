import { linksOf } from '../docs/docs-page.ts';
import { parseText } from '../docs/inline.ts';
import type { SayKnown } from '../docs/say.ts';
import { PROBLEM_CODES, statusOf, titleOf } from '../management/problems.ts';
import type {
  BlockView,
  ContentsEntry,
  ProblemView,
  ReferencePage,
  SchemaView,
} from '../pages/docs-models.ts';
import type { Platform } from '../platform/platform.ts';
import type { OpenApiDocument } from './api-description.ts';
import { createExamples } from './examples.ts';
import { fieldsOf, schemaId } from './fields.ts';
import { groupsOf, problemId } from './operations.ts';

/** The OpenAPI document as a page: operations by tag, schemas, and every problem at its own anchor. */
export function toReferencePage(
  document: OpenApiDocument,
  { t, platform }: { t: SayKnown; platform: Platform },
): ReferencePage {
  const examples = createExamples(document, platform);
  const groups = groupsOf(document, { t, examples });
  const problems = problemsOf(t);
  const schemas = schemasOf(t, document);
  const contents: ContentsEntry[] = [
    ...groups.map(({ id, title, operations }) => ({
      ...{ id, title },
      entries: operations.map((one) => ({ id: one.id, title: one.summary })),
    })),
    {
      ...{ id: 'problems', title: t('reference.problems') },
      entries: problems.map(({ id, code }) => ({ id, title: code })),
    },
    {
      ...{ id: 'schemas', title: t('reference.schemas') },
      entries: schemas.map(({ id, name }) => ({ id, title: name })),
    },
  ];
  return {
    title: document.info.title,
    description: t('reference.description', { platform: platform.name }),
    contents,
    isFolded: true,
    links: linksOf(platform, 'reference'),
    alternate: { kind: 'openapi', type: 'application/json', href: '/openapi.json' },
    blocks: [
      ...introductionOf(t, document.info.description ?? ''),
      { kind: 'paragraph', runs: parseText(t('reference.examples_about')) },
    ],
    ...{ groups, problems, schemas },
  };
}

/** The paragraphs. What the document lists, which is its problems, this page has in a place of its own. */
function introductionOf(t: SayKnown, text: string): BlockView[] {
  const texts = text.split(/\n{2,}/).filter((one) => !one.startsWith('- '));
  return texts.map((one) => {
    const said = one
      .replaceAll('\n', ' ')
      .replace(/:$/, ` ([${t('reference.problems')}](#problems)).`);
    return { kind: 'paragraph', runs: parseText(said) };
  });
}

const problemsOf = (t: SayKnown): ProblemView[] =>
  PROBLEM_CODES.map((code) => ({
    ...{ id: problemId(code), code, status: statusOf(code), title: titleOf(code) },
    mend: t(`reference.problem.${code}`),
  }));

const schemasOf = (t: SayKnown, { components = {} }: OpenApiDocument): SchemaView[] =>
  Object.entries(components.schemas ?? {}).map(([name, schema]) => ({
    ...{ id: schemaId(name), name },
    runs: parseText(schema.description ?? ''),
    fields: fieldsOf(t, schema),
  }));
