import { createServer, get, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { createEndTogether, createHoldEnd } from '../../src/doors/end-together.ts';

t.test('answers of one turn of the event loop end together, each once', async (t) => {
  const end = createEndTogether();
  const ended: string[] = [];
  const answer = (name: string) => ({ end: () => ended.push(name) }) as unknown as ServerResponse;
  end(answer('a'));
  end(answer('b'));
  await Promise.resolve();
  t.same(ended, [], 'none goes while the turn lasts');
  await turn();
  t.same(ended, ['a', 'b']);
  end(answer('c'));
  await turn();
  t.same(ended, ['a', 'b', 'c'], 'the next turn has its own');
});

t.test('an answer that somebody else ends waits likewise, and ends once', async (t) => {
  const hold = createHoldEnd();
  const ended: unknown[][] = [];
  const answer = (name: string) => {
    const held = { end: (...written: unknown[]) => ended.push([name, ...written]) as unknown };
    hold(held as unknown as ServerResponse);
    return held;
  };
  const [one, other] = [answer('one'), answer('other')];
  t.equal(one.end('body'), one, 'as the answer itself would say');
  one.end('again');
  other.end();
  await Promise.resolve();
  t.same(ended, [], 'none goes while the turn lasts');
  await turn();
  t.same(ended, [['one', 'body'], ['other']]);
  one.end('late');
  await turn();
  t.equal(ended.length, 2);
});

t.test('an end that fails is cut off and holds back no other', async (t) => {
  const hold = createHoldEnd();
  const failure = new TypeError('no such body');
  const cut: unknown[] = [];
  const broken = {
    end: () => {
      throw failure;
    },
    destroy: (error: unknown) => cut.push(error),
  };
  let isEnded = false;
  const whole = {
    end: () => {
      isEnded = true;
    },
  };
  for (const answer of [broken, whole]) hold(answer as unknown as ServerResponse);
  broken.end();
  whole.end();
  await turn();
  t.same(cut, [failure]);
  t.ok(isEnded);
});

t.test('an answer whose caller has gone holds back no other', async (t) => {
  const end = createEndTogether();
  const held: ServerResponse[] = [];
  const both = Promise.withResolvers<void>();
  const server = createServer((_request, answer) => {
    answer.writeHead(200, { 'content-length': '0' });
    if (held.push(answer) === 2) both.resolve();
  }).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const leaver = get(url, { agent: false }).on('error', () => {});
  const stayer = new Promise<number | undefined>((resolve, reject) => {
    get(url, { agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    }).once('error', reject);
  });
  await both.promise;
  const gone = Promise.race(
    held.map((one) => new Promise((resolve) => one.once('close', resolve))),
  );
  leaver.destroy();
  await gone;
  for (const answer of held) end(answer);
  t.equal(await stayer, 200);
});
