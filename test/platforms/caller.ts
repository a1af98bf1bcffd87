import type { Test } from 'tap';
import type { Desk } from '../gate/desk.ts';
import type { TestClient } from '../support/gatehouse.ts';

// Whoever calls the API of a platform: a developer with what the platform's document says.

/** What a caller of the API is told, and what the operator reads of it. */
export interface Heard {
  status: number;
  headers: Headers;
  body: unknown;
  /** The canonical reason in the log; null: the request was let through. */
  reason: string | null;
}

/** Calls the platform's API as it stands behind a proxy that asks the gate first (forward-auth). */
export async function ask(
  { gatehouse }: Pick<Desk, 'gatehouse'>,
  method: string,
  target: string,
  headers: Record<string, string> = {},
): Promise<Heard> {
  const response = await fetch(`${gatehouse.address}/gate/check`, {
    headers: { ...headers, 'x-forwarded-method': method, 'x-forwarded-uri': target },
  });
  const text = await response.text();
  return {
    ...{ status: response.status, headers: response.headers },
    body: text === '' ? null : JSON.parse(text),
    reason: response.status === 200 ? null : reasonInLog(gatehouse.logLines, response.headers),
  };
}

function reasonInLog(lines: readonly string[], headers: Headers): string {
  const requestId = headers.get('x-request-id')!;
  const line = lines.findLast(
    (one) => one.includes(requestId) && one.includes('denied at the gate'),
  );
  if (!line) throw new Error(`no denial of request ${requestId} in the log`);
  return JSON.parse(line).reason;
}

/** Calls, each as `GET /v1/notes`, and what came of them. */
export interface Sorted {
  /** Those that were let through, in their order. */
  allowed: string[];
  /** What the others heard, each once: `403 insufficient_permission`. */
  refusals: string[];
}

export async function sortCalls(
  desk: Desk,
  calls: readonly string[],
  headers: Record<string, string>,
): Promise<Sorted> {
  const allowed: string[] = [];
  const refusals = new Set<string>();
  for (const call of calls) {
    const [method = '', target = ''] = call.split(' ');
    const { status, reason } = await ask(desk, method, target, headers);
    if (status === 200) allowed.push(call);
    else refusals.add(`${status} ${reason}`);
  }
  return { allowed, refusals: [...refusals].sort() };
}

const AT_ONCE = 20;

/** The same request so many times, some of them at any moment under way. */
export async function crowd<Answer>(
  count: number,
  send: (index: number) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      next += 1;
      answers.push(await send(next));
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, worker));
  return answers;
}

export const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` });

/** Registers an OAuth client in the management API, as the operator does. */
export async function newClient(desk: Desk, more: object): Promise<TestClient> {
  const made = await desk.call('POST', '/manage/v1/clients', { name: 'Example App', ...more });
  if (made.status !== 201) throw new Error(made.text);
  const { client_id, client_secret, redirect_uris } = made.body;
  return { clientId: client_id, secret: client_secret, redirectUri: redirect_uris[0] ?? '' };
}

/** What is shown once is nowhere else: not in what is read of it later, nor in the log. */
export async function expectShownOnce(
  t: Pick<Test, 'notOk' | 'equal'>,
  desk: Desk,
  made: { id: string; key: string },
): Promise<void> {
  for (const path of [
    `/manage/v1/api-keys/${made.id}`,
    '/manage/v1/api-keys',
    '/manage/v1/audit',
  ]) {
    const { status, text } = await desk.call('GET', path);
    t.equal(status, 200, path);
    t.notOk(text.includes(made.key), path);
  }
  t.notOk(desk.gatehouse.logLines.join('\n').includes(made.key), 'the log');
}
