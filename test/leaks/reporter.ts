import { generateKeyPairSync, sign } from 'node:crypto';
import type { Test } from 'tap';
import type { TestGatehouse } from '../support/gatehouse.ts';
import { startReceiver } from '../webhooks/house.ts';

export interface Reporter {
  /** Makes a server listen to it. */
  readonly environment: Record<string, string>;
  /** @returns the verdicts, in their order */
  report(to: Pick<TestGatehouse, 'issuer'>, keys: string[], url?: string): Promise<string[]>;
}

/** Somebody who finds keys in public, and whose reports count. */
export async function startReporter(t: Test): Promise<Reporter> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = publicKey.export({ type: 'spki', format: 'pem' });
  const directory = await startReceiver(t, (_request, response) => {
    response.end(JSON.stringify({ public_keys: [{ key_identifier: 'key-1', key }] }));
  });
  return {
    environment: { LEAK_REPORTER_KEYS_URL: directory.url, ALLOW_PRIVATE_TARGETS: '1' },
    async report({ issuer }, keys, url = 'https://github.com/acme/shop/blob/main/.env') {
      const body = JSON.stringify(
        keys.map((token) => ({ token, type: 'api_key', source: 'content', url })),
      );
      const response = await fetch(`${issuer}/leaks/report`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'github-public-key-identifier': 'key-1',
          'github-public-key-signature': sign('sha256', Buffer.from(body), privateKey).toString(
            'base64',
          ),
        },
        body,
      });
      const text = await response.text();
      if (!response.ok) throw new Error(text);
      return (JSON.parse(text) as { label: string }[]).map(({ label }) => label);
    },
  };
}
