import t from 'tap';
import { openSamples, PUBLISHERS, type Samples } from './samples.ts';

// The TypeScript samples of /docs/authentication that show a platform's own package, run as they stand there.
// Those in Python are run by python.test.ts, which has the package installed.

for (const [name, publisher] of Object.entries(PUBLISHERS)) {
  t.test(`${name}: each TypeScript sample of the page makes a client that calls`, async (t) => {
    const samples = await openSamples(t, publisher);
    const users = publisher.platform === 'kliq' ? ['sdk-user-tokens'] : [];
    t.same(samples.names('typescript'), ['sdk-api-key', 'sdk-client-credentials', ...users]);
    for (const sample of ['sdk-api-key', 'sdk-client-credentials']) {
      t.equal(
        await print(samples, [samples.code(sample, 'typescript'), call('client', samples)]),
        '200',
      );
    }
  });
}

for (const [name, publisher] of Object.entries(PUBLISHERS)) {
  if (publisher.platform !== 'kliq') continue;
  t.test(`${name}: the page’s tokens of users are good, and so are the renewed ones`, async (t) => {
    const samples = await openSamples(t, publisher);
    const printed = await print(samples, [
      samples.code('sdk-api-key', 'typescript'),
      samples.code('sdk-user-tokens', 'typescript'),
      call('signedIn', samples),
      `const renewed = new ${publisher.typescript.client}({ accessToken: newTokens.accessToken });`,
      call('renewed', samples),
      'console.log(newTokens.accessToken !== accessToken, newTokens.refreshToken !== refreshToken);',
    ]);
    t.same(printed.split('\n'), ['200', '200', 'true true']);
  });
}

/** A statement that prints the status of a call. */
const call = (client: string, { path }: Samples) =>
  `console.log((await ${client}.get(${JSON.stringify(path)})).status);`;

const print = (samples: Samples, lines: readonly string[]) =>
  samples.print(lines.join('\n'), 'typescript', process.execPath);
