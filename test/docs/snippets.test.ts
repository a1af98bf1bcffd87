import { createHash, randomUUID } from 'node:crypto';
import t from 'tap';
import { newWebhookSecret, signatureHeaders } from '../../src/webhooks/signatures.ts';
import { openPage } from './docs-page.ts';
import { misformatted } from './snippet-compilers.ts';
import { languages, openRunners } from './snippet-runners.ts';
import { openStage, run, type Stage } from './snippet-stage.ts';

// The snippets of the page, as they stand there, run by bash, node, python3, go and java against a real server
// that stands in front of an API.

const stages = new Map<string, Stage>();
for (const name of ['kliq', 'kaie', 'klen', 'kloakd', 'example']) {
  stages.set(name, await openStage(t, name));
}

t.test('every request of the page is answered with 200 when it is run', async (t) => {
  const snippets = [...stages.values()].flatMap(({ requests, page }) =>
    requests.flatMap((sample) =>
      languages.map((kind) => ({ kind, code: page.code(`${sample}-${kind}`) })),
    ),
  );
  const runners = await openRunners(t, snippets);
  for (const [name, stage] of stages) {
    await t.test(name, async (t) => {
      for (const sample of stage.requests) {
        const prepare = PREPARE[sample];
        t.ok(prepare, `${sample} is a sample that is tried here`);
        const prepared: Record<string, string>[] = [];
        for (const _language of languages) prepared.push((await prepare?.(stage)) ?? {});
        const running = languages.map(async (language, at) => {
          const environment = { ...stage.environment, ...prepared[at] };
          const code = stage.page.code(`${sample}-${language}`);
          const answer = await runners.run(language, code, environment);
          t.match(answer, /^(?:200|201)\b/, `${sample} in ${language}`, { answer });
        });
        await Promise.all(running);
      }
    });
  }
});

type Prepare = (stage: Stage) => Promise<Record<string, string>>;

const nothing: Prepare = async () => ({});

/** What each sample's variables hold, made anew for each run. */
const PREPARE: Record<string, Prepare> = {
  'call-with-api-key-bearer': nothing,
  'call-with-api-key-header': nothing,
  'call-with-api-key-query': nothing,
  'test-api-key': nothing,
  'exchange-credentials': nothing,
  'client-credentials': nothing,
  'call-with-access-token': async (stage) => stage.tokens(),
  'call-with-user-token': async (stage) => stage.userTokens(),
  'refresh-user-token': async (stage) => stage.userTokens(),
  'refresh-token': async (stage) => stage.tokens(),
  'redeem-code': async (stage) => stage.code(),
  'call-with-service-jwt': async (stage) => stage.serviceJwt(stage.platform.api.identifier),
  'trade-jwt': async (stage) => stage.serviceJwt(stage.gatehouse.issuer),
  'playground-key': async (stage) => ({ [stage.variable('FINGERPRINT')]: randomUUID() }),
  'call-with-playground-key': async (stage) => stage.playgroundKey(),
};

t.test('the JWT that the page’s program signs is taken by the gate', async (t) => {
  const stage = stages.get('kaie')!;
  const { account, privateKey } = await stage.account();
  const codeIn = (kind: (typeof languages)[number]) => stage.page.code(`sign-jwt-${kind}`);
  const snippets = languages.map((kind) => ({ kind, code: codeIn(kind) }));
  const runners = await openRunners(t, snippets);
  for (const language of languages) {
    const jwt = await runners.run(language, codeIn(language), {
      [stage.variable('SERVICE_ACCOUNT_ID')]: account,
      [stage.variable('PRIVATE_KEY')]: privateKey,
    });
    const answer = await run('curl', stage.page.code('call-with-service-jwt-curl'), {
      [stage.variable('SERVICE_JWT')]: jwt.trim(),
    });
    t.match(answer, /^200\b/, language, { jwt, answer });
  }
});

t.test(
  'the page’s webhook check takes what is sent, in both styles, and nothing else',
  async (t) => {
    for (const signatureStyle of ['timestamped', 'plain'] as const) {
      const { page, gatehouse } = await openPage(t, 'kaie', {
        change: ({ webhooks, ...platform }) => ({
          ...platform,
          webhooks: { ...webhooks, signatureStyle },
        }),
      });
      const { webhooks } = gatehouse.platform;
      const [secret, next, strange] = Array.from({ length: 3 }, newWebhookSecret) as [
        string,
        string,
        string,
      ];
      const body = '{"type":"workflow.created"}';
      const timestamp = Math.floor(Date.now() / 1000);
      const signed = (secrets: string[], more = {}) =>
        signatureHeaders({ id: 'msg_1', timestamp, body, ...more }, secrets, webhooks)[
          webhooks.signatureHeader
        ];
      const headers = [
        signed([secret]),
        signed([next, secret]),
        signed([strange]),
        signed([secret], { body: `${body} ` }),
        'garbage',
        ...(signatureStyle === 'timestamped'
          ? [signed([secret], { timestamp: timestamp - 3600 })]
          : []),
      ];
      const calls = {
        typescript: `for (const header of ${JSON.stringify(headers)}) console.log(isGenuine(header, ${JSON.stringify(body)}));`,
        python: `for header in ${JSON.stringify(headers)}: print(str(is_genuine(header, ${JSON.stringify(body)}.encode())).lower())`,
      };
      for (const [language, call] of Object.entries(calls) as ['typescript' | 'python', string][]) {
        const program = `${page.code(`verify-webhook-${language}`)}\n\n${call}\n`;
        const said = await run(language, program, { KAIE_WEBHOOK_SECRET: secret });
        const expected = headers.map((_header, at) => String(at < 2));
        t.same(said.trim().split(/\s+/), expected, `${language}, ${signatureStyle}`);
      }
    }
  },
);

t.test('the Go of the pages is as gofmt would have it', async (t) => {
  const codes = new Set<string>();
  for (const { page } of stages.values()) {
    const ids = page.ids.filter((id) => id.endsWith('-go'));
    t.ok(ids.length > 0);
    for (const id of ids) codes.add(page.code(id));
  }
  if (languages.includes('go')) t.equal(await misformatted(codes), '');
});

t.test('the page’s PKCE commands make a verifier and its challenge (RFC 7636 §4.2)', async (t) => {
  const stage = stages.get('kaie')!;
  const name = stage.variable('CODE_VERIFIER');
  const program = `${stage.page.code('pkce-shell')}\necho " $${name}"`;
  const [challenge, verifier = ''] = (await run('shell', program, {})).trim().split(/\s+/);
  t.match(verifier, /^[\w-]{43}$/);
  t.equal(challenge, createHash('sha256').update(verifier).digest('base64url'));
});
