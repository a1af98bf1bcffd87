import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Clock } from '../lib/clock.ts';
import type { ManagementApi } from '../management/schemas.ts';
import type { Platform } from '../platform/platform.ts';
import { answerDenial, rateLimitHeaders } from './answer.ts';
import type { GateContext, GateRequest } from './context.ts';
import type { Decision, Gate } from './gate.ts';
import { PROTECTED_RESOURCE_PATH } from './protected-resource.routes.ts';

const Header = Type.Union([Type.String(), Type.Array(Type.String(), { maxItems: 20 })]);

const DecisionRequest = Type.Object(
  {
    method: Type.String({ pattern: '^[A-Za-z]{1,20}$', description: 'Of the request.' }),
    path: Type.String({
      minLength: 1,
      maxLength: 8_192,
      description: 'As in the request line: encoded, with its query.',
    }),
    headers: Type.Optional(
      Type.Record(Type.String(), Header, { description: 'As received; names in any case.' }),
    ),
    address: Type.Optional(
      Type.String({ maxLength: 100, description: 'The caller’s IP address.' }),
    ),
  },
  { additionalProperties: false },
);

const nullableText = Type.Unsafe<string | null>({ type: ['string', 'null'] });

const DecisionAnswer = Type.Object(
  {
    allowed: Type.Boolean(),
    status: Type.Integer({ description: 'What to answer the caller with; 200 when allowed.' }),
    reason: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'The canonical reason of a denial.',
    }),
    principal: Type.Unsafe<{
      kind: string;
      id: string;
      subject: string;
      organization_id: string | null;
      environment: string | null;
      scopes: string[];
      plan: string | null;
    } | null>({
      type: ['object', 'null'],
      additionalProperties: false,
      required: ['kind', 'id', 'subject', 'organization_id', 'environment', 'scopes', 'plan'],
      properties: {
        kind: Type.String(),
        id: Type.String(),
        subject: Type.String(),
        organization_id: nullableText,
        environment: nullableText,
        scopes: Type.Array(Type.String()),
        plan: nullableText,
      },
    }),
    headers: Type.Record(Type.String(), Type.String(), {
      description: 'To send to the caller, allowed or not.',
    }),
    body: Type.Unknown({ description: 'Of a denial, in the platform’s words; else null.' }),
  },
  { additionalProperties: false, description: 'The decision.' },
);

export interface DecisionDependencies {
  gate: Gate;
  platform: Platform;
  issuer: string;
  clock: Clock;
}

/**
 * `POST /gate/decision`: the gate asked in JSON, for an API that asks by itself instead of standing behind
 * it. Always 200, with `allowed`; behind the management door, whose callers must hold `gate:decide`.
 */
export function decisionRoutes(door: FastifyInstance, deps: DecisionDependencies): void {
  (door as ManagementApi).post('/gate/decision', {
    config: { access: 'gate:decide' },
    schema: {
      tags: ['Gate'],
      operationId: 'decide',
      summary: 'Ask whether a request may pass',
      body: DecisionRequest,
      response: { 200: DecisionAnswer },
    },
    handler: async (request) => {
      const { body } = request;
      const asked: GateRequest = {
        method: body.method.toUpperCase(),
        target: body.path,
        headers: lowerCased(body.headers ?? {}),
        address: body.address ?? '',
        requestId: request.id,
      };
      return toAnswer(await deps.gate.decide(asked), asked, deps);
    },
  });
}

function lowerCased(headers: Record<string, string | string[]>): GateRequest['headers'] {
  const merged: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) {
    const key = name.toLowerCase();
    const known = merged[key];
    merged[key] = known === undefined ? value : [known, value].flat();
  }
  return merged;
}

function toAnswer(
  decision: Decision,
  asked: GateRequest,
  { platform, issuer, clock }: DecisionDependencies,
): Static<typeof DecisionAnswer> {
  const now = clock.now();
  const principal = principalOf(decision.context);
  if (decision.allowed) {
    const headers = rateLimitHeaders(decision.context.counts ?? [], now);
    return { allowed: true, status: 200, reason: null, principal, headers, body: null };
  }
  const { status, headers, body } = answerDenial(platform, decision.denial, {
    requestId: asked.requestId,
    now,
    resourceMetadataUrl: issuer + PROTECTED_RESOURCE_PATH,
  });
  return { allowed: false, status, reason: decision.denial.reason, principal, headers, body };
}

function principalOf(context: Partial<GateContext>): Static<typeof DecisionAnswer>['principal'] {
  const { principal, plan } = context;
  if (!principal) return null;
  return {
    kind: principal.kind,
    id: principal.id,
    subject: principal.subject,
    organization_id: principal.organizationId,
    environment: principal.environment,
    scopes: [...principal.scopes],
    plan: plan?.name ?? null,
  };
}
