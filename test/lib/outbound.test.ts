import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import {
  createOutboundFetch,
  isPublicAddress,
  type Resolve,
  resolveByDns,
} from '../../src/lib/outbound.ts';

const PUBLIC = '93.184.215.14';

/** A server of this machine, that counts who comes. */
async function startTarget(answer: RequestListener) {
  let visits = 0;
  const server = createServer((request, response) => {
    visits += 1;
    answer(request, response);
  });
  server.on('connection', () => {
    visits += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, visits: () => visits };
}

const target = await startTarget((_request, response) => response.end('secret'));
const guarded = createOutboundFetch({ allowPrivateTargets: false });
const open = createOutboundFetch({ allowPrivateTargets: true });

/** A resolver that gives each answer once, and then the last again. */
const resolving =
  (...answers: string[][]): Resolve =>
  (_hostname, _options, done) => {
    const addresses = answers.length > 1 ? answers.shift()! : answers[0]!;
    const familyOf = (address: string) => (address.includes(':') ? 6 : 4);
    done(
      null,
      addresses.map((address) => ({ address, family: familyOf(address) })),
    );
  };

/** The reason at the bottom of what fetch throws. */
async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    const { cause, name } = error as Error;
    return cause instanceof Error ? cause.name : name;
  }
}

const SPECIAL = `
  0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.0.0.2
  127.255.255.254 169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1
  192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1
  239.255.255.255 240.0.0.1 255.255.255.255
  :: ::1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::FFFF:10.0.0.1 ::ffff:a9fe:a9fe ::127.0.0.1 ::7f00:1
  64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1:: 3fff::1 5f00::1
  fc00::1 fd12:3456:789a::1 fe80::1 febf::1 fec0::1 ff02::1 0:0:0:0:0:0:0:1 0:0:0:0:0:ffff:7f00:1
`;
const ORDINARY = `
  1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1
  169.253.255.255 169.255.0.1 172.15.255.255 172.32.0.1 192.167.255.255 192.169.0.1 223.255.255.255
  2606:4700::1111 2a00:1450::1 2003::1
`;
const listed = (text: string) => text.trim().split(/\s+/);

t.test('knows public addresses from special ones (RFC 6890)', async (t) => {
  for (const address of listed(SPECIAL)) t.equal(isPublicAddress(address), false, address);
  for (const address of listed(ORDINARY)) t.equal(isPublicAddress(address), true, address);
  for (const text of ['', 'localhost', '127.1', '0x7f000001', '2130706433', '1.1.1.1.', '::1%lo']) {
    t.equal(isPublicAddress(text), false, text);
  }
});

t.test(
  'refuses special addresses in every spelling, before it dials (RFC 9700 §4.14)',
  async (t) => {
    const { port } = target;
    const hosts = `
    127.0.0.1 127.0.0.2 127.1 0x7f.1 0x7f000001 2130706433 0177.0.0.1 127.0.0.1. 0.0.0.0 0
    [::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:7f00:1] [64:ff9b::7f00:1]
    169.254.169.254 [::ffff:169.254.169.254] [fd00:ec2::254] 10.0.0.1 192.168.1.1 172.16.0.1
    1②7.0.0.1 user@127.0.0.1 1.1.1.1@127.0.0.1
  `;
    for (const host of listed(hosts)) {
      const reason = await refusal(guarded(`http://${host}:${port}/`));
      t.equal(reason, 'ForbiddenTargetError', host);
    }
    t.equal(target.visits(), 0);
  },
);

t.test('refuses names that lead to special addresses (RFC 9700 §4.14)', async (t) => {
  const { port } = target;
  for (const name of ['localhost', 'LOCALHOST']) {
    t.equal(await refusal(guarded(`http://${name}:${port}/`)), 'ForbiddenTargetError', name);
  }
  const answers = [['127.0.0.1'], ['::1'], ['169.254.169.254'], ['::ffff:127.0.0.1'], ['10.1.2.3']];
  const mixed = [
    [PUBLIC, '127.0.0.1'],
    ['127.0.0.1', PUBLIC],
    ['::1', PUBLIC],
  ];
  for (const addresses of [...answers, ...mixed]) {
    const resolve = resolving(addresses);
    const fetch = createOutboundFetch({ allowPrivateTargets: false, resolve });
    const reason = await refusal(fetch(`http://rebind.example:${port}/`));
    t.equal(reason, 'ForbiddenTargetError', addresses.join(' '));
  }
  const nothing = createOutboundFetch({ allowPrivateTargets: false, resolve: resolving([]) });
  t.equal(await refusal(nothing('http://rebind.example/')), 'ForbiddenTargetError', 'no address');
  t.equal(target.visits(), 0);
});

t.test('a name that rebinds after the check gains nothing', async (t) => {
  const asked: string[] = [];
  const answers = resolving(['169.254.169.254'], ['10.0.0.1'], ['127.0.0.1']);
  const resolve: Resolve = (hostname, options, done) => {
    asked.push(hostname);
    answers(hostname, options, done);
  };
  const fetch = createOutboundFetch({ allowPrivateTargets: false, resolve });
  for (let visit = 1; visit <= 3; visit += 1) {
    const reason = await refusal(fetch(`http://rebind.example:${target.port}/`));
    t.equal(reason, 'ForbiddenTargetError');
    t.equal(asked.length, visit, 'what is checked is what is dialled: the name is asked once');
  }
  t.equal(target.visits(), 0);
});

t.test('follows no redirect, whoever asks for it', async (t) => {
  const inner = await startTarget((_request, response) => response.end('secret'));
  for (const status of [301, 302, 303, 307, 308]) {
    const redirecting = await startTarget((_request, response) => {
      response.writeHead(status, { location: `http://127.0.0.1:${inner.port}/` }).end();
    });
    for (const redirect of [undefined, 'follow', 'error'] as const) {
      const url = `http://127.0.0.1:${redirecting.port}/`;
      const answer = await open(url, redirect ? { redirect } : {});
      t.equal(answer.status, status);
      t.notOk(answer.ok);
    }
  }
  t.equal(inner.visits(), 0);
});

t.test('a target that is silent is given up', async (t) => {
  const silent = await startTarget(() => {});
  const begun = performance.now();
  t.not(await refusal(open(`http://127.0.0.1:${silent.port}/`)), 'none');
  t.ok(performance.now() - begun < 6000);
});

t.test('an operator may allow private targets', async (t) => {
  const answer = await open(`http://127.0.0.1:${target.port}/`);
  t.equal(await answer.text(), 'secret');
});

t.test('names asked of the name servers are held to the same rule', async (t) => {
  const direct = createOutboundFetch({ allowPrivateTargets: false, resolve: resolveByDns });
  const before = target.visits();
  // A name server says that it is here, or that there is no such name.
  t.not(await refusal(direct(`http://localhost:${target.port}/`)), 'none');
  t.not(await refusal(direct('http://nothing.invalid/')), 'none', 'nor does an unknown name hang');
  t.equal(target.visits(), before);
});
