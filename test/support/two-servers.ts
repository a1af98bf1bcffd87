import type { Test } from 'tap';
import type { TokenAnswer } from './flows.ts';
import { startGatehouse, type TestGatehouse, type TestGatehouseOptions } from './gatehouse.ts';

/** Where a request goes: the flows take this for a server. */
export interface Server {
  issuer: string;
}

export interface TwoServers {
  first: TestGatehouse;
  second: TestGatehouse;
  /** Both, to send requests to in turn. */
  servers: [Server, Server];
}

/** Two servers on one database that answer for one issuer, as two processes behind a load balancer. */
export async function startTwoServers(
  t: { teardown(work: () => Promise<void>): unknown },
  options: TestGatehouseOptions = {},
): Promise<TwoServers> {
  const first = await startGatehouse(t, options);
  const { connectionString, issuer } = first;
  const second = await startGatehouse(t, { ...options, connectionString, issuer });
  return { first, second, servers: [{ issuer: first.address }, { issuer: second.address }] };
}

/** Sends fifty at once, in turn to each server. */
export const fiftyAtOnce = <Answer>(
  servers: readonly Server[],
  send: (server: Server, index: number) => Promise<Answer>,
): Promise<Answer[]> =>
  Promise.all(
    Array.from({ length: 50 }, (_, index) => send(servers[index % servers.length]!, index)),
  );

/** On a machine that is too busy so many may hear 503, which is no success either. */
const MAX_BUSY = 5;

/** Asserts that exactly one succeeded, and gives it. The others hear the refusal. */
export function soleSuccess(
  t: Pick<Test, 'equal' | 'ok'>,
  answers: readonly TokenAnswer[],
  refusal: string,
): TokenAnswer {
  const successes = answers.filter(({ status }) => status === 200);
  t.equal(successes.length, 1, 'one success');
  // RFC 6749 §5.2: 401 for a client that does not prove who it is, else 400.
  const expected = refusal === 'invalid_client' ? 401 : 400;
  const refused = answers.filter(
    ({ status, body }) => status === expected && body.error === refusal,
  );
  const busy = answers.filter(({ status }) => status === 503).length;
  t.equal(refused.length + busy, answers.length - 1, `the others: ${refusal}`);
  t.ok(busy <= MAX_BUSY, `not more than ${MAX_BUSY} were turned away as on a busy machine`, {
    busy,
  });
  return successes[0]!;
}

/** Waits until something is so, and fails after the time it must not take. */
export async function within(ms: number, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + ms;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`not so within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
