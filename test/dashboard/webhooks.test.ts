import t, { type Test } from 'tap';
import { loadPlatform } from '../../src/platform/load.ts';
import type { Subscription } from '../../src/webhooks/webhook.ts';
import type { Page } from '../support/user-agent.ts';
import { startReceiver, until } from '../webhooks/house.ts';
import { refusesForgeries } from './attacks.ts';
import { type Developer, formOf, type KeyDesk, openKeyDesk, secretIn } from './key-desk.ts';

type Fields = Record<string, string | string[]>;

const LIST = '/webhooks';
const HOOK: Fields = { url: 'https://hooks.example.com/in/s3cret', which: 'all' };
const SYSTEM = { actor: { kind: 'system' } } as const;

const hooksOf = ({ gatehouse }: KeyDesk, { user }: Developer) =>
  gatehouse.webhooks.subscriptions.list({ organizationId: user.organizationId, limit: 100 });

const add = async (developer: Developer, fields: Fields = {}): Promise<Page> =>
  developer.send(await developer.open(`${LIST}/new`), LIST, { ...HOOK, ...fields });

async function sendTest({ gatehouse }: KeyDesk, hook: Subscription) {
  const sent = await gatehouse.webhooks.subscriptions.test(hook);
  if (sent.outcome !== 'done') throw new Error(sent.outcome);
  return sent.delivery;
}

/** A desk at which somebody has a webhook. */
async function furnished(t: Test, url?: string) {
  const desk = await openKeyDesk(t, { environment: { ALLOW_PRIVATE_TARGETS: '1' } });
  const ada = await desk.owner();
  const secret = secretIn(await add(ada, url ? { url } : {}))!;
  const [hook] = await hooksOf(desk, ada);
  return { desk, ada, secret, hook: hook!, path: `${LIST}/${hook!.id}` };
}

t.test('a webhook is made, its secret shown once, and no log or page has it', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  t.match((await ada.open('')).body, LIST);
  t.match((await ada.open(LIST)).body, 'There is no webhook yet');
  const event = ['workflow.created', 'api_key.leaked', 'api_key.leaked'];
  const answer = await add(ada, { which: 'some', event });
  t.equal(answer.status, 201);
  t.match(answer.headers.get('cache-control'), 'no-store');
  const secret = secretIn(answer)!;
  t.match(secret, /^whsec_/);
  const [hook] = await hooksOf(desk, ada);
  t.match(hook, { url: HOOK.url, events: event.slice(0, 2), status: 'active' });
  for (const path of [LIST, `${LIST}/${hook!.id}`, `${LIST}/${hook!.id}/edit`]) {
    const page = await ada.open(path);
    t.equal(page.status, 200);
    t.match(page.body, 'https://hooks.example.com/in/s3cret');
    t.notOk(page.body.includes(secret));
  }
  t.notOk(desk.gatehouse.logLines.join().includes(secret));
});

t.test('a form makes one webhook, or one secret, sent ten times at once and again', async (t) => {
  const { desk, ada, path } = await furnished(t);
  const form = await ada.open(`${LIST}/new`);
  const page = await ada.open(path);
  const ten = (send: () => Promise<Page>) => Promise.all(Array.from({ length: 10 }, send));
  const made = await ten(() => ada.send(form, LIST, HOOK));
  t.equal(made.filter(secretIn).length, 1);
  t.equal((await hooksOf(desk, ada)).length, 2);
  const rotated = await ten(() => ada.send(page, '/rotate', { overlap: '3600' }));
  t.equal(rotated.filter(secretIn).length, 1);
  const again = await ada.agent.follow(await ada.send(form, LIST, HOOK));
  t.match(again.body, 'That form was sent before');
});

t.test('of many who add webhooks at once, none gets the twenty-first', async (t) => {
  const { desk, ada } = await furnished(t);
  const forms = await Promise.all(Array.from({ length: 22 }, () => ada.open(`${LIST}/new`)));
  const answers = await Promise.all(forms.map((form) => ada.send(form, LIST, HOOK)));
  t.equal(answers.filter(({ status }) => status === 201).length, 19);
  t.equal((await hooksOf(desk, ada)).length, 20);
  const refused = answers.find(({ status }) => status === 422)!;
  t.match(refused.body, 'at most 20 webhooks');
  t.match(refused.body, /role="alert"[^>]* autofocus/);
});

t.test('what is wrong is said beside its field, and what was typed stays', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const wrongs: [Fields, string, string][] = [
    [{ url: '' }, 'url', 'Enter the URL'],
    [{ url: 'https://a.example/\u0000b' }, 'url', 'Enter the URL'],
    [{ url: 'hooks' }, 'url', 'is not an absolute URL'],
    [{ url: 'ftp://a.example' }, 'url', 'must begin with https://'],
    [{ url: 'https://me:pass@a.example' }, 'url', 'must not hold a user or password'],
    [{ url: 'https://127.0.0.1/x' }, 'url', 'is not a public address'],
    [{ url: 'https://169.254.169.254/x' }, 'url', 'is not a public address'],
    [{ url: 'https://[::ffff:127.0.0.1]/x' }, 'url', 'is not a public address'],
    [{ url: `https://a.example/${'x'.repeat(2_048)}` }, 'url', 'at most 2048'],
    [{ which: 'some' }, 'events', 'tick at least one'],
    [{ which: 'none' }, 'events', 'tick at least one'],
    [{ which: 'some', event: ['no.such'] }, 'events', 'tick at least one'],
  ];
  for (const [wrong, field, words] of wrongs) {
    const answer = await add(ada, { event: ['workflow.created'], ...wrong, ...noEvents(wrong) });
    t.equal(answer.status, 422, words);
    t.match(answer.body, words);
    t.match(answer.body, `<a href="#${field}">`);
    t.match(answer.body, /role="alert"[^>]* autofocus/);
    if (field === 'events') t.match(answer.body, HOOK.url as string);
    else t.match(answer.body, 'value="workflow.created" checked');
  }
  t.same(await hooksOf(desk, ada), []);
});

const noEvents = ({ which, event }: Fields): Fields => (which ? { event: event ?? [] } : {});

t.test('a webhook is edited, paused, resumed, rotated with an overlap and deleted', async (t) => {
  const { desk, ada, secret, path } = await furnished(t);
  const edit = await ada.open(`${path}/edit`);
  const changed = { url: 'https://b.example/', which: 'some', event: ['quota.warning'] };
  t.match((await ada.agent.follow(await ada.send(edit, '/edit', changed))).body, 'are saved');
  t.match(await hooksOf(desk, ada), [{ url: changed.url, events: ['quota.warning'] }]);
  t.equal((await ada.send(edit, '/edit', { url: 'x' })).status, 422);
  const paused = await ada.agent.follow(await ada.send(await ada.open(path), '/pause'));
  t.match(paused.body, 'The webhook is paused');
  t.match(await hooksOf(desk, ada), [{ status: 'paused' }]);
  const resumed = await ada.agent.follow(await ada.send(paused, '/resume'));
  t.match(await hooksOf(desk, ada), [{ status: 'active' }]);
  t.equal((await ada.send(resumed, '/rotate', { overlap: '5' })).status, 422);
  const rotated = await ada.send(resumed, '/rotate', { overlap: '86400' });
  t.equal(rotated.status, 200);
  t.match(rotated.body, 'signed with the secret before, too');
  t.not(secretIn(rotated), secret);
  const count = 'SELECT count(*)::int AS count FROM webhook_secrets';
  t.same((await desk.gatehouse.database.pool.query(count)).rows, [{ count: 2 }]);
  const sure = await ada.open(`${path}/delete`);
  t.match(sure.body, 'Delete the webhook to b.example?');
  t.match((await ada.agent.follow(await ada.send(sure, '/delete'))).body, 'webhook is deleted');
  t.equal((await ada.open(path)).status, 404);
});

t.test('a test event arrives, its answer is shown as text, and it is sent again', async (t) => {
  const { url, received } = await startReceiver(t, (_request, response) => {
    response.writeHead(received.length === 1 ? 500 : 200).end('<script>alert(1)</script>');
  });
  const { desk, ada, path } = await furnished(t, url);
  const { worker } = desk.gatehouse.webhooks;
  worker.start();
  t.teardown(() => worker.stop(AbortSignal.timeout(5_000)));
  const sent = await ada.agent.follow(await ada.send(await ada.open(path), '/test'));
  t.match(sent.body, 'A test event is on its way');
  const read = () => ada.agent.get(sent.url);
  await until(async () => (await read()).body.includes('Refused with status 500'), 'the answer');
  const page = await read();
  t.match(page.body, '&lt;script&gt;alert(1)&lt;/script&gt;');
  t.match(page.body, 'Due again');
  t.match(page.body, 'webhook.test');
  const again = await ada.agent.follow(await ada.send(page, '/redeliver'));
  t.match(again.body, 'on its way again');
  await until(async () => (await read()).body.includes('Taken with status 200'), 'the second');
  t.match((await ada.open(path)).body, 'Delivered');
  t.equal(received.length, 2);
  t.equal(received[0]!.headers['webhook-id'], received[1]!.headers['webhook-id'], 'one event');
});

t.test('nothing is sent through a webhook that is paused or disabled, which is said', async (t) => {
  const { desk, ada, hook, path } = await furnished(t);
  const { database, webhooks } = desk.gatehouse;
  const delivery = await sendTest(desk, hook);
  await database.pool.query(
    `UPDATE webhook_deliveries SET status = 'dead', attempts = 11, finished_at = now()`,
  );
  const detail = `${path}/deliveries/${delivery.id}`;
  const [hookPage, deliveryPage] = [await ada.open(path), await ada.open(detail)];
  for (const status of ['paused', 'disabled']) {
    await database.pool.query('UPDATE webhook_subscriptions SET status = $1', [status]);
    const tested = await ada.send(hookPage, '/test');
    const sentAgain = await ada.send(deliveryPage, '/redeliver');
    for (const answer of [tested, sentAgain]) {
      t.equal(answer.status, 409);
      t.match(answer.body, 'Nothing was sent, because the webhook is paused or disabled.');
      t.match(answer.body, /role="alert"[^>]* autofocus/);
    }
    t.match((await ada.open(path)).body, 'Resume the webhook first');
    t.match((await ada.open(detail)).body, 'Resume it first to have this sent again');
    for (const page of [await ada.open(path), await ada.open(detail)])
      t.notOk(page.forms.some(({ action }) => /(test|redeliver)$/.test(action)));
    const filter = { subscriptionId: hook.id, limit: 10 };
    const kept = await webhooks.subscriptions.deliveries(filter);
    t.match(kept, [{ id: delivery.id, status: 'dead', attempts: 11 }]);
    t.equal(kept.length, 1);
  }
  await ada.send(await ada.open(path), '/resume');
  t.equal((await ada.send(await ada.open(detail), '/redeliver')).status, 303);
});

t.test('deliveries are read page by page, and a forged cursor is no page', async (t) => {
  const { desk, ada, hook, path } = await furnished(t);
  for (let count = 0; count < 27; count += 1)
    await desk.gatehouse.webhooks.subscriptions.test(hook);
  const linksIn = ({ body }: Page) => new Set(body.match(/deliveries\/[\w-]{36}/g));
  const first = await ada.open(path);
  t.equal(linksIn(first).size, 25);
  const [, cursor] = /\?cursor=([\w-]+)/.exec(first.body)!;
  const second = await ada.open(`${path}?cursor=${cursor}`);
  t.equal(linksIn(second).size, 2);
  t.equal(new Set([...linksIn(first), ...linksIn(second)]).size, 27);
  t.equal((await ada.open(`${path}?cursor=x'--`)).status, 404);
});

t.test('a neighbour’s webhook is not there, whatever is asked of it', async (t) => {
  const { desk, ada, hook } = await furnished(t);
  const eve = await desk.owner();
  await add(eve);
  const [own] = await hooksOf(desk, eve);
  const delivery = await sendTest(desk, hook);
  const page = await eve.open(`${LIST}/${own!.id}`);
  const test = formOf(page, '/test');
  for (const id of [hook.id, 'x', '%00']) {
    for (const rest of ['', '/edit', '/delete', `/deliveries/${delivery.id}`])
      t.equal((await eve.open(`${LIST}/${id}${rest}`)).status, 404, `${id}${rest}`);
    const again = `deliveries/${delivery.id}/redeliver`;
    for (const verb of ['edit', 'test', 'pause', 'resume', 'rotate', 'delete', again]) {
      const action = test.action.replace(own!.id, id).replace(/test$/, verb);
      const fields = { ...HOOK, url: 'https://evil.example', overlap: '0' };
      const answer = await eve.agent.submit(page, { ...test, action }, fields);
      t.equal(answer.status, 404, `${verb} ${id}`);
    }
  }
  const mixed = `${LIST}/${own!.id}/deliveries/${delivery.id}`;
  t.equal((await eve.open(mixed)).status, 404, 'at a webhook of their own');
  const action = `${test.action.replace(/test$/, '')}deliveries/${delivery.id}/redeliver`;
  t.equal((await eve.agent.submit(page, { ...test, action })).status, 404);
  t.same(await hooksOf(desk, ada), [hook]);
  t.notMatch((await eve.open(LIST)).body, hook.id);
  t.equal((await eve.open(LIST, ada.user.organizationId)).status, 404);
});

t.test('members look on: no form, no path of the URL, no answer of the receiver', async (t) => {
  const { url } = await startReceiver(t, (_request, response) => void response.end('internals'));
  const { desk, ada, path, hook } = await furnished(t, url);
  const { worker } = desk.gatehouse.webhooks;
  worker.start();
  t.teardown(() => worker.stop(AbortSignal.timeout(5_000)));
  const { id } = await sendTest(desk, hook);
  const member = await desk.colleague(ada, 'member');
  const admin = await desk.colleague(ada, 'admin');
  const detail = `${path}/deliveries/${id}`;
  const read = () => member.open(detail);
  await until(async () => (await read()).body.includes('Taken with status 200'), 'the answer');
  t.match((await ada.open(detail)).body, 'internals');
  const pages = await Promise.all([LIST, path, detail].map((each) => member.open(each)));
  for (const page of pages) {
    t.equal(page.status, 200);
    t.notMatch(page.body, '/hooks<');
    t.notMatch(page.body, 'internals');
    t.same(
      page.forms.filter(({ action }) => action.includes(LIST)),
      [],
    );
  }
  for (const closed of [`${LIST}/new`, `${path}/edit`, `${path}/delete`])
    t.equal((await member.open(closed)).status, 403, closed);
  const [list, seen] = pages as [Page, Page, Page];
  const csrf = seen.forms[0]!.fields.find(([name]) => name === '_csrf')!;
  const verbs = ['edit', 'test', 'pause', 'resume', 'rotate', 'delete'];
  const again = `deliveries/${id}/redeliver`;
  for (const action of [list.url, ...[...verbs, again].map((verb) => `${seen.url}/${verb}`)]) {
    const form = { action, method: 'post', fields: [csrf] };
    t.equal((await member.agent.submit(seen, form, { ...HOOK })).status, 403, action);
  }
  t.match(await hooksOf(desk, ada), [{ id: hook.id, url, status: 'active' }]);
  t.equal((await admin.send(await admin.open(path), '/pause')).status, 303);
});

t.test('no form is taken from another site or without its token', async (t) => {
  const { desk, ada, path, hook } = await furnished(t);
  await refusesForgeries(t, ada, { page: `${LIST}/new`, action: LIST });
  await refusesForgeries(t, ada, { page: `${path}/edit`, action: '/edit' });
  await refusesForgeries(t, ada, { page: `${path}/delete`, action: '/delete' });
  for (const action of ['/test', '/pause', '/rotate'])
    await refusesForgeries(t, ada, { page: path, action, fields: { overlap: '0' } });
  t.same(await hooksOf(desk, ada), [hook]);
  const filter = { subscriptionId: hook.id, limit: 10 };
  t.same(await desk.gatehouse.webhooks.subscriptions.deliveries(filter), []);
});

t.test('where the platform has no webhooks there are no such pages', async (t) => {
  const kaie = await loadPlatform('kaie');
  const webhooks = { ...kaie.webhooks, enabled: false };
  const desk = await openKeyDesk(t, { platform: { ...kaie, webhooks } });
  const ada = await desk.owner();
  t.equal((await ada.open(LIST)).status, 404);
  t.notMatch((await ada.open('')).body, LIST);
});

t.test('a webhook that was disabled says so, and goes on when it is resumed', async (t) => {
  const { desk, ada, hook, path } = await furnished(t);
  await desk.gatehouse.database.pool.query(
    "UPDATE webhook_subscriptions SET status = 'disabled', failing_since = created_at",
  );
  const page = await ada.open(path);
  t.match(page.body, 'Mend the receiver, then resume it');
  t.match(page.body, 'Failing since');
  await ada.send(page, '/resume');
  const scope = { organizationId: ada.user.organizationId };
  t.match(await desk.gatehouse.webhooks.subscriptions.find(hook.id, scope), {
    ...{ status: 'active', failingSince: null },
  });
  await desk.gatehouse.webhooks.subscriptions.remove(hook.id, scope, SYSTEM);
  t.equal((await ada.send(page, '/resume')).status, 404, 'deleted meanwhile');
});
