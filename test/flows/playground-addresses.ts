import type { Platform } from '../../src/platform/platform.ts';
import type { OwnApp } from '../../src/playground/own-app.ts';
import { CALLBACK_PATH } from '../../src/playground/playground-client.ts';
import { SNIPPET_LANGUAGES, type SnippetLanguage } from '../../src/snippets/snippets.ts';
import { unescaped } from '../docs/docs-page.ts';
import type { Stage } from '../docs/snippet-stage.ts';
import { signIn } from '../support/flows.ts';
import { registerClient } from '../support/gatehouse.ts';
import { createUserAgent, type UserAgent } from '../support/user-agent.ts';
import { everyPage, pagesToFollow, type Shown } from './playground-programs.ts';
import { createTravel, type StepCodes, type Travel } from './playground-snippets.ts';

// Pages of the playground by their address, for somebody who is signed in and has apps.

/** Codes of a page, to be followed. */
export interface Read {
  readonly platform: string;
  readonly title: string;
  readonly codes: StepCodes;
  /** Absent: a browser of its own. */
  readonly travel?: Travel;
  readonly appSecret?: string | undefined;
}

/** Somebody with an app of each kind, and all that the playground can show them. */
export interface Owner {
  readonly stage: Stage;
  readonly agent: UserAgent;
  readonly travel: Travel;
  /** By the app's id. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly pages: readonly Shown[];
}

/** Each way for an app to say who it is. */
const APPS: readonly Pick<OwnApp, 'auth' | 'canRefresh'>[] = [
  { auth: 'none', canRefresh: true },
  { auth: 'client_secret_basic', canRefresh: true },
  { auth: 'client_secret_post', canRefresh: true },
  { auth: 'client_secret_basic', canRefresh: false },
];

export async function createOwner(stage: Stage): Promise<Owner> {
  const { gatehouse, platform, user } = stage;
  const { issuer } = gatehouse;
  const agent = createUserAgent();
  await signIn(agent, await agent.follow(await agent.get(`${issuer}/sign-in`)), user);
  const apps: OwnApp[] = [];
  const secrets = new Map<string, string>();
  for (const [at, { auth, canRefresh }] of APPS.entries()) {
    const name = `App ${at}`;
    const { clientId: id, secret } = await registerClient(gatehouse, {
      ...{ name, tokenEndpointAuthMethod: auth, organizationId: user.organizationId },
      grantTypes: ['authorization_code', ...(canRefresh ? ['refresh_token' as const] : [])],
      redirectUris: [issuer + CALLBACK_PATH],
    });
    secrets.set(id, secret);
    apps.push({ ...{ id, name, auth, canRefresh }, scopes: scopeNames(platform) });
  }
  const api = { url: issuer, isHere: true };
  const pages = everyPage({ platform, issuer, api }, apps);
  return { ...{ stage, agent, secrets, pages }, travel: createTravel(stage, agent) };
}

/** What the playground shows where the API is elsewhere, and only the gate is here. */
export const pagesElsewhere = ({ stage: { platform, gatehouse } }: Owner): Shown[] =>
  everyPage(
    {
      ...{ platform, issuer: gatehouse.issuer },
      api: { url: 'https://api.elsewhere.example', isHere: false },
    },
    [],
  );

const scopeNames = ({ scopes }: Platform) => scopes.map(({ name }) => name);

/** Pages as they are served, each with the steps that no page before has and those they wait for. */
export async function readRest(
  owners: readonly Owner[],
  run: ReadonlySet<string>,
): Promise<Read[]> {
  const ownerOf = new Map(owners.flatMap((owner) => owner.pages.map((page) => [page, owner])));
  const read: Read[] = [];
  for (const { page, steps } of pagesToFollow([...ownerOf.keys()], run)) {
    const { stage, agent, travel, secrets } = ownerOf.get(page)!;
    const { body } = await agent.get(stage.gatehouse.issuer + page.address);
    const codes = withWhatTheyWaitFor(codesIn(body), steps);
    read.push({
      ...{ platform: stage.platform.id, codes, travel },
      title: `${titleOf(page)}: ${[...steps].join(', ')}`,
      appSecret: page.app && secrets.get(page.app.id),
    });
  }
  return read;
}

/** Its address, with the kind of app in the place of this one's id. */
const titleOf = ({ address, app }: Shown): string =>
  decodeURIComponent(app ? address.replace(app.id, app.auth) : address);

const CODE = new RegExp(
  `<pre id="([a-z_]+)-(${SNIPPET_LANGUAGES.join('|')})" tabindex="0"><code>([^]*?)</code>`,
  'g',
);

/** As the page's HTML has them. */
function codesIn(html: string): StepCodes {
  const codes = new Map<string, Record<SnippetLanguage, string>>();
  for (const [, step = '', language, code = ''] of html.matchAll(CODE)) {
    const byLanguage = codes.get(step) ?? ({} as Record<SnippetLanguage, string>);
    byLanguage[language as SnippetLanguage] = unescaped(code);
    codes.set(step, byLanguage);
  }
  return codes;
}

/** Steps whose answer the ones after them read, and that nobody else can take for them. */
const GIVES = new Set(['authorize', 'redeem', 'sign_in']);

function withWhatTheyWaitFor(codes: StepCodes, steps: ReadonlySet<string>): StepCodes {
  const last = [...codes.keys()].findLastIndex((kind) => steps.has(kind));
  const isCallAlone = [...steps].every((step) => step === 'call');
  const waitsFor = isCallAlone ? new Set<string>() : GIVES;
  return new Map(
    [...codes].filter(([kind], at) => steps.has(kind) || (at < last && waitsFor.has(kind))),
  );
}
