import type { Platform, Presentation } from '../platform/platform.ts';
import { denied, type GateContext, type GateRequest, passed, type Stage } from './context.ts';
import type { CredentialVerifier, Verdict } from './principal.ts';

/** A credential where the platform looks for one. */
interface Presented {
  readonly text: string;
  readonly presentation: Presentation;
}

/**
 * Stage 1: who is calling? Exactly one credential, where the platform file allows one to stand. Each
 * kind recognises its own strings, so a key sent as bearer is never taken for a token.
 */
export function createAuthenticate(
  platform: Platform,
  verifiers: readonly CredentialVerifier[],
): Stage {
  return (context) => {
    const presented = findCredentials(platform.presentations, context.request);
    if (presented.length > 1) return denied('ambiguous_credential');
    const one = presented[0];
    if (!one) return denied('missing_credential');
    if (one === UNREADABLE) return denied(refusalFor(one.presentation));
    const { credentials } = one.presentation;
    const verifier = verifiers.find(
      ({ kind, recognises }) => credentials.includes(kind) && recognises(one.text),
    );
    if (!verifier) return denied(refusalFor(one.presentation));
    const verdict = verifier.verify(one.text, context.request.address);
    return verdict instanceof Promise
      ? verdict.then((later) => conclude(context, verifier, later))
      : conclude(context, verifier, verdict);
  };
}

function conclude(context: GateContext, verifier: CredentialVerifier, verdict: Verdict) {
  if ('refusal' in verdict) {
    const { refusal, owner } = verdict;
    return denied(refusal, { credentialKind: verifier.kind, ...(owner ? { owner } : {}) });
  }
  return passed({ ...context, principal: verdict.principal });
}

/** An Authorization header of another scheme, or a malformed one. */
const UNREADABLE: Presented = { text: '', presentation: { in: 'bearer', credentials: [] } };

function findCredentials(
  presentations: readonly Presentation[],
  request: GateRequest,
): readonly Presented[] {
  const found: Presented[] = [];
  for (const presentation of presentations) {
    for (const text of valuesAt(presentation, request)) {
      found.push(text === undefined ? UNREADABLE : { text, presentation });
    }
  }
  return found;
}

/** Undefined stands for a header that is there and cannot be read. */
function valuesAt(presentation: Presentation, request: GateRequest): (string | undefined)[] {
  switch (presentation.in) {
    case 'bearer':
      return headerValues(request, 'authorization').map(
        (value) => /^Bearer +([\w.~+/-]+=*) *$/i.exec(value)?.[1],
      );
    case 'header':
      return headerValues(request, presentation.name).filter((value) => value !== '');
    case 'query':
      return queryValues(request.target, presentation.name);
  }
}

function headerValues(request: GateRequest, name: string): string[] {
  const value = request.headers[name];
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : [...value];
}

function queryValues(target: string, name: string): string[] {
  const start = target.indexOf('?');
  if (start < 0) return [];
  return new URLSearchParams(target.slice(start + 1)).getAll(name).filter((value) => value !== '');
}

/** In the words of what could have stood there: a key's place has keys' errors. */
function refusalFor({ credentials }: Presentation): 'invalid_api_key' | 'invalid_token' {
  const keysOnly = credentials.every((kind) => kind === 'api_key' || kind === 'playground_key');
  return keysOnly && credentials.length > 0 ? 'invalid_api_key' : 'invalid_token';
}
