import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import type { Test } from 'tap';
import { exactRequest } from '../support/exact-request.ts';
import type { TestGatehouse } from '../support/gatehouse.ts';
import type { RawAnswer } from '../support/raw-request.ts';
import type { HostileRequest } from './hostile-requests.ts';

// Requests that nobody honest sends, by the hundred. The same ones each time; FUZZ_SEED=<number> has others.

export const SEED = Number(process.env.FUZZ_SEED ?? 20_261_121);
const DEADLINE_MS = 10_000;

export type Secrets = ReturnType<typeof createSecrets>;

/** Whatever must never be in a log: what was there at first, and what the server has made since. */
export function createSecrets({ adminKey, config }: TestGatehouse, more: readonly string[]) {
  const secrets = new Set([adminKey, config.masterKey.toString('base64'), ...more]);
  return {
    all: secrets,
    add: (text: string) => void secrets.add(text),
    /** Remembers what an answer shows once. */
    learn({ json }: RawAnswer) {
      for (const name of SHOWN_ONCE) {
        const value = json[name];
        if (typeof value === 'string' && value.length > 20) secrets.add(value);
      }
    },
    newPassword(): string {
      const password = `correct horse ${randomBytes(9).toString('hex')}`;
      secrets.add(password);
      return password;
    },
  };
}

const SHOWN_ONCE = [
  ...['key', 'client_secret', 'registration_access_token', 'access_token', 'refresh_token'],
  ...['accessToken', 'refreshToken'],
];

/** What is wrong with an answer at any door, if something is. */
export function mistakeAnywhere({ status, text }: RawAnswer): string | undefined {
  if (status >= 500) return 'a server error';
  return /node_modules|\bat .*\.ts:\d|postgres|prisma/i.test(text)
    ? 'tells of the inside'
    : undefined;
}

/** An error is JSON in the words of its door. @param isWorded whether the body has them */
export function mistakeInWords(
  answer: RawAnswer,
  isWorded: (answer: RawAnswer) => boolean,
): string | undefined {
  const type = String(answer.headers['content-type'] ?? '');
  if (answer.text === '') return 'an error without words';
  if (!/^application\/(problem\+)?json/.test(type)) return `an error of type ${type}`;
  if (typeof answer.json !== 'object') return 'no object';
  if (type.startsWith('application/problem+json')) {
    return isProblem(answer) ? undefined : 'no problem document';
  }
  return isWorded(answer) ? undefined : 'an error in other words';
}

const isProblem = ({ json, status }: RawAnswer) =>
  json.status === status && typeof json.title === 'string' && typeof json.detail === 'string';

export interface Fuzzing<Request extends HostileRequest> {
  gatehouse: TestGatehouse;
  requests: number;
  secrets: Secrets;
  next(): Request;
  /** What is wrong with an answer, if something is; it may look at what came of the request elsewhere. */
  mistakeIn(request: Request, answer: RawAnswer): string | undefined;
  /** Statuses that must be among the answers: else the requests were all of one kind. */
  statuses: readonly number[];
}

/** Sends them one after the other, and looks at each answer and then at the log. */
export async function runFuzz<Request extends HostileRequest>(
  t: Test,
  { gatehouse, requests, secrets, next, mistakeIn, statuses }: Fuzzing<Request>,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(async () => agent.destroy());
  const port = Number(new URL(gatehouse.address).port);
  const heard = new Map<number, number>();
  let slowest = 0;
  for (let turn = 1; turn <= requests; turn += 1) {
    const request = next();
    const { method, target, headers, body } = request;
    const start = performance.now();
    const answer = await exactRequest(port, { method, target, headers, body, agent });
    slowest = Math.max(slowest, performance.now() - start);
    secrets.learn(answer);
    heard.set(answer.status, (heard.get(answer.status) ?? 0) + 1);
    const mistake = mistakeIn(request, answer);
    if (mistake) {
      t.fail(`turn ${turn}: ${mistake}: ${method} ${target.slice(0, 300)}`, {
        ...{ answer: answer.text.slice(0, 500), body: request.body.toString().slice(0, 500) },
        ...{ status: answer.status, headers },
      });
    }
  }
  t.comment(`seed ${SEED}: ${requests} requests, ${[...heard].sort().join(' ')}`);
  t.ok(slowest < DEADLINE_MS, `each answered in time, the slowest in ${Math.round(slowest)} ms`);
  for (const status of statuses) {
    t.ok(heard.has(status), `the requests were of many kinds: ${status}`);
  }
  await expectUnharmed(t, gatehouse, secrets);
}

/** After any run: no secret was logged, nothing failed inside, and the server goes on. */
export async function expectUnharmed(
  t: Test,
  { logLines, address }: TestGatehouse,
  secrets: Secrets,
): Promise<void> {
  const log = logLines.join('\n');
  const leaked = [...secrets.all].filter((secret) => log.includes(secret));
  t.strictSame(leaked, [], 'no secret in a log line');
  const failures = logLines.filter((line) => JSON.parse(line).level >= 50);
  t.strictSame(failures, [], 'nothing failed');
  t.equal((await fetch(`${address}/readyz`)).status, 200, 'ready as before');
  t.equal(({} as { isAdmin?: boolean }).isAdmin, undefined, 'no prototype was touched');
}
