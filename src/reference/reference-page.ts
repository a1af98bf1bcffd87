import { linksOf } from '../docs/docs-page.ts';
import { parseText, type Run } from '../docs/inline.ts';
import type { SayKnown } from '../docs/say.ts';
import { PROBLEM_CODES, statusOf, titleOf } from '../management/problems.ts';
import type {
  AnswerView,
  BlockView,
  ContentsEntry,
  OperationGroup,
  OperationView,
  ProblemView,
  ReferencePage,
  SchemaView,
} from '../pages/docs-models.ts';
import type { Platform } from '../platform/platform.ts';
import type { Answer, OpenApiDocument, Operation } from './api-description.ts';
import { fieldsOf, nameOfRef, parameterOf, schemaId } from './fields.ts';

/** The OpenAPI document as a page: operations by tag, schemas, and every problem at its own anchor. */
export function toReferencePage(
  document: OpenApiDocument,
  { t, platform }: { t: SayKnown; platform: Platform },
): ReferencePage {
  const groups = groupsOf(t, document);
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
    links: linksOf(platform, 'reference'),
    alternate: { kind: 'openapi', type: 'application/json', href: '/openapi.json' },
    blocks: blocksOf(document.info.description ?? ''),
    ...{ groups, problems, schemas },
  };
}

const paragraphs = (text: string): Run[][] =>
  text
    .split(/\n{2,}/)
    .filter((one) => one !== '')
    .map((one) => parseText(one.replaceAll('\n', ' ')));

/** Paragraphs and lists, which is all the Markdown there is in the introduction. */
function blocksOf(text: string): BlockView[] {
  return text.split(/\n{2,}/).map((one) => {
    if (!one.startsWith('- '))
      return { kind: 'paragraph', runs: parseText(one.replaceAll('\n', ' ')) };
    const items = one.split('\n').map((line) => parseText(line.slice(2)));
    return { kind: 'list', ordered: false, items };
  });
}

function groupsOf(t: SayKnown, { paths = {} }: OpenApiDocument): OperationGroup[] {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      tag: operation.tags?.[0] ?? t('reference.other'),
      view: operationView(t, method, path, operation),
    })),
  );
  return [...Map.groupBy(operations, ({ tag }) => tag)].map(([title, members]) => ({
    id: `tag-${slug(title)}`,
    title,
    operations: members.map(({ view }) => view),
  }));
}

const slug = (title: string) => title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');

function operationView(
  t: SayKnown,
  method: string,
  path: string,
  operation: Operation,
): OperationView {
  const {
    summary = path,
    description = '',
    parameters = [],
    requestBody,
    responses = {},
  } = operation;
  const body = requestBody?.content['application/json']?.schema;
  return {
    id: operation.operationId ?? slug(`${method} ${path}`),
    ...{ method: method.toUpperCase(), path, summary },
    description: paragraphs(description),
    access: accessOf(operation),
    parameters: parameters.map((one) => parameterOf(t, one)),
    ...(requestBody
      ? { body: { required: requestBody.required ?? false, fields: fieldsOf(t, body) } }
      : {}),
    answers: Object.entries(responses).map(([status, answer]) => answerView(t, status, answer)),
  };
}

/** One scheme alone is the operator's key. */
function accessOf({ security }: Operation): OperationView['access'] {
  if (!security) return 'tenant';
  if (security.length === 0) return 'anyone';
  return security.every((one) => Object.keys(one).join() === 'adminKey') ? 'operator' : 'tenant';
}

function answerView(
  t: SayKnown,
  status: string,
  { description = '', content = {} }: Answer,
): AnswerView {
  const schema = Object.values(content)[0]?.schema;
  const ref = schema?.$ref && nameOfRef(schema.$ref);
  return {
    status,
    runs: parseText(description),
    ...(ref ? { schema: { name: ref, id: schemaId(ref) } } : {}),
    fields: ref ? [] : fieldsOf(t, schema),
  };
}

const problemsOf = (t: SayKnown): ProblemView[] =>
  PROBLEM_CODES.map((code) => ({
    ...{ id: `problem-${code}`, code, status: statusOf(code), title: titleOf(code) },
    mend: t(`reference.problem.${code}`),
  }));

const schemasOf = (t: SayKnown, { components = {} }: OpenApiDocument): SchemaView[] =>
  Object.entries(components.schemas ?? {}).map(([name, schema]) => ({
    ...{ id: schemaId(name), name },
    runs: parseText(schema.description ?? ''),
    fields: fieldsOf(t, schema),
  }));
