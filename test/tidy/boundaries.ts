import { posix } from 'node:path';
import ts from 'typescript';
import {
  findingAt,
  type HouseFile,
  importsOf,
  isCode,
  isSource,
  nodesOf,
  type Rule,
} from './house.ts';

// Who may know what: the environment, the clock, the database, HTTP.

/** Packages that src/lib may use: each does one thing and knows neither HTTP routes nor the database. */
const LIB_PACKAGES = ['pino', 'undici', 'lru-cache'];

export const environment: Rule = {
  id: 'environment',
  title: 'only src/config.ts reads process.env',
  mend: 'add the variable to Config in src/config.ts and pass the value in',
  check: ({ files }) =>
    inSource(files, (path) => path !== 'src/config.ts').flatMap((file) => {
      const reads = nodes(file, (node) => isMember(node, 'process', ['env']));
      const imported = importsOf(file)
        .filter(
          ({ specifier, node }) =>
            /^(node:)?process$/.test(specifier) && /\benv\b/.test(node.getText()),
        )
        .map(({ node }) => node);
      return [...reads, ...imported].map((node) => findingAt(file, node, 'reads process.env'));
    }),
  bad: [
    { 'src/a.ts': 'export const port = process.env.PORT;' },
    { 'src/a.ts': "export const env = process['env'];" },
    { 'src/a.ts': "import { env } from 'node:process';" },
    { 'src/a.ts': 'const { env } = process;' },
  ],
  good: {
    'src/config.ts': 'export const port = process.env.PORT;',
    'src/a.ts': "// process.env\nexport const text = 'process.env'; process.exit(0);",
    'test/a.ts': 'process.env.X;',
  },
};

export const clock: Rule = {
  id: 'clock',
  title: 'only src/lib/clock.ts asks what time it is',
  mend: 'take a Clock (src/lib/clock.ts) and call clock.now()',
  check: ({ files }) =>
    inSource(files, (path) => path !== 'src/lib/clock.ts').flatMap((file) =>
      nodes(file, asksForTime).map((node) =>
        findingAt(file, node, `${node.getText()} asks the time`),
      ),
    ),
  bad: [
    { 'src/a.ts': 'export const a = Date.now();' },
    { 'src/a.ts': 'export const a = new Date();' },
    { 'src/a.ts': 'export const a = new Date;' },
    { 'src/a.ts': 'export const a = Date();' },
    { 'src/a.ts': 'export const a = { now: Date.now };' },
    { 'src/a.ts': 'export const a = performance.now();' },
    { 'src/a.ts': 'export const a = process.hrtime.bigint();' },
  ],
  good: {
    'src/lib/clock.ts': 'export const now = () => new Date();',
    'src/a.ts': 'export const a = new Date(0); export const b = clock.now(); // Date.now()',
  },
};

export const database: Rule = {
  id: 'database',
  title: 'only stores (*.store.ts) and src/database know SQL and Prisma',
  mend: 'move the statement into the module’s store, behind a verb that says what it guarantees',
  check: ({ files }) =>
    inSource(
      files,
      (path) => !path.startsWith('src/database/') && !path.endsWith('.store.ts'),
    ).flatMap((file) => [
      ...nodes(file, touchesDatabase).map((node) =>
        findingAt(file, node, `${firstLine(node)} talks to the database`),
      ),
      ...importsOf(file)
        .filter(({ specifier }) => isDatabaseModule(specifier))
        .map(({ node, specifier }) => findingAt(file, node, `imports ${specifier}`)),
    ]),
  bad: [
    { 'src/a.ts': "await pool.query('SELECT 1');" },
    { 'src/a.ts': "await tx.query<Row>('SELECT 1');" },
    { 'src/a.ts': 'await db.$queryRaw`SELECT 1`;' },
    { 'src/a.ts': "await db.$executeRawUnsafe('SELECT 1');" },
    { 'src/a.ts': 'await database.prisma.user.findMany();' },
    { 'src/a.ts': 'await prisma.user.findMany();' },
    { 'src/a/b.ts': "import type { User } from '../database/generated/client.ts';" },
    { 'src/a.ts': "import pg from 'pg';" },
  ],
  good: {
    'src/users.store.ts':
      "import type { User } from './database/generated/client.ts'; pool.query('');",
    'src/database/a.ts': "import pg from 'pg'; await prisma.user.findMany();",
    'src/a.ts':
      "import type { Database } from './database/database.ts'; use(request.query, request.query.page);",
  },
};

export const library: Rule = {
  id: 'library',
  title:
    'src/lib knows nothing of the domain: it imports only itself, Node and a few listed packages',
  mend: 'pass in what it needs, or move the file to the room it belongs to',
  check: ({ files }) =>
    files
      .filter(({ path }) => path.startsWith('src/lib/') && isCode(path))
      .flatMap((file) =>
        importsOf(file)
          .filter(({ specifier }) => !isAllowedInLibrary(file, specifier))
          .map(({ node, specifier }) => findingAt(file, node, `imports ${specifier}`)),
      ),
  bad: [
    { 'src/lib/a.ts': "import fastify from 'fastify';" },
    { 'src/lib/a.ts': "import type { FastifyRequest } from 'fastify';" },
    { 'src/lib/a.ts': "import { PrismaClient } from '@prisma/client';" },
    { 'src/lib/a.ts': "import { open } from '../database/database.ts';" },
    { 'src/lib/a.ts': "export * from '../config.ts';" },
    { 'src/lib/a.ts': "const pg = await import('pg');" },
  ],
  good: {
    'src/lib/a.ts':
      "import { b } from './b.ts'; import { isIP } from 'node:net'; import type { Logger } from 'pino';",
    'src/lib/inner/c.ts': "import { a } from '../a.ts';",
  },
};

export const http: Rule = {
  id: 'http',
  title: 'only routes, doors and app.ts use Fastify; others may name its types',
  mend: 'keep HTTP in x.routes.ts or a door, and give the service plain values',
  check: ({ files }) =>
    inSource(files, (path) => !/^src\/(app\.ts$|doors\/)|\.routes\.ts$/.test(path)).flatMap(
      (file) =>
        importsOf(file)
          .filter(({ specifier, isValue }) => isValue && /^(@?fastify(\/|-|$))/.test(specifier))
          .map(({ node, specifier }) => findingAt(file, node, `imports ${specifier}`)),
    ),
  bad: [
    { 'src/a.service.ts': "import fastify from 'fastify';" },
    { 'src/a.service.ts': "import fastify, { type FastifyInstance } from 'fastify';" },
    { 'src/a.service.ts': "import plugin from 'fastify-plugin';" },
    { 'src/a.service.ts': "import '@fastify/cookie';" },
    { 'src/a.service.ts': "export { default } from '@fastify/view';" },
  ],
  good: {
    'src/app.ts': "import fastify from 'fastify';",
    'src/doors/browser.ts': "import cookie from '@fastify/cookie';",
    'src/a/a.routes.ts': "import cookie from '@fastify/cookie';",
    'src/a.service.ts':
      "import type { FastifyRequest } from 'fastify'; import { type FastifyReply } from 'fastify';",
  },
};

function inSource(files: readonly HouseFile[], concerns: (path: string) => boolean): HouseFile[] {
  return files.filter(({ path }) => isSource(path) && concerns(path));
}

function nodes(file: HouseFile, wanted: (node: ts.Node) => boolean): ts.Node[] {
  return [...nodesOf(file)].filter(wanted);
}

/** `object.name`, `object['name']`, or `const { name } = object`, for one of the names. */
function isMember(node: ts.Node, object: string, names: readonly string[]): boolean {
  if (ts.isPropertyAccessExpression(node)) {
    return node.expression.getText() === object && names.includes(node.name.text);
  }
  if (ts.isElementAccessExpression(node)) {
    const { argumentExpression: key } = node;
    return (
      node.expression.getText() === object && ts.isStringLiteral(key) && names.includes(key.text)
    );
  }
  if (!ts.isVariableDeclaration(node) || !ts.isObjectBindingPattern(node.name)) return false;
  const taken = node.name.elements.map((element) =>
    (element.propertyName ?? element.name).getText(),
  );
  return node.initializer?.getText() === object && taken.some((name) => names.includes(name));
}

function asksForTime(node: ts.Node): boolean {
  if (ts.isNewExpression(node) || ts.isCallExpression(node)) {
    return node.expression.getText() === 'Date' && (node.arguments ?? []).length === 0;
  }
  return (
    isMember(node, 'Date', ['now']) ||
    isMember(node, 'performance', ['now']) ||
    isMember(node, 'process', ['hrtime'])
  );
}

function touchesDatabase(node: ts.Node): boolean {
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    if (node.expression.name.text === 'query') return true;
  }
  if (!ts.isPropertyAccessExpression(node)) return false;
  if (/^\$(query|execute)Raw/.test(node.name.text)) return true;
  const owner = node.expression;
  return ts.isPropertyAccessExpression(owner)
    ? owner.name.text === 'prisma'
    : owner.getText() === 'prisma';
}

function isDatabaseModule(specifier: string): boolean {
  return /^(pg|@prisma\/.*)$/.test(specifier) || specifier.includes('/database/generated/');
}

function isAllowedInLibrary(file: HouseFile, specifier: string): boolean {
  if (!specifier.startsWith('.'))
    return /^node:/.test(specifier) || LIB_PACKAGES.includes(specifier);
  return posix.join(posix.dirname(file.path), specifier).startsWith('src/lib/');
}

const firstLine = (node: ts.Node) => node.getText().split('\n')[0]!.slice(0, 60);
