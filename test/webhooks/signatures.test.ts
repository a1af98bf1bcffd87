import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Webhook } from 'standardwebhooks';
import t, { type Test } from 'tap';
import { newWebhookSecret, signatureHeaders } from '../../src/webhooks/signatures.ts';
import { isInstalled, run as runToEnd } from '../sdk/toolchain.ts';

const run = promisify(execFile);
const TIMESTAMPED = {
  signatureHeader: 'X-Kaie-Signature',
  signatureStyle: 'timestamped',
} as const;
const PLAIN = { ...TIMESTAMPED, signatureStyle: 'plain' } as const;

const now = () => Math.floor(Date.now() / 1000);
const message = (timestamp = now()) => ({
  ...{ id: 'msg_1', timestamp },
  body: '{"type":"note.created","data":{"text":"é \u2028 😀"}}',
});
const keyOf = (secret: string) => Buffer.from(secret.slice('whsec_'.length), 'base64');

t.test('a secret is 256 random bits behind whsec_', async (t) => {
  const secret = newWebhookSecret();
  t.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  t.equal(keyOf(secret).length, 32);
  t.not(secret, newWebhookSecret());
});

t.test('the platform’s header is an HMAC-SHA256 over timestamp and body', async (t) => {
  const [one, two] = [newWebhookSecret(), newWebhookSecret()];
  const sent = message(1_767_225_600);
  const hex = (secret: string, content: string) =>
    createHmac('sha256', keyOf(secret)).update(content).digest('hex');
  const signed = `1767225600.${sent.body}`;
  t.equal(
    signatureHeaders(sent, [one, two], TIMESTAMPED)['X-Kaie-Signature'],
    `t=1767225600,v1=${hex(one, signed)},v1=${hex(two, signed)}`,
  );
  t.equal(
    signatureHeaders(sent, [one], PLAIN)['X-Kaie-Signature'],
    `sha256=${hex(one, sent.body)}`,
  );
});

t.test('Standard Webhooks’ own library takes what we send, and nothing old', async (t) => {
  const [fresh, old] = [newWebhookSecret(), newWebhookSecret()];
  const sent = message();
  const headers = signatureHeaders(sent, [fresh, old], TIMESTAMPED);
  for (const secret of [fresh, old]) {
    t.same(new Webhook(secret).verify(sent.body, headers), JSON.parse(sent.body));
    const theirs = new Webhook(secret).sign(sent.id, new Date(sent.timestamp * 1000), sent.body);
    t.ok(headers['webhook-signature']?.split(' ').includes(theirs), 'byte for byte');
  }
  t.throws(() => new Webhook(newWebhookSecret()).verify(sent.body, headers));
  t.throws(() => new Webhook(fresh).verify(`${sent.body} `, headers));
  const late = message(now() - 301);
  t.throws(() =>
    new Webhook(fresh).verify(late.body, signatureHeaders(late, [fresh], TIMESTAMPED)),
  );
});

const PYTHON = `
import json, sys
from standardwebhooks.webhooks import Webhook
for case in json.load(sys.stdin):
    try:
        Webhook(case["secret"]).verify(case["body"], case["headers"])
        print("taken")
    except Exception as error:
        print("refused")
`;

/** A python that has the library; undefined: it was said why there is none. */
async function installLibrary(t: Test, directory: string): Promise<string | undefined> {
  // Without a tool or a network nothing can be told; in CI that is a failure like any other.
  const mayLack = !process.env.CI;
  if (mayLack && !isInstalled('python3', '-cimport venv, ensurepip')) {
    t.pass('NOT RUN: this machine has no python3 with venv');
    return undefined;
  }
  const made = await runToEnd('python3', ['-m', 'venv', 'venv'], { cwd: directory });
  if (made.code !== 0) {
    t.fail(made.output);
    return undefined;
  }
  const python = join(directory, 'venv/bin/python');
  const pip = ['-m', 'pip', 'install', '--quiet', 'standardwebhooks==1.0.1'];
  const { code, output } = await runToEnd(python, pip, { cwd: directory });
  if (code === 0) return python;
  if (mayLack && /No matching distribution|Failed to establish/.test(output)) {
    t.pass('NOT RUN: pip cannot fetch standardwebhooks here');
  } else t.fail(output);
  return undefined;
}

t.test('Standard Webhooks’ Python library agrees', { timeout: 120_000 }, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-python-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const python = await installLibrary(t as Test, directory);
  if (!python) return;
  const secret = newWebhookSecret();
  const [sent, late] = [message(), message(now() - 301)];
  const caseOf = (what: typeof sent, signedWith = [secret]) => ({
    ...{ secret, body: what.body, headers: signatureHeaders(what, signedWith, TIMESTAMPED) },
  });
  const cases = [
    caseOf(sent),
    caseOf(sent, [newWebhookSecret(), secret]),
    caseOf(sent, [newWebhookSecret()]),
    caseOf(late),
  ];
  const program = join(directory, 'verify.py');
  await writeFile(program, PYTHON);
  const child = run(python, [program]);
  child.child.stdin!.end(JSON.stringify(cases));
  const { stdout } = await child;
  t.same(stdout.trim().split('\n'), ['taken', 'taken', 'refused', 'refused']);
});

interface Vector {
  name: string;
  input: {
    payload: string;
    secrets: string[];
    header: string;
    style: 'timestamped' | 'plain';
    headers: Record<string, string>;
  };
  expect: { valid?: boolean };
}

/** A header of ours without its signatures of other secrets than the first. */
const signaturesIn = (value = '') => value.split(/[ ,]?(?=v1[,=]|sha256=)/);

t.test('the SDKs’ vectors have the signatures that we send', async (t) => {
  const file = new URL('../../sdk/vectors/webhooks.json', import.meta.url);
  const { cases } = JSON.parse(await readFile(file, 'utf8')) as { cases: Vector[] };
  const sent = cases.filter(({ name }) => /as it is sent|the sender signs with both/.test(name));
  t.equal(sent.length, 6);
  for (const { name, input } of sent) {
    const { payload: body, secrets, header: signatureHeader, style: signatureStyle } = input;
    const id = input.headers['webhook-id'] ?? 'msg_1';
    const ours = signatureHeaders({ id, timestamp: 1_795_219_200, body }, secrets, {
      ...{ signatureHeader, signatureStyle },
    });
    const carrier = input.headers[signatureHeader] ? signatureHeader : 'webhook-signature';
    const theirs = input.headers[carrier];
    // Where the sender signs with both, the receiver's one is the second.
    if (!name.includes('both')) t.equal(ours[carrier], theirs, name);
    t.equal(signaturesIn(ours[carrier]).at(-1), signaturesIn(theirs).at(-1), name);
  }
});

/** A package with a compiler configuration of its own: it is loaded, not compiled with ours. */
const SDK = new URL('../../sdk/typescript/src/webhooks.ts', import.meta.url).href;
type Verify = (delivery: {
  payload: Uint8Array;
  headers: Record<string, string>;
  secrets: string[];
  webhook: { header: string; style: 'timestamped' | 'plain' };
}) => Promise<unknown>;

t.test('the TypeScript SDK takes what we send, while a secret is rotated, too', async (t) => {
  const { verifyWebhook } = (await import(SDK)) as { verifyWebhook: Verify };
  const [fresh, old] = [newWebhookSecret(), newWebhookSecret()];
  for (const style of [TIMESTAMPED, PLAIN]) {
    const sent = message();
    const payload = Buffer.from(sent.body);
    const webhook = { header: style.signatureHeader, style: style.signatureStyle };
    const headers = signatureHeaders(sent, [fresh, old], style);
    const own = { [style.signatureHeader]: headers[style.signatureHeader]! };
    for (const secret of [fresh, old]) {
      for (const each of [headers, own]) {
        const delivery = { payload, headers: each, secrets: [secret], webhook };
        await t.resolves(verifyWebhook(delivery));
      }
    }
    const foreign = { payload, headers: own, secrets: [newWebhookSecret()], webhook };
    await t.rejects(verifyWebhook(foreign), /No signature fits/);
  }
});
