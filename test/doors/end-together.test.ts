import { createServer, get, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { createEndTogether } from '../../src/doors/end-together.ts';

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
