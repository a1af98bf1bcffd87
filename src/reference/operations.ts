import type { SampleLanguage } from '../docs/document.ts';
import { parseText, type Run } from '../docs/inline.ts';
import type { SayKnown } from '../docs/say.ts';
import { PROBLEM_CODES } from '../management/problems.ts';
import type {
  AnswerView,
  CodeView,
  OperationGroup,
  OperationView,
  ProblemAnswerView,
} from '../pages/docs-models.ts';
import type { Answer, OpenApiDocument, Operation } from './api-description.ts';
import { exampleRequest } from './example-request.ts';
import type { Examples } from './examples.ts';
import { fieldsOf, nameOfRef, parameterOf, schemaId } from './fields.ts';

interface Parts {
  t: SayKnown;
  examples: Examples;
}

/** Every operation, by its tag. */
export function groupsOf(document: OpenApiDocument, parts: Parts): OperationGroup[] {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      tag: operation.tags?.[0] ?? parts.t('reference.other'),
      view: operationView(document, { method: method.toUpperCase(), path, operation }, parts),
    })),
  );
  return [...Map.groupBy(operations, ({ tag }) => tag)].map(([title, members]) => ({
    id: `tag-${slug(title)}`,
    title,
    operations: members.map(({ view }) => view),
  }));
}

const slug = (title: string) => title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');

export const problemId = (code: string) => `problem-${code}`;

function operationView(
  document: OpenApiDocument,
  route: { method: string; path: string; operation: Operation },
  { t, examples }: Parts,
): OperationView {
  const { method, path, operation } = route;
  const { summary = path, description = '', parameters = [], requestBody } = operation;
  const id = operation.operationId ?? slug(`${method} ${path}`);
  const body = requestBody?.content['application/json']?.schema;
  const answers = Object.entries(operation.responses ?? {});
  return {
    ...{ id, method, path, summary },
    description: paragraphs(description),
    access: accessOf(operation),
    request: codeView(`${id}-request`, 'curl', exampleRequest(document, route, examples)),
    parameters: parameters.map((one) => parameterOf(t, one)),
    ...(requestBody
      ? { body: { required: requestBody.required ?? false, fields: fieldsOf(t, body) } }
      : {}),
    answers: answers
      .filter(([, answer]) => codesOf(answer).length === 0)
      .map(([status, answer]) => {
        const view = answerView(t, status, answer);
        const schema = schemaOf(answer);
        if (!schema) return view;
        const example = JSON.stringify(examples.answerOf(operation, schema), undefined, 2);
        return { ...view, example: codeView(`${id}-${status}`, 'json', example) };
      }),
    problems: answers.flatMap(([status, answer]) => problemAnswers(status, answer)),
  };
}

const codeView = (name: string, kind: SampleLanguage, code: string): CodeView => ({
  ...{ kind: 'code', name },
  samples: [{ id: `${name}-${kind}`, kind, code }],
});

const paragraphs = (text: string): Run[][] =>
  text
    .split(/\n{2,}/)
    .filter((one) => one !== '')
    .map((one) => parseText(one.replaceAll('\n', ' ')));

/** One scheme alone is the operator's key. */
function accessOf({ security }: Operation): OperationView['access'] {
  if (!security) return 'tenant';
  if (security.length === 0) return 'anyone';
  return security.every((one) => Object.keys(one).join() === 'adminKey') ? 'operator' : 'tenant';
}

const schemaOf = ({ content = {} }: Answer) => Object.values(content)[0]?.schema;

function answerView(t: SayKnown, status: string, answer: Answer): AnswerView {
  const schema = schemaOf(answer);
  const ref = schema?.$ref && nameOfRef(schema.$ref);
  return {
    status,
    runs: parseText(answer.description ?? ''),
    ...(ref ? { schema: { name: ref, id: schemaId(ref) } } : {}),
    fields: ref ? [] : fieldsOf(t, schema),
  };
}

/** The problems that an answer may be: its description names them. */
const codesOf = ({ description = '' }: Answer) =>
  PROBLEM_CODES.filter((code) => description.includes(`\`${code}\``));

const problemAnswers = (status: string, answer: Answer): ProblemAnswerView[] =>
  codesOf(answer).map((code) => ({ status, code, id: problemId(code) }));
