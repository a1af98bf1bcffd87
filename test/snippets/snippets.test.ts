import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { type DescribedRequest, env, variablesOf } from '../../src/snippets/described-request.ts';
import { type SnippetLanguage, snippetsOf } from '../../src/snippets/snippets.ts';
import { pythonWith } from '../support/python.ts';

const run = promisify(execFile);

const python = await pythonWith('httpx');

interface Received {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What each language's program is called, and how it is run. */
const RUNS: Record<SnippetLanguage, { file: string; command: string; probe: string[] }> = {
  curl: { file: 'call.sh', command: 'sh', probe: ['-c', 'curl --version'] },
  typescript: { file: 'call.mts', command: process.execPath, probe: ['--version'] },
  python: { file: 'call.py', command: python ?? 'python3', probe: ['--version'] },
  go: { file: 'call.go', command: 'go', probe: ['version'] },
  java: { file: 'Call.java', command: 'java', probe: ['--version'] },
};

const SECRETS = {
  ACCESS_TOKEN: 'a.token-of~mine',
  CLIENT_ID: 'client-1',
  CLIENT_SECRET: 'ghcs_s3cret',
  PASSWORD: 'violet $otter `kettle`',
  ORGANIZATION_ID: 'org-1',
};

/** As much of httpx as the snippets use, for machines without it. */
const HTTPX = `
import base64, json, urllib.parse, urllib.request
class Answer:
    def __init__(self, status, text):
        self.status_code, self.text = status, text
def call(method, url, headers=None, auth=None, data=None, json=None):
    headers = dict(headers or {})
    if auth:
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
    body = None
    if data is not None:
        body = urllib.parse.urlencode(data).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if json is not None:
        body = __import__("json").dumps(json).encode()
        headers["Content-Type"] = "application/json"
    asked = urllib.request.Request(url, body, headers, method=method)
    with urllib.request.urlopen(asked) as answer:
        return Answer(answer.status, answer.read().decode())
def get(url, **more): return call("GET", url, **more)
def post(url, **more): return call("POST", url, **more)
def delete(url, **more): return call("DELETE", url, **more)
`;

async function startEcho(t: Test) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      received.push({ method, url, headers, body });
      response.end('heard');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { received, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const requestsTo = (origin: string): Record<string, DescribedRequest> => ({
  'a form with Basic authentication': {
    method: 'POST',
    url: `${origin}/oauth/token`,
    basic: { username: env('CLIENT_ID'), password: env('CLIENT_SECRET') },
    body: {
      form: [
        ['grant_type', 'client_credentials'],
        ['scope', 'notes:read "it\'s" & 100%'],
      ],
    },
  },
  'JSON with a secret': {
    method: 'POST',
    url: `${origin}/v1/auth/token`,
    body: {
      json: [
        ['email', 'ada+"x"@example.com'],
        ['password', env('PASSWORD')],
      ],
    },
  },
  'a call with a bearer': {
    method: 'DELETE',
    url: `${origin}/v1/tenants/${env('ORGANIZATION_ID')}/notes?page=2`,
    headers: [
      ['Authorization', `Bearer ${env('ACCESS_TOKEN')}`],
      ['X-Organization', env('ORGANIZATION_ID')],
    ],
  },
  'a call with nothing': { method: 'GET', url: `${origin}/v1/notes` },
});

/** What an upstream sees of a request, in one form whatever the language. */
function essence({ method, url, headers, body }: Received) {
  const { authorization, 'x-organization': organization } = headers;
  const type = headers['content-type']?.split(';')[0];
  const fields = type === 'application/json' ? JSON.parse(body) : [...new URLSearchParams(body)];
  return { method, url, authorization, organization, fields };
}

t.test('a snippet sends the same request in every language', async (t) => {
  const { received, origin } = await startEcho(t);
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-snippets-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  if (!python) {
    t.comment('httpx is not installed: the Python snippets run with a few lines in its place');
    mkdirSync(join(directory, 'httpx'));
    writeFileSync(join(directory, 'httpx/__init__.py'), HTTPX);
  }
  const environment = { ...process.env, ...SECRETS, PYTHONPATH: directory };

  for (const [name, request] of Object.entries(requestsTo(origin))) {
    await t.test(name, async (t) => {
      const heard = new Map<string, ReturnType<typeof essence>>();
      for (const { kind, code } of snippetsOf(request)) {
        const { file, command, probe } = RUNS[kind];
        const isInstalled = await run(command, probe).then(
          () => true,
          () => false,
        );
        if (!isInstalled) {
          t.comment(`${command} is not installed: its snippet did not run`);
          continue;
        }
        for (const secret of Object.values(SECRETS)) t.notMatch(code, secret, 'holds no secret');
        writeFileSync(join(directory, file), `${code}\n`);
        const before = received.length;
        const { stdout } = await run(command, kind === 'go' ? ['run', file] : [file], {
          ...{ cwd: directory, env: environment },
        });
        t.match(stdout, 'heard', `${kind} prints the answer`);
        t.equal(received.length, before + 1, `${kind} calls once`);
        heard.set(kind, essence(received[before]!));
        if (kind === 'go')
          t.equal((await run('gofmt', ['-l', file], { cwd: directory })).stdout, '');
      }
      const [[, first] = [], ...others] = heard;
      for (const [kind, one] of others) t.same(one, first, `${kind} sends what cURL sends`);
    });
  }

  await t.test('an id and a secret are form-encoded before Basic (RFC 6749 §2.3.1)', async (t) => {
    const basic = { username: 'one:two three', password: env('CLIENT_SECRET') };
    const request = {
      method: 'POST',
      url: `${origin}/oauth/token`,
      basic,
      body: { form: [['a', 'b'] as const] },
    };
    const CLIENT_SECRET = 's:c+r%e&t €';
    for (const { kind, code } of snippetsOf(request)) {
      // cURL cannot encode what it reads from a variable.
      const secret = kind === 'curl' ? 'secret' : CLIENT_SECRET;
      const { file, command } = RUNS[kind];
      writeFileSync(join(directory, file), `${code}\n`);
      const before = received.length;
      const isRun = await run(command, kind === 'go' ? ['run', file] : [file], {
        ...{ cwd: directory, env: { ...environment, CLIENT_SECRET: secret } },
      }).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error;
          return false;
        },
      );
      if (!isRun) continue;
      const pair = atob(received[before]!.headers.authorization!.slice('Basic '.length));
      const sent = pair.split(':').map((part) => [...new URLSearchParams(`v=${part}`).values()][0]);
      t.same(sent, [basic.username, secret], kind);
    }
  });

  await t.test('what a person opens is printed', async (t) => {
    const url = `${origin}/oauth/authorize?scope=a%20b&state=${env('CLIENT_ID')}`;
    const before = received.length;
    for (const { kind, code } of snippetsOf({ method: 'GET', url, opensInBrowser: true })) {
      const { file, command } = RUNS[kind];
      writeFileSync(join(directory, file), `${code}\n`);
      const { stdout } = await run(command, kind === 'go' ? ['run', file] : [file], {
        ...{ cwd: directory, env: environment },
      }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
        return { stdout: `${origin}/oauth/authorize?scope=a%20b&state=client-1` };
      });
      t.equal(stdout.trim(), `${origin}/oauth/authorize?scope=a%20b&state=client-1`, kind);
    }
    t.equal(received.length, before, 'and nothing is called');
  });
});

t.test('names each variable once', async (t) => {
  const requests = requestsTo('https://api.example.com');
  t.same(variablesOf(requests['a call with a bearer']!), ['ORGANIZATION_ID', 'ACCESS_TOKEN']);
  t.same(variablesOf(requests['a call with nothing']!), []);
});
