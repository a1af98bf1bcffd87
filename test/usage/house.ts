import { openDatabase } from '../../src/database/database.ts';
import { silentLog } from '../../src/database/log.ts';
import type { GateContext } from '../../src/gate/context.ts';
import type { Decision } from '../../src/gate/gate.ts';
import type { DenialReason } from '../../src/platform/denial-reasons.ts';
import { createUsage, type Usage, type UsageQuery } from '../../src/usage/usage.service.ts';
import { createTestDatabase } from '../support/postgres.ts';

type Test = { teardown(work: () => Promise<void>): unknown };

interface Call {
  organization?: string | null;
  credential?: string;
  method?: string;
  path?: string;
  denied?: DenialReason;
  times?: number;
}

/** Tells a recorder of a decision, as the gate does. */
export function decide({ record }: Pick<Usage, 'record'>, call: Call = {}): void {
  const { organization = 'acme', credential = 'key', method = 'GET', path = '/v1/notes/*' } = call;
  const request = { method, target: '/', headers: {}, address: '192.0.2.1', requestId: 'r' };
  const context = {
    request,
    route: { route: { path }, parameters: {} },
    ...(organization === null
      ? {}
      : { principal: { kind: 'api_key', id: credential, organizationId: organization } }),
  } as unknown as GateContext;
  const decision: Decision = call.denied
    ? { allowed: false, denial: { reason: call.denied }, context }
    : { allowed: true, context };
  for (let i = 0; i < (call.times ?? 1); i += 1) record(request, decision);
}

/** Processes on one database, with a clock that stands where the test puts it. */
export async function openUsage(t: Test, processes = 1) {
  const { connectionString } = await createTestDatabase(t);
  const clock = { time: '2030-03-01T12:30:00Z', now: () => new Date(clock.time) };
  const open = (through = connectionString) => {
    const database = openDatabase({ connectionString: through, log: silentLog });
    t.teardown(() => database.close());
    return { database, ...createUsage({ database, clock, log: silentLog }) };
  };
  const all = Array.from({ length: processes }, () => open());
  return { connectionString, clock, open, all, usage: all[0]! };
}

/** Every bucket, page by page. */
export async function readAll(
  usage: Usage,
  query: Partial<UsageQuery> = {},
  tenant: string | null = null,
) {
  const items = [];
  const pages = [];
  let cursor: string | undefined;
  do {
    const answer = await usage.read(
      { organizationId: tenant },
      { interval: 'hour', groupBy: [], limit: 100, cursor, ...query },
    );
    if (answer.outcome !== 'read') throw new Error(JSON.stringify(answer));
    pages.push(answer.page.items.length);
    items.push(...answer.page.items);
    cursor = answer.page.nextCursor ?? undefined;
  } while (cursor);
  return { items, pages, sum: items.reduce((total, { requests }) => total + requests, 0) };
}
