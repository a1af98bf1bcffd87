import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readPastedKey } from '../../src/dashboard/pasted-key.ts';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed = generateKeyPairSync('ed25519');
const pem = (key: typeof publicKey) => key.export({ type: 'spki', format: 'pem' }) as string;
const jwk = publicKey.export({ format: 'jwk' });
const text = JSON.stringify;

t.test(
  'a public key is read as PEM, certificate, JWK and JWK Set (RFC 7468, RFC 7517)',
  async (t) => {
    const good: [string, object][] = [
      [pem(publicKey), jwk],
      [`Bag Attributes\n${pem(publicKey)}\n`, jwk],
      [pem(publicKey).replaceAll('\n', '\r\n'), jwk],
      [pem(rsa.publicKey), rsa.publicKey.export({ format: 'jwk' })],
      [
        rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }) as string,
        rsa.publicKey.export({ format: 'jwk' }),
      ],
      [pem(ed.publicKey), ed.publicKey.export({ format: 'jwk' })],
      [text(jwk), jwk],
      [text({ keys: [{ ...jwk, kid: 'one' }] }, undefined), { ...jwk, kid: 'one' }],
    ];
    for (const [pasted, key] of good) t.same(readPastedKey(pasted), { key });
  },
);

t.test('a certificate is good for its public key', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-certificate-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const key = join(directory, 'key.pem');
  const certificate = join(directory, 'certificate.pem');
  writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const request = ['req', '-x509', '-key', key, '-out', certificate, '-subj', '/CN=job'];
  execFileSync('openssl', [...request, '-days', '1'], { stdio: 'pipe' });
  t.same(readPastedKey(readFileSync(certificate, 'utf8')), { key: jwk });
});

t.test(
  'a private key is refused for what it is, in every form and wherever it stands',
  async (t) => {
    const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const cipher = { cipher: 'aes-256-cbc', passphrase: 'secret' } as const;
    const privateJwk = privateKey.export({ format: 'jwk' });
    const privates = [
      pkcs8,
      privateKey.export({ type: 'sec1', format: 'pem' }),
      privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher }),
      rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }),
      '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n-----END OPENSSH PRIVATE KEY-----',
      '-----BEGIN PGP PRIVATE KEY BLOCK-----\nb3BlbnNz\n-----END PGP PRIVATE KEY BLOCK-----',
      `${pem(publicKey)}${pkcs8}`,
      `-----begin private key-----`,
      text(privateJwk),
      text({ keys: [jwk, privateJwk] }),
      text({ kty: 'oct', k: 'c2VjcmV0' }),
      text(rsa.privateKey.export({ format: 'jwk' })),
    ];
    for (const pasted of privates) {
      t.same(readPastedKey(pasted), { error: { kind: 'private' } }, String(pasted).slice(0, 40));
    }
  },
);

t.test('whatever else is pasted is named for what it is', async (t) => {
  const wrongs: [unknown, string][] = [
    [undefined, 'required'],
    [['a', 'b'], 'required'],
    [' \n', 'required'],
    ['hello', 'unreadable'],
    ['{"kty":', 'unreadable'],
    ['{}', 'unreadable'],
    ['{"keys":[]}', 'unreadable'],
    ['{"keys":{"kty":"EC"}}', 'unreadable'],
    ['{"keys":[null,1,[]]}', 'unreadable'],
    ['-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', 'unreadable'],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', 'unreadable'],
    ['-----BEGIN PUBLIC KEY-----\nAAAA', 'unreadable'],
    [pem(publicKey) + pem(rsa.publicKey), 'several'],
    [text({ keys: [jwk, rsa.publicKey.export({ format: 'jwk' })] }), 'several'],
  ];
  for (const [pasted, kind] of wrongs) t.same(readPastedKey(pasted), { error: { kind } });
});
