import type { ScopePolicy } from '../scope-policy.ts';
import { createAddressList } from './address-list.ts';
import type { ApiKey } from './api-key.ts';

/** How a key stands at this moment, as far as what it made is concerned. */
export interface KeyStanding
  extends Pick<ApiKey, 'scopes' | 'limits' | 'allowedAddresses' | 'expiresAt'> {
  /** Revoked or disabled. */
  readonly isShutOut: boolean;
}

/** What a key comes to: what it says itself, and never more than any key it descends from. */
export interface Held {
  /** With everything they imply. */
  readonly scopes: ReadonlySet<string>;
  readonly limits: Readonly<Record<string, number>>;
  /** The nearest list, for keys that this one makes; empty is anywhere. */
  readonly allowedAddresses: readonly string[];
  /** Whether it may come from there, by every list; undefined: from anywhere. */
  readonly comesFrom: ((address: string) => boolean) | undefined;
  readonly expiresAt: Date | null;
  readonly isShutOut: boolean;
}

/** @param line the key, then whoever made it, and so on to the first that no key made */
export function heldBy(
  line: readonly [KeyStanding, ...KeyStanding[]],
  scopePolicy: ScopePolicy,
): Held {
  const [own, ...ofMakers] = line.map((each) => scopePolicy.expand(each.scopes));
  const lists = line.map((each) => each.allowedAddresses).filter((list) => list.length > 0);
  const comesFrom = lists.map(createAddressList);
  return {
    scopes: new Set([...own!].filter((scope) => ofMakers.every((maker) => maker.has(scope)))),
    limits: leastLimits(line),
    allowedAddresses: lists[0] ?? [],
    comesFrom:
      comesFrom.length > 0 ? (address) => comesFrom.every((allows) => allows(address)) : undefined,
    expiresAt: line.reduce<Date | null>((first, { expiresAt }) => sooner(first, expiresAt), null),
    isShutOut: line.some((each) => each.isShutOut),
  };
}

function leastLimits(line: readonly KeyStanding[]): Record<string, number> {
  const least: Record<string, number> = {};
  for (const [name, figure] of line.flatMap(({ limits }) => Object.entries(limits))) {
    least[name] = Math.min(figure, least[name] ?? figure);
  }
  return least;
}

/** Null is never. */
function sooner(one: Date | null, other: Date | null): Date | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}
