import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startEcho } from '../../sdk/live/echo.ts';
import { openDesk } from '../gate/desk.ts';
import { isInstalled, notice, run, sdkPath } from '../sdk/toolchain.ts';
import { pythonWith } from '../support/python.ts';

// “SDK configuration” and “Environment variables” of KLOAKD's page: its own examples as programs, one for each
// language, against a live server that is the API's proxy. Only the package is named as it is here.

const desk = await openDesk(t, 'kloakd', { environment: { UPSTREAM: await startEcho(t) } });
const organization = await desk.organization();
const { key } = await desk.key(organization);
const root = t.testdir();
const PATH = '/api/v1/organizations/{organization}/discoveries';

/** A program that prints what the API hears, with the example's arguments or with none. */
interface Language {
  name: string;
  /** What is missing here; undefined: nothing. */
  missing: string | undefined;
  file: string;
  configured: string;
  bare: string;
  program: (made: string) => string;
  prepare?: (directory: string) => Promise<void>;
  command: [program: string, args: string[]];
  env?: Record<string, string>;
}

const python = await pythonWith('httpx');

const LANGUAGES: Language[] = [
  {
    name: 'Python',
    missing: python ? undefined : notice('python', 'httpx'),
    file: 'call.py',
    configured: 'Kloakd(\n    api_key="sk-live-...",\n    organization_id="your-org-uuid",\n)',
    bare: 'Kloakd()',
    program: (made) => `from gatehouse_client import Kloakd

client = ${made}
print(client.get("${PATH}").text)
`,
    command: [python ?? 'python3', ['call.py']],
    env: { PYTHONPATH: join(sdkPath('python'), 'src'), PYTHONDONTWRITEBYTECODE: '1' },
  },
  {
    name: 'TypeScript',
    missing: undefined,
    file: 'call.mts',
    configured: "new Kloakd({\n  apiKey: 'sk-live-...',\n  organizationId: 'your-org-uuid',\n})",
    bare: 'new Kloakd()',
    program: (made) => `import { Kloakd } from '${sdkPath('typescript')}/src/index.ts';

const client = ${made};
console.log(JSON.stringify((await client.get('${PATH}')).data));
`,
    command: [process.execPath, ['call.mts']],
    env: { NODE_OPTIONS: '' },
  },
  {
    name: 'Go',
    missing: isInstalled('go', 'version') ? undefined : notice('go', 'go'),
    file: 'main.go',
    configured:
      'kloakd.MustNew(kloakd.Config{\n\tAPIKey:         "sk-live-...",\n\tOrganizationID: "your-org-uuid",\n})',
    bare: 'kloakd.MustNew(kloakd.Config{})',
    program: (made) => `package main

import (
	"context"
	"encoding/json"
	"fmt"

	"gatehouse.dev/client/kloakd"
)

func main() {
	client := ${made}
	var heard json.RawMessage
	if err := client.Get(context.Background(), "${PATH}", &heard); err != nil {
		panic(err)
	}
	fmt.Println(string(heard))
}
`,
    prepare: async (directory) =>
      writeFileSync(
        join(directory, 'go.mod'),
        `module example.com/call\n\ngo 1.19\n\nrequire gatehouse.dev/client v0.0.0\n\nreplace gatehouse.dev/client => ${sdkPath('go')}\n`,
      ),
    command: ['go', ['run', '.']],
    env: { GOPROXY: 'off', GOTOOLCHAIN: 'local', GOFLAGS: '-mod=mod' },
  },
  {
    name: 'Java',
    missing: isInstalled('javac', '-version') ? undefined : notice('java', 'javac'),
    file: 'Call.java',
    configured:
      'Kloakd.builder()\n    .apiKey("sk-live-...")\n    .organizationId("your-org-uuid")\n    .build()',
    bare: 'Kloakd.builder().build()',
    program: (made) => `import dev.gatehouse.client.*;

class Call {
  public static void main(String[] arguments) throws Exception {
    Kloakd client = ${made};
    System.out.println(client.request(Request.get("${PATH}")).text());
  }
}
`,
    prepare: compileJava,
    command: ['java', ['-cp', 'classes', 'Call.java']],
  },
];

async function compileJava(directory: string): Promise<void> {
  const main = join(sdkPath('java'), 'src/main');
  const sources = readdirSync(join(main, 'java'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.java'))
    .map((name) => join(main, 'java', name));
  const { code, output } = await run('javac', ['-d', 'classes', ...sources], { cwd: directory });
  if (code !== 0) throw new Error(output);
  cpSync(join(main, 'resources'), join(directory, 'classes'), { recursive: true });
}

const patience = { timeout: 180_000 };

for (const language of LANGUAGES) {
  const { name, missing, file, program, command, env = {} } = language;
  const directory = join(root, name);

  /** What the API heard of the program's call. */
  const call = async (made: string, variables: Record<string, string>) => {
    writeFileSync(join(directory, file), program(made));
    const [executable, args] = command;
    const { code, output } = await run(executable, args, {
      cwd: directory,
      env: { ...env, KLOAKD_BASE_URL: desk.gatehouse.address, ...variables },
    });
    if (code !== 0) throw new Error(output);
    return JSON.parse(output.slice(output.indexOf('{'))).headers;
  };
  const heard = {
    'x-gatehouse-credential': 'api_key',
    'x-gatehouse-organization': organization,
  };

  t.test(`SDK configuration: ${name}`, patience, async (t) => {
    if (missing) return t.pass(missing);
    mkdirSync(directory);
    await language.prepare?.(directory);
    const filled = language.configured
      .replace('sk-live-...', key)
      .replace('your-org-uuid', organization);
    return t.match(await call(filled, {}), heard);
  });

  t.test(`All SDKs read KLOAKD_API_KEY and KLOAKD_ORG_ID: ${name}`, patience, async (t) => {
    if (missing) return t.pass(missing);
    const variables = { KLOAKD_API_KEY: key, KLOAKD_ORG_ID: organization };
    return t.match(await call(language.bare, variables), heard);
  });
}
