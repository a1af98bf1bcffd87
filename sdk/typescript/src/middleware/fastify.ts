import {
  createIdentityVerifier,
  type IdentityOptions,
  missingScope,
  type Principal,
  unauthenticated,
  type Verdict,
} from '../identity.ts';

/** What is needed of Fastify's request; declare `principal` on FastifyRequest to read it there. */
export interface RequestLike {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface ReplyLike {
  code(status: number): ReplyLike;
  headers(values: Readonly<Record<string, string>>): ReplyLike;
  send(body: unknown): unknown;
}

export type Hook = (request: RequestLike, reply: ReplyLike) => Promise<unknown>;

export interface InstanceLike {
  decorateRequest(name: string, value: null): unknown;
  addHook(name: 'onRequest', hook: Hook): unknown;
}

type Identified = RequestLike & { principal: Principal | null };

/**
 * Lets pass whom Gatehouse let pass, and puts who that is into `request.principal`. For the scope it is
 * registered in and all below, as if by fastify-plugin.
 */
export async function gatehouse(instance: InstanceLike, options: IdentityOptions): Promise<void> {
  const verifier = createIdentityVerifier(options);
  instance.decorateRequest('principal', null);
  instance.addHook('onRequest', async (request, reply) => {
    const verdict = await verifier.verify(request.headers);
    if (!('principal' in verdict)) return answer(reply, verdict);
    (request as Identified).principal = verdict.principal;
    return undefined;
  });
}

// What fastify-plugin does: the hook is for whoever registers this, not for a scope of its own.
Object.assign(gatehouse, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'gatehouse',
});

/** As `onRequest` or `preHandler` of a route behind {@link gatehouse}: 403 without one of the scopes. */
export function requireScope(...scopes: readonly string[]): Hook {
  return async (request, reply) => {
    const { principal } = request as Identified;
    const refusal = principal ? missingScope(principal, scopes) : unauthenticated();
    return refusal ? answer(reply, refusal) : undefined;
  };
}

const answer = (
  reply: ReplyLike,
  { status, headers, body }: Exclude<Verdict, { principal: Principal }>,
) =>
  reply
    .code(status)
    .headers({ ...headers, 'cache-control': 'no-store' })
    .send(body);
