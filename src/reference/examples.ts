import type { Platform } from '../platform/platform.ts';
import type { OpenApiDocument, Operation, Parameter, Schema } from './api-description.ts';
import {
  ANSWERS,
  commonWords,
  EXAMPLE_TIME,
  exampleId,
  PARAMETERS,
  questionOfGate,
  USUAL_PARAMETERS,
  type Words,
  wordsBySchema,
  wordsByTag,
} from './example-words.ts';
import { nameOfRef } from './fields.ts';

/** Which members of an object are shown, beside those it must have. */
type Choice = (name: string) => boolean;

interface Scene {
  readonly words: Words;
  readonly isShown: Choice;
}

/** Of what may be left out of a body: what nearly everybody gives. */
const USUAL = ['organization_id', 'name', 'role', 'scopes', 'scope', 'redirect_uris', 'headers'];

/** A text whose name nobody chose a word for. */
export const ANY_TEXT = 'text';

export interface Examples {
  /** What the operation may be sent: what it needs, and what is usual. Of a change, one thing. */
  bodyOf(operation: Operation, schema: Schema, method: string): unknown;
  /** What the operation may answer. */
  answerOf(operation: Operation, schema: Schema): unknown;
  /** Undefined: a parameter that is usually left out. */
  parameterOf(operation: Operation, parameter: Parameter): string | undefined;
}

/** Makes values that fit their schemas, in words that readers know: the same thing has one name and id throughout. */
export function createExamples(document: OpenApiDocument, platform: Platform): Examples {
  const issuer = document.servers?.[0]?.url ?? '';
  const common = commonWords(platform, issuer);
  const byTag = wordsByTag(platform);
  const bySchema = wordsBySchema(platform);
  const question = { Gate: questionOfGate(platform) } as Readonly<Record<string, Words>>;
  const wordsOf = ({ tags: [tag = ''] = [] }: Operation, more: typeof byTag = {}): Words => ({
    ...common,
    ...byTag[tag],
    ...more[tag],
  });

  function exampleOf(schema: Schema, name: string, scene: Scene): unknown {
    if (schema.$ref) {
      const ref = nameOfRef(schema.$ref);
      const words = { ...scene.words, ...bySchema[ref] };
      return exampleOf(document.components?.schemas?.[ref] ?? {}, name, { ...scene, words });
    }
    if (schema.examples && schema.examples.length > 0) return schema.examples[0];
    if (schema.const !== undefined) return schema.const;
    const word = name in scene.words ? scene.words[name] : idNamed(name, schema);
    if (word !== undefined && fits(word, schema)) return word;
    if (typesOf(schema).includes('null')) return null;
    return schema.default ?? schema.enum?.[0] ?? valueOfType(schema, scene);
  }

  function valueOfType(schema: Schema, scene: Scene): unknown {
    switch (typesOf(schema)[0]) {
      case 'object':
        return membersOf(schema, scene);
      case 'array':
        return schema.items ? [exampleOf(schema.items, '', scene)] : [];
      case 'integer':
      case 'number':
        return schema.minimum ?? 1;
      case 'boolean':
        return false;
      case 'string':
        return schema.format === 'date-time' ? EXAMPLE_TIME : ANY_TEXT;
      default:
        return schema.properties ? membersOf(schema, scene) : null;
    }
  }

  function membersOf({ properties = {}, required = [] }: Schema, scene: Scene): unknown {
    const shown = Object.entries(properties).filter(
      ([name]) => required.includes(name) || scene.isShown(name),
    );
    return Object.fromEntries(
      shown.map(([name, schema]) => [name, exampleOf(schema, name, scene)] as const),
    );
  }

  return {
    bodyOf(operation, schema, method) {
      const { properties = {}, required = [] } = schema;
      const names = Object.keys(properties);
      const showsOne = method === 'PATCH' || !names.some(isUsual);
      const isShown: Choice = showsOne
        ? (name) => required.length === 0 && name === names[0]
        : isUsual;
      return exampleOf(schema, '', { words: wordsOf(operation, question), isShown });
    },
    answerOf(operation, schema) {
      const words = { ...wordsOf(operation), ...ANSWERS[operation.operationId ?? ''] };
      return exampleOf(schema, '', { words, isShown: (name) => name in words });
    },
    parameterOf(operation, { name, required, description = '', schema = {} }) {
      const usual = [...USUAL_PARAMETERS, ...(PARAMETERS[operation.operationId ?? ''] ?? [])];
      if (!required && !usual.includes(name)) return undefined;
      const scene = { words: wordsOf(operation), isShown: isUsual };
      return String(exampleOf({ description, ...schema }, name, scene));
    },
  };
}

const isUsual: Choice = (name) => USUAL.includes(name);

const typesOf = ({ type, anyOf = [] }: Schema): readonly string[] =>
  [type ?? anyOf.flatMap((one) => one.type ?? [])].flat();

/** `The id of the webhook` is that of the webhook wherever it stands; other ids are of what their name says. */
function idNamed(name: string, { description = '' }: Schema): string | undefined {
  if (!/(?:^|_)id$/.test(name)) return undefined;
  const [, kind] = /^The id of (?:the|an?) (\w+)/.exec(description) ?? [];
  return exampleId(kind ?? name.replace(/_id$/, ''));
}

/** Whether what a name usually holds may stand here, too. */
function fits(word: unknown, schema: Schema): boolean {
  if (schema.enum && !schema.enum.includes(word)) return false;
  if (schema.type === undefined) return !schema.anyOf;
  return [schema.type].flat().includes(typeOf(word));
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' ? 'integer' : typeof value;
}
