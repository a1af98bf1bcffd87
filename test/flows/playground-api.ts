import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';

/** How the API answers a request; default 200. */
export interface Answer {
  status: number;
  location?: string;
}

/** The requests that reached the API, newest last. */
export type Received = { method: string; url: string; headers: IncomingHttpHeaders }[] & {
  /** Something else than yes, once. */
  answerNext(answer: Answer): void;
};

/** An API that says yes to everything. */
export async function startApi(t: Test): Promise<{ url: string; received: Received }> {
  let next: Answer | undefined;
  const received: Received = Object.assign([], {
    answerNext: (answer: Answer) => {
      next = answer;
    },
  });
  const server = createServer(({ method = '', url = '', headers }, response) => {
    received.push({ method, url, headers });
    const { status, location } = next ?? { status: 200 };
    next = undefined;
    const type = { 'content-type': 'application/json' };
    response.writeHead(status, { ...type, ...(location ? { location } : {}) });
    response.end(JSON.stringify({ from: 'the API' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}
