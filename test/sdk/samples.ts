import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import { parse, stringify } from 'yaml';
import { ASKS } from '../../sdk/live/asks.ts';
import { openStage } from '../docs/snippet-stage.ts';
import { run } from './toolchain.ts';

/** A platform that publishes packages of its own, and says so in its platform file. */
interface Publisher {
  readonly platform: 'kliq' | 'kloakd';
  readonly typescript: { readonly package: string; readonly client: string };
  readonly python: { readonly package: string; readonly client: string };
  /** Of the bodies where email and password buy tokens. */
  readonly fieldStyle: 'camelCase' | 'snake_case';
}

const kliq = {
  platform: 'kliq',
  typescript: { package: '@kliq-ai/sdk', client: 'KliqClient' },
  python: { package: 'kliq_ai', client: 'KliqClient' },
} as const;

export const PUBLISHERS: Readonly<Record<string, Publisher>> = {
  kliq: { ...kliq, fieldStyle: 'camelCase' },
  'kliq with tokens of users in snake_case': { ...kliq, fieldStyle: 'snake_case' },
  kloakd: {
    platform: 'kloakd',
    typescript: { package: 'kloakd-sdk', client: 'Kloakd' },
    python: { package: 'kloakd', client: 'Kloakd' },
    fieldStyle: 'snake_case',
  },
};

export interface Samples {
  /** The path of a call that the credentials are good for. */
  readonly path: string;
  /** Names of the samples in that language. */
  names(language: 'typescript' | 'python'): readonly string[];
  /** The code of a sample as it stands on the page. */
  code(name: string, language: 'typescript' | 'python'): string;
  /** What a program prints, with the variables of the page and the published package in place. */
  print(program: string, language: 'typescript' | 'python', interpreter: string): Promise<string>;
}

/** The page of a server whose platform file declares SDKs, and a place to run its samples against that server. */
export async function openSamples(t: Test, publisher: Publisher): Promise<Samples> {
  const directory = t.testdir(packagesOf(publisher));
  const file = join(directory, 'platform.yaml');
  await writeFile(file, await platformFile(publisher));
  const { page, gatehouse, variable, environment } = await openStage(t, file);
  const env = { ...environment, [variable('BASE_URL')]: gatehouse.address };
  return {
    path: ASKS[publisher.platform].allowed.path,
    names: (language) =>
      page.ids
        .filter((id) => id.startsWith('sdk-') && id.endsWith(`-${language}`))
        .map((id) => id.slice(0, -language.length - 1)),
    code: (name, language) => page.code(`${name}-${language}`),
    async print(program, language, interpreter) {
      const path = join(directory, language === 'python' ? 'sample.py' : 'sample.mts');
      await writeFile(path, program);
      const { code, output } = await run(interpreter, [path], { cwd: directory, env });
      t.equal(code, 0, output);
      return output.trim();
    },
  };
}

async function platformFile({ platform, typescript, python, fieldStyle }: Publisher) {
  const path = new URL(`../../platforms/${platform}.yaml`, import.meta.url);
  const file = parse(await readFile(path, 'utf8'));
  file.documentation = { ...file.documentation, sdks: { typescript, python } };
  if (file.user_tokens) file.user_tokens.field_style = fieldStyle;
  return stringify(file);
}

/** What such a platform publishes: a client of its own under its own name, for both languages. */
function packagesOf({ platform, typescript, python, fieldStyle }: Publisher) {
  const sdk = new URL('../../sdk/typescript/src/index.ts', import.meta.url).href;
  const client = `createPlatformClient({ ...${platform}, fieldStyle: '${fieldStyle}' })`;
  return {
    [`node_modules/${typescript.package}`]: {
      'package.json': JSON.stringify({ type: 'module', exports: './index.js' }),
      'index.js': [
        `import { createPlatformClient, ${platform} } from '${sdk}';`,
        `export const ${typescript.client} = ${client};`,
      ].join('\n'),
    },
    [`${python.package}.py`]: `from gatehouse_client import ${python.client} as ${python.client}\n`,
  };
}
