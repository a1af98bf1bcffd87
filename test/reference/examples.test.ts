import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import t, { type Test } from 'tap';
import { ANY_TEXT } from '../../src/reference/examples.ts';
import { type ReadPage, readPage } from '../docs/docs-page.ts';
import { type House, type Operation, openHouse } from '../management/house.ts';
import { SAMPLES } from '../management/samples.ts';

// The examples on /reference, as a reader finds them: held against the schemas they are made of, and run.

const FORMATS = {
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  uri: /^[a-z][a-z0-9+.-]*:\S+$/i,
  email: /^\S+@\S+$/,
};

/** Rotating twice within minutes is refused, and a new server has just made its keys. */
const REFUSED = { rotateSigningKeys: '409' } as Readonly<Record<string, string>>;

for (const platform of ['example', 'kaie', 'klen', 'kliq', 'kloakd']) {
  t.test(platform, { timeout: 300_000 }, async (t) => {
    const house = await openHouse(t, { platform });
    const page = readPage(await (await fetch(`${house.issuer}/reference`)).text());
    await t.test('every example fits its schema, in words that were chosen', async (t) => {
      fitTheirSchemas(t, house, page);
    });
    await t.test('no example holds a secret: credentials are variables', async (t) => {
      for (const { operationId } of house.operations) {
        const curl = page.code(`${operationId}-request-curl`);
        t.match(curl, `-H "Authorization: Bearer \${ADMIN_KEY}"`, operationId);
      }
      t.notOk(page.html.includes(house.adminKey));
    });
    // Of one that has organizations in its paths, and of one that has not.
    if (platform !== 'example' && platform !== 'kloakd') return;
    await t.test('every example request is answered as it promises', async (t) => {
      for (const operation of house.operations) await runs(t, house, page, operation);
    });
  });
}

function fitTheirSchemas(t: Test, { document, operations }: House, page: ReadPage): void {
  const ajv = new Ajv2020({ allErrors: true, strict: false, formats: FORMATS });
  ajv.addSchema({ $id: 'https://test/openapi', ...document });
  let bodies = 0;
  let answers = 0;
  for (const { operationId, method, path, requestBody, responses } of operations) {
    const fits = (value: unknown, ...more: string[]) => {
      const steps = ['paths', path, method.toLowerCase(), ...more, 'schema'];
      const pointer = steps.map((step) => step.replaceAll('~', '~0').replaceAll('/', '~1'));
      const $ref = `https://test/openapi#/${pointer.map(encodeURIComponent).join('/')}`;
      const validate = ajv.compile({ $ref });
      t.ok(validate(value), `${operationId} ${more[1]}: ${ajv.errorsText(validate.errors)}`);
      t.notOk(textsOf(value).includes(ANY_TEXT), `${operationId}: a word for each text`);
    };
    if (requestBody) {
      bodies += 1;
      fits(bodyOf(page.code(`${operationId}-request-curl`)), 'requestBody', 'content', JSON_TYPE);
    }
    for (const [status, { content }] of Object.entries(responses)) {
      if (Number(status) >= 300 || !content) continue;
      answers += 1;
      const example = JSON.parse(page.code(`${operationId}-${status}-json`));
      fits(example, 'responses', status, 'content', JSON_TYPE);
    }
  }
  t.ok(bodies > 15 && answers > 35, `${bodies} bodies, ${answers} answers`);
}

const JSON_TYPE = 'application/json';

/** What a shell would send. */
function bodyOf(curl: string): Record<string, unknown> {
  const [, text = '{}'] = /<<JSON\n([\s\S]*)\nJSON$/.exec(curl) ?? [];
  return JSON.parse(text.replaceAll(/\\([\\$`])/g, '$1'));
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value ? Object.values(value).flatMap(textsOf) : [];
}

/** As it is printed, but for the ids, which become those of things that are there. */
async function runs(t: Test, house: House, page: ReadPage, operation: Operation): Promise<void> {
  const { operationId } = operation;
  const printed = page.code(`${operationId}-request-curl`);
  const organization_id = await newOrganization(house);
  const sample = await SAMPLES[operationId]!(house);
  const query = Object.fromEntries(new URLSearchParams(sample.query));
  const real: Record<string, unknown> = {
    ...{ organization_id, ...query, ...(sample.body as object), ...sample.params },
  };
  let command = printed;
  for (const [name, id] of Object.entries(idsIn(printed, operation))) {
    command = command.replaceAll(id, String(real[name]));
  }
  const environment: Record<string, string> = { ADMIN_KEY: house.adminKey };
  const [, variable] = /\$\{(\w+_API_KEY)\}/.exec(printed) ?? [];
  if (variable) {
    const { platform } = house;
    const scopes = platform.scopes.slice(0, 1).map(({ name }) => name);
    const key = await house.post('/api-keys', { organization_id, name: 'Asked about', scopes });
    environment[variable] = key.body.key;
    command = command.replaceAll(String(idsInText(printed)[0]), organization_id);
  }
  const { status, text } = await runCurl(command, environment);
  t.equal(status, REFUSED[operationId] ?? `${sample.status}`, `${operationId}: ${text}`);
  if (variable) t.match(JSON.parse(text), { allowed: true, principal: { organization_id } });
}

const newOrganization = async ({ post }: House) =>
  (await post('/organizations', { name: 'Example' })).body.id as string;

/** Which thing each printed id stands for, by the name of its parameter or member. */
function idsIn(curl: string, { path }: Operation): Record<string, string> {
  const url = new URL(/'(http[^']+)'/.exec(curl)![1]!);
  const pattern = path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)');
  const inPath = new RegExp(`^${pattern}$`).exec(url.pathname)?.groups;
  const { organization_id, user_id } = bodyOf(curl);
  const query = Object.fromEntries(url.searchParams);
  const all = { organization_id, user_id, ...pickIds(query), ...inPath };
  return Object.fromEntries(Object.entries(all).filter(([, id]) => id)) as Record<string, string>;
}

const pickIds = ({ organization_id, user_id }: Record<string, string>) => ({
  ...(organization_id && { organization_id }),
  ...(user_id && { user_id }),
});

const idsInText = (text: string) =>
  text.match(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? ['none'];

async function runCurl(command: string, environment: Record<string, string>) {
  const telling = `curl() { command curl -sS -w '\\n%{http_code}' "$@"; }`;
  const script = ['--norc', '-euc', `${telling}\n${command}`];
  const env = { PATH: process.env.PATH, ...environment };
  const { stdout } = await promisify(execFile)('bash', script, { env });
  const end = stdout.lastIndexOf('\n');
  return { status: stdout.slice(end + 1), text: stdout.slice(0, end) };
}
