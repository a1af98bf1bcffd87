import t from 'tap';
import { readableOnDark } from '../../src/platform/contrast.ts';
import { fillTemplate } from '../../src/platform/dialect.ts';
import { parsePlatform } from '../../src/platform/load.ts';
import { findRoute } from '../../src/platform/routes.ts';
import { suggest } from '../../src/platform/suggest.ts';

const { routes } = parsePlatform(
  `
id: notes
name: Notes
api: { identifier: https://api.notes.example }
scopes:
  s: { title: S, description: S., access: read }
routes:
  - { methods: [GET], path: /v1/* }
  - { methods: [GET], path: /v1/notes/:note }
  - { methods: [GET], path: /v1/notes/* }
  - { methods: [GET], path: /v1/notes/trash }
  - { methods: [POST], path: /v1/notes }
  - { methods: [GET], path: / }
`,
  'test.yaml',
);

const pathFor = (method: string, path: string) => findRoute(routes, method, path)?.route.path;

t.test('the most specific route wins, whatever the order of the file', async (t) => {
  t.equal(pathFor('GET', '/v1/notes/trash'), '/v1/notes/trash');
  t.equal(pathFor('GET', '/v1/notes/1'), '/v1/notes/:note');
  t.equal(pathFor('GET', '/v1/notes/1/history'), '/v1/notes/*');
  t.equal(pathFor('GET', '/v1/notes'), '/v1/notes/*');
  t.equal(pathFor('GET', '/v1/other'), '/v1/*');
  t.equal(pathFor('GET', '/'), '/');
  t.equal(pathFor('HEAD', '/v1/notes/1'), '/v1/notes/:note', 'HEAD goes where GET goes');
  t.equal(pathFor('POST', '/v1/notes'), '/v1/notes');
  t.equal(pathFor('POST', '/v1/notes/1'), undefined);
  t.equal(pathFor('GET', '/v2'), undefined);
});

t.test('a path that an upstream might read differently fits no route', async (t) => {
  t.equal(pathFor('GET', '/v1/notes/1/'), '/v1/notes/:note', 'one trailing slash is nothing');
  for (const path of ['/v1//notes', '/v1/notes/../admin', '/v1/./notes', '/v1/notes//', '//v1']) {
    t.equal(pathFor('GET', path), undefined, path);
  }
});

t.test(
  'paths are compared letter by letter: docs/operations.md says what that asks of an API',
  async (t) => {
    t.equal(pathFor('GET', '/v1/Notes/trash'), '/v1/*');
    t.equal(pathFor('GET', '/v1/notes/trash;a=b'), '/v1/notes/:note');
    t.equal(pathFor('GET', '/v1/notes/trash.json'), '/v1/notes/:note');
    t.equal(pathFor('GET', '/V1/notes/trash'), undefined, 'where no wildcard or parameter stands');
  },
);

t.test('a template keeps numbers, and leaves out what has no value', async (t) => {
  const template = { error: { code: '{code}', wait: '{retry_after}', id: ['{request_id}', 'x'] } };
  t.strictSame(fillTemplate(template, { code: 'X', retry_after: 3 }), {
    error: { code: 'X', wait: 3, id: ['x'] },
  });
  t.equal(fillTemplate('{code}: {limit}!', { code: 'X' }), 'X: !');
});

t.test('suggests what is near, and nothing else', async (t) => {
  t.equal(suggest('acess', ['access', 'scopes']), 'access');
  t.equal(suggest('nmae', ['id', 'name']), 'name');
  t.equal(suggest('wholly', ['id', 'name']), undefined);
});

t.test('makes an accent for dark mode that can be read there', async (t) => {
  t.equal(readableOnDark('#ffffff'), '#ffffff');
  t.match(readableOnDark('#000000'), /^#[0-9a-f]{6}$/);
});
