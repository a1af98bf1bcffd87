import type { Test } from 'tap';
import type { LiveServer, LiveServers } from '../../sdk/live/start.ts';
import { readVectors } from './vectors.ts';

/** A case of sdk/vectors/live.json. */
export interface Scenario {
  readonly name: string;
  readonly where?: keyof LiveServer;
  readonly unless?: keyof LiveServer;
  readonly input: {
    /** Option → where in the server's description it is. */
    readonly options?: Readonly<Record<string, string>>;
    readonly ask?: 'allowed' | 'forbidden' | 'notEntitled';
    readonly calls?: number;
    readonly do?: string;
    readonly body?: string;
  };
  readonly expect: {
    readonly credential?: string;
    readonly kind?: string;
    readonly error?: string;
    readonly status?: number;
    readonly reason?: string;
    readonly code?: string;
    readonly requestId?: true;
    readonly retryAfter?: true;
  };
}

export const SCENARIOS: readonly Scenario[] = readVectors<{ cases: Scenario[] }>('live').cases;

/** Whether there is anything to try on that server. */
export const isFor = ({ where, unless }: Scenario, server: LiveServer): boolean =>
  (where === undefined || Boolean(server[where])) && (unless === undefined || !server[unless]);

export const lineOf = (platform: string, scenario: Scenario, server: LiveServer): string =>
  `live: ${platform}: ${scenario.name}: ${isFor(scenario, server) ? 'ok' : 'none'}`;

/** What a program must report: every scenario of the list on every platform. */
export const wantedLines = (servers: LiveServers): string[] =>
  Object.entries(servers).flatMap(([platform, server]) =>
    SCENARIOS.map((scenario) => lineOf(platform, scenario, server)),
  );

/** That a program reported every scenario of the list on every platform, each once, and no other. */
export function checkReport(t: Pick<Test, 'same'>, output: string, servers: LiveServers): boolean {
  const reported = output.match(/^live: .*$/gm) ?? [];
  const wanted = wantedLines(servers).toSorted();
  return t.same(reported.toSorted(), wanted, 'the scenarios of sdk/vectors/live.json');
}

/** That each scenario has something to try somewhere, and depends on what servers tell of themselves. */
export function checkList(t: Pick<Test, 'ok'>, servers: LiveServers): void {
  const all = Object.values(servers);
  for (const scenario of SCENARIOS) {
    const { name, where, unless } = scenario;
    t.ok(
      all.some((server) => isFor(scenario, server)),
      name,
    );
    for (const field of [where, unless]) {
      t.ok(field === undefined || all.every((server) => field in server), `${name}: ${field}`);
    }
  }
}
