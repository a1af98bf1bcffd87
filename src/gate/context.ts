import type { Count } from '../limits/counter-store.ts';
import type { DenialReason } from '../platform/denial-reasons.ts';
import type { CredentialKind, Plan } from '../platform/platform.ts';
import type { RouteMatch } from '../platform/routes.ts';
import type { Principal } from './principal.ts';

/** What the gate is asked about: a request to the upstream API. */
export interface GateRequest {
  readonly method: string;
  /** As in the request line: still encoded, with query. */
  readonly target: string;
  /** By lower-cased name; a header that came twice is an array. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The caller's IP address. */
  readonly address: string;
  readonly requestId: string;
}

/** What the stages have found out so far. Each stage adds its part; none changes another's. */
export interface GateContext {
  readonly request: GateRequest;
  readonly route: RouteMatch;
  /** Set by authenticate. */
  readonly principal?: Principal;
  /** Set by organization. */
  readonly organizationId?: string | null;
  /** Set by organization: the plan of that organization. */
  readonly plan?: Plan;
  /** Set by metering: every count of this request, the tightest decides the headers. */
  readonly counts?: readonly MeteredCount[];
}

export interface MeteredCount extends Count {
  /** The limit's name, as the platform file has it. */
  readonly name: string;
  readonly windowSeconds: number | null;
}

/** A stage's no. */
export interface Denial {
  readonly reason: DenialReason;
  /** The kinds of credential that could be presented, or the one that was. */
  readonly credentialKind?: CredentialKind;
  /** Whose credential was refused, where it is known: never part of the answer. */
  readonly owner?: Principal;
  readonly requiredScope?: string;
  readonly requiredModule?: string;
  /** Name of the limit that is used up. */
  readonly limit?: string;
  /** Whole seconds; absent when waiting doesn't help. */
  readonly retryAfterSeconds?: number;
  readonly counts?: readonly MeteredCount[];
}

export interface Refused {
  readonly passed: false;
  readonly denial: Denial;
}

export type StageResult = { readonly passed: true; readonly context: GateContext } | Refused;

/** Takes what is known and returns more of it, or a denial. Waits only where it must. */
export type Stage = (context: GateContext) => StageResult | Promise<StageResult>;

export const passed = (context: GateContext): StageResult => ({ passed: true, context });

export const denied = (reason: DenialReason, more: Omit<Denial, 'reason'> = {}): Refused => ({
  passed: false,
  denial: { reason, ...more },
});
