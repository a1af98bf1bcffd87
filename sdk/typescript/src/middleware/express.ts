import {
  createIdentityVerifier,
  type IdentityOptions,
  missingScope,
  type Principal,
  unauthenticated,
  type Verdict,
} from '../identity.ts';

/** What is needed of Express's request; connect's and Node's have it, too. */
export interface RequestLike {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  principal?: Principal;
}

export interface ResponseLike {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(body: string): unknown;
}

export type Handler = (
  request: RequestLike,
  response: ResponseLike,
  next: (error?: unknown) => void,
) => void;

/** Lets pass whom Gatehouse let pass, and puts who that is into `request.principal`. */
export function gatehouse(options: IdentityOptions): Handler {
  const verifier = createIdentityVerifier(options);
  return (request, response, next) => {
    // Nobody but this names the caller.
    delete request.principal;
    verifier.verify(request.headers).then((verdict) => {
      if (!('principal' in verdict)) return answer(response, verdict);
      request.principal = verdict.principal;
      next();
    }, next);
  };
}

/** Behind {@link gatehouse}: 403 for a caller who lacks one of the scopes. */
export function requireScope(...scopes: readonly string[]): Handler {
  return (request, response, next) => {
    const { principal } = request;
    const refusal = principal ? missingScope(principal, scopes) : unauthenticated();
    if (refusal) answer(response, refusal);
    else next();
  };
}

function answer(
  response: ResponseLike,
  { status, headers, body }: Exclude<Verdict, { principal: Principal }>,
): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('cache-control', 'no-store');
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(body));
}
