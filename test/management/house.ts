import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fastify from 'fastify';
import type { Test } from 'tap';
import { newRequestId } from '../../src/doors/request-id.ts';
import { createMasterKey } from '../../src/lib/master-key.ts';
import { createMemoryCounters } from '../../src/limits/memory-counters.ts';
import { managementRoutes } from '../../src/management/management.routes.ts';
import { createRevocations } from '../../src/oauth/revocations.store.ts';
import { createApiDescription } from '../../src/reference/api-description.ts';
import { startGatehouse, type TestGatehouseOptions } from '../support/gatehouse.ts';

export interface Operation {
  operationId: string;
  summary: string;
  method: string;
  path: string;
  parameters: { name: string; in: string; required?: boolean; schema: object }[];
  requestBody?: { required: boolean; content: Record<string, { schema: object }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
  security?: object[];
}

export interface OpenApiDocument {
  openapi: string;
  servers: { url: string }[];
  security: object[];
  paths: Record<string, Record<string, Omit<Operation, 'method' | 'path'>>>;
  components: { schemas: Record<string, object>; securitySchemes: Record<string, object> };
}

export interface Answer {
  status: number;
  headers: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
  body: any;
  text: string;
}

interface CallOptions {
  /** The Authorization header; null for none, by default the good one. */
  authorization?: string | null;
  headers?: Record<string, string>;
  /** A body as it stands, in the place of JSON. */
  raw?: string;
}

/** Paths are below /manage/v1, but for the gate's own. */
const urlOf = (path: string) => (path.startsWith('/gate/') ? path : `/manage/v1${path}`);

export type House = Awaited<ReturnType<typeof openHouse>>;

/**
 * The management API over a whole server's parts. Whatever is answered is held against the OpenAPI
 * document, and searched for secrets.
 */
export async function openHouse(t: Pick<Test, 'teardown'>, options: TestGatehouseOptions = {}) {
  const gatehouse = await startGatehouse(t, options);
  const {
    config,
    platform,
    issuer,
    database,
    identity,
    invitations,
    oauth,
    adminKey,
    credentials,
    gate,
    usage,
    verifiers,
    webhooks,
    notifications,
  } = gatehouse;
  const clock = { now: () => new Date() };
  const app = fastify({ genReqId: newRequestId });
  await app.register(managementRoutes, {
    ...{ platform, issuer, adminKey, database, clock, identity, oauth, credentials, gate, usage },
    ...{
      invitations,
      verifiers,
      webhooks,
      notifications,
      masterKey: createMasterKey(config.masterKey),
    },
    revocations: createRevocations({ clock }),
    apiDescription: createApiDescription(),
    rates: createMemoryCounters(),
  });
  t.teardown(() => app.close());
  const document = (await app.inject('/openapi.json')).json() as OpenApiDocument;
  const check = createAnswerCheck(document);

  async function call(
    method: string,
    path: string,
    body?: unknown,
    options: CallOptions = {},
  ): Promise<Answer> {
    const { authorization = `Bearer ${adminKey}`, raw } = options;
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await app.inject({
      method: method as 'GET',
      url: urlOf(path),
      headers: {
        ...(authorization !== null && { authorization }),
        ...(payload !== undefined && { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(payload !== undefined && { payload }),
    });
    const isJson = /json/.test(String(response.headers['content-type'] ?? ''));
    const answer: Answer = {
      status: response.statusCode,
      headers: response.headers,
      body: isJson ? response.json() : undefined,
      text: response.body,
    };
    const problem = check(method, urlOf(path), answer) ?? leakIn(answer.text);
    if (problem) throw new Error(`${method} ${path}: ${problem}: ${answer.text}`);
    return answer;
  }

  return {
    ...{ app, gatehouse, database, identity, oauth, platform, issuer, adminKey, document, call },
    operations: operationsOf(document),
    get: (path: string) => call('GET', path),
    post: (path: string, body?: unknown) => call('POST', path, body),
    patch: (path: string, body: unknown) => call('PATCH', path, body),
    delete: (path: string) => call('DELETE', path),
  };
}

export function operationsOf(document: OpenApiDocument): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      parameters: operation.parameters ?? [],
      method: method.toUpperCase(),
      path,
    })),
  );
}

/** What no answer may hold, whatever it is about. */
function leakIn(text: string): string | undefined {
  const leak =
    /password_?hash|\$argon2|"private_?(?:key|jwk|encrypted)"|"(?:d|p|q|dp|dq|qi|k|hash|id_?hash)":/i.exec(
      text,
    );
  return leak ? `the answer holds ${leak[0]}` : undefined;
}

const FORMATS = {
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  uri: /^[a-z][a-z0-9+.-]*:\S+$/i,
  email: /^\S+@\S+$/,
};

/** Holds answers against what the document says that the operation answers. */
function createAnswerCheck(document: OpenApiDocument) {
  const ajv = new Ajv2020({ allErrors: true, strict: false, formats: FORMATS });
  ajv.addSchema({ $id: 'https://test/openapi', ...document });
  const compiled = new Map<string, ValidateFunction>();
  const operations = operationsOf(document).map((operation) => ({
    ...operation,
    pattern: new RegExp(`^${operation.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }));

  return function check(method: string, url: string, answer: Answer): string | undefined {
    if (answer.headers['cache-control'] !== 'no-store') return 'the answer may be stored';
    const path = url.split('?', 1)[0]!;
    const operation = operations.find((one) => one.method === method && one.pattern.test(path));
    if (!operation) return [401, 404, 405].includes(answer.status) ? undefined : 'undocumented';
    const documented = operation.responses[answer.status];
    if (!documented) return `undocumented status ${answer.status}`;
    if (!documented.content) return answer.text === '' ? undefined : 'an undocumented body';
    const type = String(answer.headers['content-type']).split(';', 1)[0]!;
    if (!documented.content[type]) return `undocumented content type ${type}`;
    const pointer = [
      ...['paths', operation.path, method.toLowerCase(), 'responses', `${answer.status}`],
      ...['content', type, 'schema'],
    ];
    const key = pointer.map((step) => step.replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
    const validate =
      compiled.get(key) ??
      ajv.compile({
        $ref: `https://test/openapi#/${key.split('/').map(encodeURIComponent).join('/')}`,
      });
    compiled.set(key, validate);
    return validate(answer.body) ? undefined : ajv.errorsText(validate.errors);
  };
}
