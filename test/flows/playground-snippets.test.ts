import type { Page } from 'playwright-core';
import t from 'tap';
import {
  SNIPPET_LANGUAGES,
  type Snippet,
  type SnippetLanguage,
} from '../../src/snippets/snippets.ts';
import { misformatted } from '../docs/snippet-compilers.ts';
import { languages, openRunners } from '../docs/snippet-runners.ts';
import { openStage, type Stage } from '../docs/snippet-stage.ts';
import { becomesTrue } from '../support/browser.ts';
import {
  createOwner,
  type Owner,
  pagesElsewhere,
  type Read,
  readRest,
} from './playground-addresses.ts';
import { plotsRun } from './playground-programs.ts';
import { createTravel, follow, type StepCodes } from './playground-snippets.ts';
import { inABrowser, onDesktop, visit } from './windows.ts';

// Somebody clicks through the playground, copies every step in every language, and runs what they have: cURL,
// openssl and jq in bash, node, python3, go and java, against the server that showed it. A language that is not
// installed here is left out, and that is said on standard error.

/** Where a reader clicks, by platform: a flow's name, or where the key goes. */
const FLOWS: Readonly<Record<string, readonly string[]>> = {
  kaie: ['Authorization code', 'Client credentials', 'Refresh', 'Service JWT'],
  kliq: ['Email and password'],
};
const KEYS: Readonly<Record<string, readonly string[]>> = {
  example: ['X-API-Key'],
  klen: ['Authorization: Bearer', 'X-API-Key', '?api_key='],
  kloakd: ['API key'],
};

/** To have a key, there is nothing to be done where no stranger may ask for one. */
const STEPS_WITH_CODE = '[data-step]:has(button[data-run]), [data-step]:has([data-snippets])';

/** As much of an element as is used here, in the browser. */
interface Element {
  click(): void;
  checkVisibility(): boolean;
  querySelector(of: string): { value: string };
  querySelectorAll(of: string): Iterable<Element>;
  readonly innerText: string;
}

await inABrowser(t, (browser) =>
  t.test(
    'the snippets that the playground shows are run, and do what their step says',
    async (t) => {
      const stages = new Map<string, Stage>();
      for (const name of [...Object.keys(FLOWS), ...Object.keys(KEYS)]) {
        stages.set(name, await openStage(t, name));
      }
      const read: Read[] = [];
      for (const [platform, stage] of stages) {
        const { issuer } = stage.gatehouse;
        await t.test(`${platform}: each step shows its code in five languages`, (t) =>
          visit(
            t,
            browser,
            { ...onDesktop, name: 'playground-snippets', origins: [issuer] },
            async ({ page }) => {
              await page.goto(`${issuer}/playground`);
              const found = await clickThrough(page, platform);
              for (const { codes } of found) {
                for (const [step, byLanguage] of codes) {
                  t.same(Object.keys(byLanguage), SNIPPET_LANGUAGES, step);
                }
              }
              read.push(...found);
            },
          ),
        );
      }

      const owners: Owner[] = [];
      for (const stage of stages.values()) owners.push(await createOwner(stage));
      read.push(...(await readRest(owners, codesOf(read))));
      await t.test('whatever else can be shown differs from these by names alone', async (t) =>
        t.same(programsBeside(owners, codesOf(read)), []),
      );

      const snippets = read.flatMap(({ codes }) => snippetsIn(codes));
      const runners = await openRunners(t, snippets);
      const tried = new Map([...stages.keys()].map((platform) => [platform, new Set<string>()]));
      for (const { platform, title, codes, appSecret, travel } of read) {
        await t.test(`${platform}, ${title}: the steps as shown, one after the other`, (t) => {
          const stage = stages.get(platform)!;
          const tools = {
            ...{ runners, codes, appSecret, tried: tried.get(platform)! },
            travel: travel ?? createTravel(stage),
          };
          return Promise.all(languages.map((language) => follow(t, stage, { ...tools, language })));
        });
      }
      if (languages.includes('go')) {
        t.equal(await misformatted(runners.codes('go')), '', 'as gofmt would have it');
      }
    },
  ),
);

/** All that there is to click on a platform. */
async function clickThrough(page: Page, platform: string): Promise<Read[]> {
  const read: Read[] = [];
  for (const title of FLOWS[platform] ?? []) {
    await page.getByRole('link', { name: title }).click();
    await page.locator('.card[aria-current]', { hasText: title }).waitFor();
    read.push({ platform, title, codes: await readSteps(page) });
  }
  for (const way of KEYS[platform] ?? []) {
    await page.getByRole('link', { name: 'API key', exact: true }).click();
    await page.locator('.tabs [aria-current]', { hasText: 'API key' }).waitFor();
    if (way !== 'API key') await choose(page, way);
    read.push({ platform, title: way, codes: await readSteps(page) });
  }
  return read;
}

function codesOf(read: readonly Read[]): Set<string> {
  return new Set(read.flatMap(({ codes }) => snippetsIn(codes).map(({ code }) => code)));
}

/** Whatever the playground can show, here or before an API elsewhere, that is none of these but for its names. */
function programsBeside(owners: readonly Owner[], run: ReadonlySet<string>): string[] {
  const pages = owners.flatMap((owner) => owner.pages);
  const plots = plotsRun(pages, run);
  const all = [...pages, ...owners.flatMap(pagesElsewhere)];
  return all.flatMap(({ address, programs }) =>
    programs
      .filter(({ plot }) => !plots.has(plot))
      .map(({ step, language }) => `${address}: ${step} in ${language}`),
  );
}

function snippetsIn(codes: StepCodes): Snippet[] {
  return [...codes.values()].flatMap((byLanguage) =>
    SNIPPET_LANGUAGES.map((kind) => ({ kind, code: byLanguage[kind] })),
  );
}

/** Sets up another way for the key, and waits until the page has it. */
async function choose(page: Page, way: string): Promise<void> {
  await page.locator('html[data-ready]').waitFor();
  await page.getByLabel('Where the key goes').selectOption(way);
  const value = await page.getByLabel('Where the key goes').inputValue();
  await becomesTrue(
    page,
    `new URLSearchParams(location.search).get('way') === ${JSON.stringify(value)} || ${value === 'bearer'}`,
  );
}

/** In the browser: presses one language after the other, and reads the only code that is then to be seen. */
function readTabs(more: unknown): Record<SnippetLanguage, string> {
  const { querySelectorAll } = more as Element;
  const all = (of: string) => [...querySelectorAll.call(more, of)];
  const codes = all('label').map((label) => {
    label.click();
    const seen = all('pre').filter((pre) => pre.checkVisibility());
    if (seen.length !== 1) throw new Error(`${label.innerText} shows ${seen.length} codes`);
    return [label.querySelector('input').value, seen[0]!.innerText];
  });
  return Object.fromEntries(codes);
}

/** What is seen of each step's code, language by language. */
async function readSteps(page: Page): Promise<StepCodes> {
  await page.locator('html[data-ready]').waitFor();
  const codes = new Map<string, Record<SnippetLanguage, string>>();
  for (const step of await page.locator(STEPS_WITH_CODE).all()) {
    const more = step.locator('details:has([data-snippets])');
    await more.locator('summary').click();
    const byLanguage = await more.evaluate(readTabs);
    const kind = (await step.getAttribute('data-step'))!;
    codes.set(kind, byLanguage);
  }
  return codes;
}
