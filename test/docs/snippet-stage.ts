import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exportPKCS8 } from 'jose';
import type { Test } from 'tap';
import { newAccount, newSigner, sign } from '../credentials/signer.ts';
import { openDesk } from '../gate/desk.ts';
import { obtainCode, redeem } from '../support/flows.ts';
import { createUser, registerClient } from '../support/gatehouse.ts';
import { pythonWith } from '../support/python.ts';
import { readPage } from './docs-page.ts';

const execute = promisify(execFile);

/** What the snippets import beside the standard library; PyJWT signs ES256 with cryptography. */
export const python = await pythonWith('httpx', 'jwt', 'cryptography');
if (!python) {
  process.stderr.write(`
  The Python snippets with requests and JWTs DID NOT RUN: python3 lacks httpx, PyJWT or cryptography.
  To run them, install Debian's packages:  apt-get install python3-httpx python3-jwt python3-cryptography
`);
}

/** Runs a snippet as it stands. */
export async function run(
  language: 'curl' | 'shell' | 'typescript' | 'python',
  code: string,
  environment: Record<string, string>,
): Promise<string> {
  const env = { PATH: process.env.PATH, ...environment };
  if (language === 'curl') return runCurl(code, env);
  if (language === 'shell') return bash(code, env);
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-snippet-'));
  try {
    const file = join(directory, language === 'python' ? 'snippet.py' : 'snippet.mts');
    await writeFile(file, code);
    const program = language === 'python' ? (python ?? 'python3') : process.execPath;
    return (await execute(program, [file], { env })).stdout;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const bash = async (script: string, env: NodeJS.ProcessEnv, cwd?: string): Promise<string> =>
  (await execute('bash', ['--norc', '-euc', script], { env, cwd })).stdout;

/** What a command prints; where it is one of cURL alone, the status comes first, as the programs print it. */
export async function runCurl(code: string, env: NodeJS.ProcessEnv, cwd?: string): Promise<string> {
  if (!code.startsWith('curl ')) return bash(code, env, cwd);
  const telling = `curl() { command curl -sS -w '\\n%{http_code}' "$@"; }`;
  const stdout = await bash(`${telling}\n${code}`, env, cwd);
  const end = stdout.lastIndexOf('\n');
  return `${stdout.slice(end + 1)} ${stdout.slice(0, end)}`;
}

export type Stage = Awaited<ReturnType<typeof openStage>>;

/** A server in front of an API that says yes to everything, its page, and somebody with credentials. */
export async function openStage(t: Pick<Test, 'teardown'>, name: string) {
  const desk = await openDesk(t, name, { environment: { UPSTREAM: await startApi(t) } });
  const { gatehouse } = desk;
  const { platform, issuer } = gatehouse;
  const page = readPage(await (await fetch(`${issuer}/docs/authentication`)).text());
  const variable = (suffix: string) => `${platform.id.toUpperCase()}_${suffix}`;
  const user = await createUser(gatehouse);
  const scopes = platform.scopes.map((scope) => scope.name);
  const key = await desk.key(user.organizationId, { scopes });
  const client = await registerClient(gatehouse, {
    grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
    organizationId: user.organizationId,
  });
  const environment = {
    [variable('API_KEY')]: key.key,
    [variable('ORG_ID')]: user.organizationId,
    [variable('EMAIL')]: user.email,
    [variable('PASSWORD')]: user.password,
    [variable('CLIENT_ID')]: client.clientId,
    [variable('CLIENT_SECRET')]: client.secret,
    [variable('REDIRECT_URI')]: client.redirectUri,
  };
  const asTokens = (access: unknown, refresh: unknown) => ({
    [variable('ACCESS_TOKEN')]: String(access),
    [variable('REFRESH_TOKEN')]: String(refresh),
  });
  const obtain = () => obtainCode(gatehouse, client, user, { scope: scopes.join(' ') });

  return {
    ...{ desk, gatehouse, platform, page, variable, environment, user, apiKey: key.key },
    /** The samples that are requests, by their name: all but the one that signs. */
    requests: page.ids
      .filter((id) => id.endsWith('-curl') && id !== 'sign-jwt-curl')
      .map((id) => id.slice(0, -5)),
    async code() {
      const { code, pkce } = await obtain();
      return { [variable('CODE')]: code, [variable('CODE_VERIFIER')]: pkce.verifier };
    },
    async tokens() {
      const { code, pkce } = await obtain();
      const { body } = await redeem(gatehouse, client, code, pkce);
      return asTokens(body.access_token, body.refresh_token);
    },
    async userTokens() {
      if (!platform.userTokens.enabled) throw new Error('there are none');
      const { email, password } = user;
      const response = await fetch(issuer + platform.userTokens.tokenPath, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email, password }),
      });
      const body = (await response.json()) as Record<string, unknown>;
      return asTokens(
        body.accessToken ?? body.access_token,
        body.refreshToken ?? body.refresh_token,
      );
    },
    async account() {
      const signer = await newSigner();
      const account = await newAccount(desk, user.organizationId, [signer]);
      return { account: account.id, privateKey: await exportPKCS8(signer.privateKey), signer };
    },
    async serviceJwt(audience: string) {
      const signer = await newSigner();
      const account = await newAccount(desk, user.organizationId, [signer]);
      const jwt = await sign(signer, account, audience, { claims: { jti: randomUUID() } });
      return { [variable('SERVICE_JWT')]: jwt, [variable('ASSERTION')]: jwt };
    },
    async playgroundKey() {
      if (!platform.playgroundKeys.enabled) throw new Error('there are none');
      const response = await fetch(issuer + platform.playgroundKeys.path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ fingerprint: randomUUID() }),
      });
      const { key } = (await response.json()) as { key: string };
      return { [variable('API_KEY')]: key };
    },
  };
}

async function startApi(t: Pick<Test, 'teardown'>): Promise<string> {
  const server = createServer((_request, response) => response.end('{"data":[]}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
