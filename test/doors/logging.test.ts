import fastify from 'fastify';
import t from 'tap';
import { logAnswers, loggerOptions } from '../../src/doors/logging.ts';

const SECRET = 'Xk2_uid-of-a-sign-in';

t.test('no line holds a query or the identifier of a sign-in in progress', async (t) => {
  const lines: string[] = [];
  const app = fastify({
    logger: loggerOptions('info', { write: (line) => void lines.push(line) }),
    disableRequestLogging: true,
  });
  t.teardown(() => app.close());
  logAnswers(app);
  app.get('/interaction/:uid', async () => '');
  app.get('/interaction/:uid/sign-in', async () => '');
  app.get('/invitations/:token', async () => '');
  app.get('/oauth/authorize', async () => '');
  app.get('/oauth/authorize/:uid', async (_request, reply) => {
    reply.hijack();
    reply.raw.end();
  });
  const paths: [path: string, logged: string][] = [
    [`/interaction/${SECRET}?a=${SECRET}`, '/interaction/:uid'],
    [`/interaction/${SECRET}/sign-in`, '/interaction/:uid/sign-in'],
    [`/%69nteraction/${SECRET}`, '/interaction/:uid'],
    [`/interaction/${SECRET}/nowhere`, '/interaction/:uid/nowhere'],
    [`/invitations/${SECRET}?a=${SECRET}`, '/invitations/:token'],
    [`/%69nvitations/${SECRET}`, '/invitations/:token'],
    [`/invitations/${SECRET}/nowhere`, '/invitations/:token/nowhere'],
    [`/oauth/authorize/${SECRET}`, '/oauth/authorize/:uid'],
    [`/oauth/authorize/${SECRET}/nowhere`, '/oauth/authorize/:uid/nowhere'],
    [`/oauth/authorize?request_uri=${SECRET}`, '/oauth/authorize'],
  ];
  for (const [url] of paths) await app.inject(url);
  t.same(
    lines.map((line) => JSON.parse(line).path),
    paths.map(([, logged]) => logged),
  );
  t.notMatch(lines.join(''), SECRET);
});
