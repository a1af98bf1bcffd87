import swagger from '@fastify/swagger';
import type { FastifyInstance, RouteOptions } from 'fastify';
import type { OpenApiDocument } from '../reference/api-description.ts';
import { mayCharge } from './call-rate.ts';
import { PROBLEM_CODES, PROBLEM_TYPE, type ProblemCode, statusOf, titleOf } from './problems.ts';

const ABOUT = `Everything an operator does by hand or by program, and tenants for themselves.

ADMIN_KEY is the operator's: every tenant, every operation. Any other credential of the platform manages its
own organization, as far as its scopes reach: \`/manage/v1/scopes\` says which of them \`manages\` what. What
belongs to another organization answers like what isn't there, and nobody makes a credential that holds more
than they do. Calls with such a credential count on its rate, together with what it asks the API itself.

Lists come in pages: \`limit\` items at most, and \`next_cursor\` to read on. Every error is a problem
document (RFC 9457) whose \`code\` says which:

${PROBLEM_CODES.map((code) => `- \`${code}\` (${statusOf(code)}): ${titleOf(code)}`).join('\n')}`;

/**
 * Answers at /openapi.json with a description, in OpenAPI 3.1, of every route that is added to the door
 * from now on: made of the schemas that requests are held to and answers are written by.
 *
 * @returns what reads the description, once the server is ready
 */
export async function openApiRoutes(
  door: FastifyInstance,
  about: {
    issuer: string;
    platformName: string;
    /** Headers in which the platform takes API keys, lower-cased. */
    keyHeaders: readonly string[];
  },
): Promise<() => OpenApiDocument> {
  door.addHook('onRoute', declareProblems);
  door.addHook('onRoute', declareSecurity);
  await door.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: `${about.platformName} management API`,
        version: '1',
        description: ABOUT,
      },
      servers: [{ url: about.issuer }],
      security: [
        ...[{ adminKey: [] }, { credential: [] }],
        ...about.keyHeaders.map((name) => ({ [name]: [] })),
      ],
      components: { securitySchemes: { ...SECURITY, ...keySchemes(about.keyHeaders) } },
    },
    transformObject: (documents) => {
      if (!('openapiObject' in documents)) throw new Error('the document is not OpenAPI');
      markOptionalBodies(documents.openapiObject as Document);
      return documents.openapiObject;
    },
    refResolver: {
      buildLocalReference: (schema, _baseUri, _fragment, index) => `${schema.$id ?? index}`,
    },
  });
  const describe = () => door.swagger() as OpenApiDocument;
  door.get('/openapi.json', { config: { access: 'anyone' }, schema: { hide: true } }, async () =>
    describe(),
  );
  return describe;
}

const SECURITY = {
  adminKey: { type: 'http', scheme: 'bearer', description: 'ADMIN_KEY of the environment.' },
  credential: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key, an access token or a JWT of a service account: for its organization.',
  },
} as const;

const keySchemes = (names: readonly string[]) =>
  Object.fromEntries(
    names.map((name) => [
      name,
      { type: 'apiKey', in: 'header', name, description: 'An API key, instead.' } as const,
    ]),
  );

/** Some operations are the operator's alone. */
function declareSecurity(route: RouteOptions): void {
  if (!route.schema || route.config?.access !== 'operator') return;
  route.schema = { ...route.schema, security: [{ adminKey: [] }] };
}

/** As much of a document as is read here. */
interface Document {
  paths?: Record<string, Record<string, { requestBody?: RequestBody }>>;
}

interface RequestBody {
  required?: boolean;
  content: Record<string, { schema?: { type?: string | string[] } }>;
}

/** A body that may be left out has a schema that takes null; OpenAPI has a word of its own for it. */
function markOptionalBodies({ paths = {} }: Document): void {
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  for (const { requestBody } of operations) {
    const schema = requestBody?.content['application/json']?.schema;
    if (!requestBody || !schema || !Array.isArray(schema.type)) continue;
    requestBody.required = !schema.type.includes('null');
    schema.type = 'object';
  }
}

/**
 * Every route is answered by its door as well: adds the problems that this means for it. A route that the
 * document would not show is refused: tests go by the document.
 */
function declareProblems(route: RouteOptions): void {
  const { schema, config } = route;
  if (config?.access === 'anyone') return;
  if (!schema?.operationId || schema.hide) {
    throw new Error(`${route.method} ${route.url} has no operationId: nobody would hear of it`);
  }
  const codes: ProblemCode[] = [
    ...(schema.body || schema.querystring ? (['validation_failed'] as const) : []),
    ...(schema.body ? BODY_PROBLEMS : []),
    ...(schema.params ? (['not_found'] as const) : []),
    ...DOOR_PROBLEMS,
    ...(mayCharge(config?.access) ? (['throttled'] as const) : []),
    ...(config?.problems ?? []),
  ];
  const byStatus = Map.groupBy(new Set(codes), statusOf);
  const response = Object.fromEntries(
    [...byStatus].map(([status, codes]) => [status, problemAnswer(status, codes)]),
  );
  route.schema = { ...schema, response: { ...response, ...(schema.response as object) } };
}

const DOOR_PROBLEMS = [
  'malformed_request',
  'unauthenticated',
  'forbidden',
  'internal_error',
  'unavailable',
] as const;
const BODY_PROBLEMS = ['payload_too_large', 'unsupported_media_type'] as const;

const RETRY_AFTER = { type: 'integer', description: 'Seconds (RFC 9110 §10.2.3)' } as const;
const RATE_POLICY = { type: 'string', description: 'The limits that were counted' } as const;
const RATE = { type: 'string', description: 'What is left, until when' } as const;
const HEADERS: Readonly<Record<number, Record<string, object>>> = {
  401: { 'WWW-Authenticate': { type: 'string', description: 'Bearer (RFC 6750 §3)' } },
  429: { 'Retry-After': RETRY_AFTER, 'RateLimit-Policy': RATE_POLICY, RateLimit: RATE },
  503: { 'Retry-After': RETRY_AFTER },
};

function problemAnswer(status: number, codes: readonly ProblemCode[]) {
  return {
    description: codes.map((code) => `\`${code}\`: ${titleOf(code)}.`).join(' '),
    content: { [PROBLEM_TYPE]: { schema: { $ref: 'Problem#' } } },
    ...(HEADERS[status] && { headers: HEADERS[status] }),
  };
}
